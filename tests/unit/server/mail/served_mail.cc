#include "served_mail.h"

#include "absl/time/clock.h"
#include "server/mail/mailbox/rows.h"
#include "server/tls/credentials.h"
#include "support/tls_files.h"

namespace letterlock::mail {

ServedMail::ServedMail(const Watches::Options& watches)
    : world([this] {
        return std::make_unique<testing::FakeEngine>(
            storage_, testing::FakeEngineOptions{.own_thread = true});
      }) {
  world.watch_options = watches;
  world.desk = TestUser(kDeskHandle, world.directory.deployment()).id();
  world.Restart();
  const rpc::Logger logger = rpc::Logger::To(rpc::LogLevel::kDebug, [this](std::string_view line) {
    absl::MutexLock lock(&log_mu_);
    log_.emplace_back(line);
  });
  pool_ = std::make_unique<rpc::WorkerPool>(rpc::WorkerPool::Options{.threads = 2});
  authenticator_ = std::make_unique<TokenAuthenticator>(*world.tokens);
  services_ = MakeServices({.mailboxes = world.mailboxes.get(),
                            .sender = world.sender.get(),
                            .changes = world.changes.get(),
                            .watches = world.watches.get(),
                            .fetches = world.fetches.get(),
                            .importer = world.importer.get(),
                            .contacts = world.contacts.get(),
                            .reports = world.reports.get(),
                            .devices = world.devices.get(),
                            .sessions = world.sessions.get(),
                            .authenticator = authenticator_.get(),
                            .enrollment = world.verifier.get(),
                            .attachments = world.attachments.get()},
                           {.pool = pool_.get(), .logger = logger});
  const test::TlsFiles files = test::MakeTlsFiles(directory_.path());
  rpc::ServerOptions options;
  options.credentials = tls::MakeServerCredentials({.certificate_file = files.certificate_file,
                                                    .key_file = files.key_file})
                            .value();
  ca_file_ = files.ca_file;
  options.max_request_bytes = kMaxRequestBytes;
  std::vector<rpc::Service*> bound;
  for (const auto& service : services_) bound.push_back(service.get());
  runner_ = rpc::ServerRunner::Start(options, bound, logger).value();
  client_ = testing::MailClient::Dial(runner_->address(), files.ca_file).value();
}

ServedMail::~ServedMail() {
  client_.reset();
  StopServing();
  runner_.reset();
  world.Stop();
}

void ServedMail::StopServing() {
  runner_->Stop();
  pool_->Drain();
}

std::map<std::string, std::map<engine::RowKey, std::string>> ServedMail::Store() {
  std::map<std::string, std::map<engine::RowKey, std::string>> store;
  absl::MutexLock lock(&storage_->mu);
  for (const auto& [tag, partition] : storage_->partitions) {
    store[std::string(tag.bytes())] = partition.rows;
  }
  return store;
}

void ServedMail::WaitUntilSettled() {
  const auto waits = [this] {
    for (const auto& [tag, rows] : Store()) {
      for (const auto& [key, value] : rows) {
        if (key.table == table::kOutbox) return true;
      }
    }
    return false;
  };
  while (waits()) absl::SleepFor(absl::Milliseconds(1));
}

std::vector<std::string> ServedMail::LogLines() {
  absl::MutexLock lock(&log_mu_);
  return log_;
}

}  // namespace letterlock::mail
