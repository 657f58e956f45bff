#include "log_commands.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "attest/trust.h"
#include "log_audit.h"
#include "log_files/folder_files.h"
#include "server/config/files.h"

namespace letterlock::audit {
namespace {

struct Flags {
  std::string folder;
  std::string trust_file;
  std::string since_file;
  bool json = false;
};

absl::Status VerifyLog(const Flags& flags) {
  const auto text = config::ReadTrustedFile(flags.trust_file, attest::WitnessPolicy::kMaxSize);
  if (!text.ok()) return text.status();
  const auto trust = attest::TrustFile::Parse(*text);
  if (!trust.ok()) return trust.status();
  std::optional<std::string> earlier;
  if (!flags.since_file.empty()) {
    auto note = config::ReadFile(flags.since_file, attest::kMaxNoteSize);
    if (!note.ok()) return note.status();
    earlier = *std::move(note);
  }
  const auto claims = AuditLog(log_files::FolderFiles(flags.folder), *trust, earlier);
  if (!claims.ok()) return claims.status();
  std::fputs((flags.json ? ClaimsJson(*claims) : ClaimsText(*claims)).c_str(), stdout);
  if (trust->development() && !flags.json) {
    std::fputs("SELF-REGISTERED: nobody vouches for who holds a handle\n", stdout);
  }
  return Holds(*claims) ? absl::OkStatus()
                        : absl::DataLossError("the log is not what the trust file expects");
}

}  // namespace

void AddLogCommands(CLI::App& app, const std::function<void(absl::Status)>& ended) {
  auto flags = std::make_shared<Flags>();
  CLI::App* const log = app.add_subcommand("log", "check a transparency log");
  log->require_subcommand(1);
  CLI::App* const verify = log->add_subcommand(
      "verify", "check all of a log in a folder: directoryd's, or a mirror of what it serves");
  verify->add_option("DIR", flags->folder, "the folder with `checkpoint` and `tile/`")->required();
  verify->add_option("--trust", flags->trust_file, "the deployment's trust file")->required();
  verify->add_option("--since", flags->since_file, "a checkpoint that was kept from before");
  verify->add_flag("--json", flags->json, "machine-readable");
  verify->callback([flags, ended] { ended(VerifyLog(*flags)); });
}

}  // namespace letterlock::audit
