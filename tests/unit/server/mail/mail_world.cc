#include "mail_world.h"

#include <utility>

#include "absl/synchronization/notification.h"
#include "engine/rocksdb/rocksdb_engine.h"

namespace letterlock::mail {

TestEpoch::TestEpoch(char fill, std::uint32_t epoch)
    : key_{epoch, crypto::LockedSecret<32>::Create(
                      crypto::SecretBytes<32>::FromBytes(std::string(32, fill)).value())
                      .value()} {}

MailWorld::MailWorld(OpenEngine open, Quota quota, Limits limits)
    : trust(directory.trust()), open_(std::move(open)), quota_(quota), limits_(limits) {
  Start();
}

Limits MailWorld::NoRules() {
  Limits limits;
  limits.correspondence = Correspondence::kOpen;
  limits.sender_share_per_mille = 1000;
  limits.sends_per_day = 1'000'000'000;
  return limits;
}

MailWorld::~MailWorld() { Stop(); }

void MailWorld::Start() {
  engine = open_();
  ring = KeyRing::Open(*engine, trust.deployment(), epoch, 1024).value();
  mailboxes = Mailboxes::Create(*engine, *ring, 512).value();
  tokens = SessionTokens::Create(trust.deployment(), clock, random).value();
  sessions = std::make_unique<Sessions>(trust.deployment(), std::vector<std::string>{"localhost"},
                                        *tokens, *mailboxes);
  verifier = std::make_unique<EnrollmentVerifier>(trust, clock);
  background = std::make_unique<rpc::WorkerPool>(
      rpc::WorkerPool::Options{.threads = 2, .queue = 4096, .name = "background"});
  attachments = std::make_unique<Attachments>(Attachments::Options{.quota_bytes = quota_.bytes},
                                              *mailboxes, clock);
  sender = std::make_unique<Sender>(Sender::Options{.deployment = trust.deployment(),
                                                    .quota = quota_,
                                                    .limits = limits_,
                                                    .attachments = attachments.get()},
                                    *engine, *mailboxes, clock, *background);
  changes = std::make_unique<Changes>(Changes::Options{.attachments = attachments.get()}, clock);
  watches = std::make_unique<Watches>(watch_options, *mailboxes, clock, random);
  fetches = std::make_unique<Fetches>(Fetches::Options(), *mailboxes);
  importer = std::make_unique<Importer>(
      Importer::Options{.deployment = trust.deployment(), .quota = quota_}, *mailboxes, clock);
  contacts = std::make_unique<Contacts>(Contacts::Options{.quota = quota_, .limits = limits_},
                                        *mailboxes, clock);
  reports = std::make_unique<Reports>(Reports::Options{.rules = report_rules, .desk = desk},
                                      *mailboxes, clock);
  devices = std::make_unique<DeviceRegistry>(*mailboxes);
}

void MailWorld::Stop() {
  if (attachments != nullptr) attachments->Drain();
  if (background != nullptr) background->Drain();
  engine.reset();
  sender.reset();
  attachments.reset();
  contacts.reset();
  reports.reset();
  devices.reset();
  background.reset();
  sessions.reset();
  tokens.reset();
  mailboxes.reset();
  ring.reset();
}

void MailWorld::Restart() {
  Stop();
  Start();
}

TestUser& MailWorld::AddUser(std::string_view handle) {
  auto user = std::make_unique<TestUser>(handle, directory.deployment());
  PublishIn(directory, *user, clock.Now());
  return *(users_[std::string(handle)] = std::move(user));
}

absl::StatusOr<Enrolled> MailWorld::Enroll(const v1::EnrollRequest& request) {
  auto grant = verifier->Verify(request);
  if (!grant.ok()) return grant.status();
  return mailboxes->Enroll(*grant, Soon());
}

TestUser& MailWorld::AddMember(std::string_view handle) {
  TestUser& user = AddUser(handle);
  Enroll(EnrollRequestOf(directory, user)).value();
  return user;
}

v1::CreateSessionRequest MailWorld::SessionRequestOf(const TestUser& user) {
  const auto challenge = sessions->CreateChallenge(testing::ChallengeRequestOf(user)).value();
  return testing::SessionRequestOf(user, challenge.challenge());
}

v1::RecoverKeyringRequest MailWorld::RecoverRequestOf(const TestUser& user) {
  const auto challenge =
      sessions->CreateChallenge(testing::RecoveryChallengeRequestOf(user)).value();
  return testing::RecoverRequestOf(user, challenge.challenge());
}

MemberGrant MailWorld::GrantOf(const TestUser& user) {
  const auto token = tokens->MakeToken(user.id(), crypto::KeyIdOf(user.device.public_key()));
  return tokens->CheckToken(token.bytes).value();
}

absl::StatusOr<SendResult> MailWorld::Send(const TestUser& from, const v1::Envelope& envelope,
                                           absl::Duration patience,
                                           const std::vector<crypto::Digest>& attached) {
  absl::Notification answered;
  absl::StatusOr<SendResult> result;
  sender->Send(GrantOf(from), envelope, attached, absl::Now() + patience,
               [&](absl::StatusOr<SendResult> answer) {
                 result = std::move(answer);
                 answered.Notify();
               });
  answered.WaitForNotification();
  return result;
}

Mailbox MailWorld::MailboxOf(const TestUser& user) {
  return mailboxes->Open(GrantOf(user), Soon()).value();
}

std::vector<v1::MessageSummary> MailWorld::ListAll(const TestUser& user, v1::Folder folder) {
  const Mailbox mailbox = MailboxOf(user);
  std::vector<v1::MessageSummary> all;
  std::string token;
  do {
    Mailbox::Listing page = mailbox.List(folder, 200, token, Soon()).value();
    for (v1::MessageSummary& message : page.messages) all.push_back(std::move(message));
    token = page.next_page_token;
  } while (!token.empty());
  return all;
}

v1::MailboxMessage MailWorld::GetOne(const TestUser& owner, const crypto::MemberId& from,
                                     const crypto::MessageId& id) {
  return MailboxOf(owner).Get({{from, id}}, Soon()).value().at(0);
}

MailWorld::OpenEngine RocksDbIn(const std::string& directory) {
  return [directory]() -> std::unique_ptr<engine::Engine> {
    engine::RocksDbOptions options;
    options.directory = directory;
    options.block_cache_bytes = std::size_t{8} << 20;
    return engine::RocksDbEngine::Open(options).value();
  };
}

}  // namespace letterlock::mail
