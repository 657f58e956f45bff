#include "served_maild.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/time/clock.h"
#include "attest/trust.h"

namespace letterlock::test {
namespace {

[[noreturn]] void Give(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::abort();
}

}  // namespace

ServedMaild::ServedMaild() : ServedMaild(std::string()) {}

ServedMaild::ServedMaild(const std::string& trust_file) : path_(temporary_ / "mail") {
  const std::string trust = trust_file.empty() ? temporary_ / "trust" : trust_file;
  if (trust_file.empty()) {
    std::ofstream(trust) << attest::FormatTrustFile(directory_.trust_fields()).value();
  }
  const auto made = testing::RunProgram(LETTERLOCK_BIN "/letterlock-mailadmin",
                                        {"init", "--dir", path_, "--trust", trust});
  if (!made.ok() || made->exit_code != 0) Give(made.ok() ? made->output : made.status().ToString());
}

ServedMaild::~ServedMaild() = default;

absl::Status ServedMaild::Start(const std::vector<std::string>& flags) {
  client_ = nullptr;
  daemon_ = nullptr;
  testing::DaemonOptions options;
  options.binary = LETTERLOCK_BIN "/letterlock-maild";
  options.arguments = {
      "--config", path_ + "/maild.toml", "--listen", "127.0.0.1:0",
      // Whatever this kernel has; server/confine's own tests say what it must have.
      "--confinement", "best-effort"};
  // Tests of the rules set their own.
  for (const auto& [flag, value] : {std::pair{"--limits.correspondence", "open"},
                                    {"--limits.sends_per_day", "1000000000"},
                                    {"--limits.sender_share_per_mille", "1000"}}) {
    if (std::find(flags.begin(), flags.end(), flag) != flags.end()) continue;
    options.arguments.insert(options.arguments.end(), {flag, value});
  }
  options.arguments.insert(options.arguments.end(), flags.begin(), flags.end());
  options.port_file = path_ + "/store/port";
  options.log_file = path_ + "/maild.log";
  auto daemon = testing::Daemon::Start(options);
  if (!daemon.ok()) return daemon.status();
  daemon_ = *std::move(daemon);
  auto client = testing::MailClient::Dial(daemon_->address(), ca_file());
  if (!client.ok()) return client.status();
  client_ = *std::move(client);
  return absl::OkStatus();
}

absl::StatusOr<int> ServedMaild::Stop() {
  client_ = nullptr;
  return daemon_->Stop();
}

absl::Status ServedMaild::Enroll(const testing::MailUser& user) {
  testing::PublishIn(directory_, user, absl::Now());
  return client_->Call(testing::EnrollRequestOf(directory_, user)).status();
}

absl::StatusOr<std::vector<mail::v1::MessageSummary>> ServedMaild::ListAll(
    const testing::MailUser& user) {
  auto token = client_->OpenSession(user);
  if (!token.ok()) return token.status();
  std::vector<mail::v1::MessageSummary> all;
  mail::v1::ListRequest request;
  request.set_page_size(200);
  do {
    auto page = client_->Call(request, *token);
    if (!page.ok()) return page.status();
    for (const auto& message : page->messages()) all.push_back(message);
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return all;
}

std::string ServedMaild::LogText() const {
  std::ifstream file(path_ + "/maild.log", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace letterlock::test
