// The mail server's parts behind its real gRPC stack, with TLS, on a store in memory that a test
// can compare; in this process, so that what it logs can be read.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "mail_world.h"
#include "server/mail/api/services.h"
#include "server/rpc/server.h"
#include "support/fake_engine.h"
#include "support/mail_client.h"
#include "support/temporary_directory.h"

namespace letterlock::mail {

class ServedMail {
 public:
  explicit ServedMail(const Watches::Options& watches = {});
  ~ServedMail();

  // The server drains. What members hold open ends.
  void StopServing();

  testing::MailClient& client() { return *client_; }
  // Opens a session over the wire.
  std::string TokenOf(const TestUser& user) { return client_->OpenSession(user).value(); }

  const std::string& address() const { return runner_->address(); }
  const std::string& ca_file() const { return ca_file_; }

  // All rows of the store.
  std::map<std::string, std::map<engine::RowKey, std::string>> Store();
  // Returns when no message is on its way any more: answers come before the last step.
  void WaitUntilSettled();
  std::vector<std::string> LogLines();

  static constexpr std::size_t kMaxRequestBytes = 256 * 1024;
  // Of the member who is the abuse desk, once a test adds her.
  static constexpr char kDeskHandle[] = "bartholomew";

 private:
  const std::shared_ptr<testing::FakeStorage> storage_ = std::make_shared<testing::FakeStorage>();
  test::TemporaryDirectory directory_;
  absl::Mutex log_mu_;
  std::vector<std::string> log_ ABSL_GUARDED_BY(log_mu_);

 public:
  MailWorld world;

 private:
  std::unique_ptr<rpc::WorkerPool> pool_;
  std::unique_ptr<TokenAuthenticator> authenticator_;
  std::vector<std::unique_ptr<rpc::Service>> services_;
  std::unique_ptr<rpc::ServerRunner> runner_;
  std::unique_ptr<testing::MailClient> client_;
  std::string ca_file_;
};

}  // namespace letterlock::mail
