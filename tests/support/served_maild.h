// A mail plane made by letterlock-mailadmin and served by letterlock-maild: the real programs, for
// members of an honest directory that lives in the test.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "letterlock/mail/v1/mailbox.pb.h"
#include "support/attested_directory.h"
#include "support/daemon.h"
#include "support/mail_client.h"
#include "support/mail_user.h"
#include "support/temporary_directory.h"

namespace letterlock::test {

// Not thread-safe, but for client() while the daemon runs.
class ServedMaild {
 public:
  // Runs `letterlock-mailadmin init` for members of directory(). Aborts where that fails.
  ServedMaild();
  // The same for those of another one: its trust file. directory() stays empty then.
  explicit ServedMaild(const std::string& trust_file);
  ~ServedMaild();

  // Starts the daemon with these flags besides its configuration, and connects. Everybody may write
  // as much as she likes to everybody, unless the flags say otherwise.
  absl::Status Start(const std::vector<std::string>& flags = {});
  testing::Daemon& daemon() { return *daemon_; }
  // Hangs up, and ends the daemon by SIGTERM: its exit code.
  absl::StatusOr<int> Stop();

  testing::MailClient& client() { return *client_; }
  testing::AttestedDirectory& directory() { return directory_; }

  const crypto::DeploymentId& deployment() const { return directory_.deployment(); }
  // Puts her into the directory, under a fresh head, and carries the proof to the daemon.
  absl::Status Enroll(const testing::MailUser& user);
  // All messages of her mailbox, newest first.
  absl::StatusOr<std::vector<mail::v1::MessageSummary>> ListAll(const testing::MailUser& user);

  const std::string& path() const { return path_; }
  std::string ca_file() const { return path_ + "/client/mail-ca.pem"; }
  std::string LogText() const;  // what the daemon has written so far

 private:
  TemporaryDirectory temporary_;
  const std::string path_;
  testing::AttestedDirectory directory_;
  std::unique_ptr<testing::Daemon> daemon_;
  std::unique_ptr<testing::MailClient> client_;
};

}  // namespace letterlock::test
