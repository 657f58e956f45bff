#include "rig.h"

#include <filesystem>
#include <utility>
#include <vector>

#include "server/tls/credentials.h"
#include "support/daemon.h"
#include "support/temporary_directory.h"

namespace letterlock::bench {
namespace {

using testing::Daemon;
using testing::DaemonOptions;

class RunningRig final : public Rig {
 public:
  explicit RunningRig(std::string binaries) : binaries_(std::move(binaries)) {}

  absl::Status Start() {
    if (auto status = MakePublicPlane(); !status.ok()) return status;
    if (auto status = MakeMailPlane(); !status.ok()) return status;
    return StartEcho();
  }

  const std::string& folder() const override { return folder_.path(); }
  const client::Config& config() const override { return config_; }
  const Target& echo() const override { return echo_target_; }
  const Target& mail() const override { return mail_target_; }

 private:
  absl::Status MakePublicPlane() {
    if (auto status = Run("letterlock-admin",
                          {"init", "--dir", folder_ / "public", "--origin", "bench.example/log",
                           "--name", "localhost", "--listen", "127.0.0.1:0", "--development"});
        !status.ok()) {
      return status;
    }
    return Serve("letterlock-directoryd", {"--config", folder_ / "public/directoryd.toml"},
                 &directory_);
  }

  absl::Status MakeMailPlane() {
    if (auto status = Run(
            "letterlock-mailadmin",
            {"init", "--dir", folder_ / "private", "--trust", folder_ / "public/trust.txt",
             "--name", "localhost", "--listen", "127.0.0.1:0", "--directory", directory_->address(),
             "--directory-ca", folder_ / "public/ca.pem", "--directory-name", "localhost"});
        !status.ok()) {
      return status;
    }
    if (auto status = Serve("letterlock-maild",
                            {"--config", folder_ / "private/maild.toml",
                             // Load is no correspondence: what is measured is the way of a message.
                             "--limits.correspondence", "open", "--limits.sends_per_day",
                             "1000000000", "--limits.sender_share_per_mille", "1000"},
                            &maild_);
        !status.ok()) {
      return status;
    }
    auto config = client::Config::Load(folder_ / "private/client/client.toml");
    if (!config.ok()) return config.status();
    config_ = *std::move(config);
    config_.mail.address = maild_->address();
    return Connect(*maild_, &mail_target_);
  }

  absl::Status StartEcho() {
    if (auto status = Serve(std::filesystem::read_symlink("/proc/self/exe"),
                            {"--serve-echo", "--certificate", folder_ / "private/tls/server.pem",
                             "--key", folder_ / "private/tls/server.key"},
                            &echo_);
        !status.ok()) {
      return status;
    }
    return Connect(*echo_, &echo_target_);
  }

  absl::Status Connect(const Daemon& daemon, Target* target) {
    tls::ChannelOptions options;
    options.address = daemon.address();
    options.server_name = config_.mail.server_name;
    options.ca_file = config_.mail.ca_file;
    auto channel = tls::MakeChannel(options);
    if (!channel.ok()) return channel.status();
    *target = {*std::move(channel), daemon.pid()};
    return absl::OkStatus();
  }

  std::string PathOf(const std::string& program) const {
    return program.front() == '/' ? program : binaries_ + "/" + program;
  }

  absl::Status Run(const std::string& program, const std::vector<std::string>& arguments) {
    auto result = testing::RunProgram(PathOf(program), arguments);
    if (!result.ok()) return result.status();
    if (result->exit_code != 0) return absl::InternalError(program + ":\n" + result->output);
    return absl::OkStatus();
  }

  absl::Status Serve(const std::string& program, const std::vector<std::string>& arguments,
                     std::unique_ptr<Daemon>* daemon) {
    const std::string name = std::filesystem::path(program).filename();
    DaemonOptions options;
    options.binary = PathOf(program);
    options.arguments = arguments;
    options.port_file = folder_ / (name + ".port");
    options.log_file = folder_ / (name + ".log");
    auto started = Daemon::Start(options);
    if (!started.ok()) return started.status();
    *daemon = *std::move(started);
    return absl::OkStatus();
  }

  const std::string binaries_;
  const test::TemporaryDirectory folder_;  // outlives the daemons
  std::unique_ptr<Daemon> directory_;
  std::unique_ptr<Daemon> maild_;
  std::unique_ptr<Daemon> echo_;
  client::Config config_;
  Target mail_target_;
  Target echo_target_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Rig>> Rig::Start(const std::string& binaries) {
  auto rig = std::make_unique<RunningRig>(binaries);
  if (auto status = rig->Start(); !status.ok()) return status;
  return rig;
}

}  // namespace letterlock::bench
