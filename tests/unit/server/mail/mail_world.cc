#include "mail_world.h"

#include <utility>

#include "absl/synchronization/notification.h"
#include "attest/canonical_proto.h"
#include "crypto/base/bytes.h"
#include "crypto/base/context.h"
#include "crypto/base/random.h"
#include "engine/rocksdb/rocksdb_engine.h"
#include "support/note_signers.h"

namespace letterlock::mail {

using testing::TestKey;

TestEpoch::TestEpoch(char fill, std::uint32_t epoch)
    : key_{epoch, crypto::LockedSecret<32>::Create(
                      crypto::SecretBytes<32>::FromBytes(std::string(32, fill)).value())
                      .value()} {}

TestUser::TestUser(std::string_view handle, const crypto::DeploymentId& deployment)
    : member(handle, deployment), device(TestKey(std::string(handle) + " device")) {}

crypto::MemberId TestUser::id() const {
  return crypto::MemberIdOf(member.deployment, member.identity.public_key(), member.handle);
}

v1::DeviceCertificate TestUser::Certificate() const {
  v1::DeviceCertificate certificate;
  certificate.set_deployment(std::string(member.deployment.bytes()));
  certificate.set_member(std::string(id().bytes()));
  certificate.set_device_key(std::string(device.public_key().bytes()));
  certificate.set_issued_unix_ms(1'700'000'000'000);
  return certificate;
}

MailWorld::MailWorld(OpenEngine open, Quota quota)
    : trust(directory.trust()), open_(std::move(open)), quota_(quota) {
  Start();
}

MailWorld::~MailWorld() { Stop(); }

void MailWorld::Start() {
  engine = open_();
  ring = KeyRing::Open(*engine, trust.deployment(), epoch, 1024).value();
  mailboxes = Mailboxes::Create(*engine, *ring, 512).value();
  tokens = SessionTokens::Create(trust.deployment(), clock).value();
  sessions = std::make_unique<Sessions>(trust.deployment(), std::vector<std::string>{"localhost"},
                                        *tokens, *mailboxes);
  verifier = std::make_unique<EnrollmentVerifier>(trust, clock);
  background = std::make_unique<rpc::WorkerPool>(
      rpc::WorkerPool::Options{.threads = 2, .queue = 4096, .name = "background"});
  sender =
      std::make_unique<Sender>(Sender::Options{.deployment = trust.deployment(), .quota = quota_},
                               *engine, *mailboxes, clock, *background);
}

void MailWorld::Stop() {
  if (background != nullptr) background->Drain();
  engine.reset();
  sender.reset();
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
  auto entry = user->member.Sign(user->member.FirstEntry());
  directory.Attest(&entry);
  directory.Put(entry);
  directory.MakeHead(clock.Now());
  return *(users_[std::string(handle)] = std::move(user));
}

v1::EnrollRequest MailWorld::EnrollRequestOf(const TestUser& user) {
  v1::EnrollRequest request;
  *request.mutable_proof() = directory.Prove(user.member.handle);
  request.set_device_certificate(attest::SerializeCanonical(user.Certificate()));
  directory::v1::DirectoryEntry entry;
  entry.ParseFromString(request.proof().signed_entry().entry());
  const bool rotated = entry.identity_key() == user.member.next_identity.public_key().bytes();
  const crypto::SigningKey& identity = rotated ? user.member.next_identity : user.member.identity;
  request.set_device_signature(
      identity.Sign(context::kDeviceCertificate, {request.device_certificate()}));
  return request;
}

absl::StatusOr<Enrolled> MailWorld::Enroll(const v1::EnrollRequest& request) {
  auto grant = verifier->Verify(request);
  if (!grant.ok()) return grant.status();
  return mailboxes->Enroll(*grant, Soon());
}

TestUser& MailWorld::AddMember(std::string_view handle) {
  TestUser& user = AddUser(handle);
  Enroll(EnrollRequestOf(user)).value();
  return user;
}

v1::CreateSessionRequest MailWorld::SessionRequestOf(const TestUser& user) {
  v1::CreateChallengeRequest ask;
  ask.set_member(std::string(user.id().bytes()));
  ask.set_device_key(std::string(user.device.public_key().bytes()));
  v1::CreateSessionRequest request;
  request.set_member(ask.member());
  request.set_device_key(ask.device_key());
  request.set_challenge(sessions->CreateChallenge(ask)->challenge());
  request.set_server_name("localhost");
  const std::string names =
      crypto::ByteWriter().Field("letterlock-maild").Field(request.server_name()).Take();
  request.set_signature(
      user.device.Sign(context::kSession, {trust.deployment().bytes(), names, request.member(),
                                           request.device_key(), request.challenge()}));
  return request;
}

MemberGrant MailWorld::GrantOf(const TestUser& user) {
  const auto token = tokens->MakeToken(user.id(), crypto::KeyIdOf(user.device.public_key()));
  return tokens->CheckToken(token.bytes).value();
}

crypto::MessageId MailWorld::FreshId() {
  crypto::SystemRandom random;
  return crypto::MessageId::Random(random);
}

v1::Envelope MailWorld::EnvelopeOf(const TestUser& from, const TestUser& to,
                                   const crypto::MessageId& id, std::string_view content,
                                   std::uint32_t padded_length) {
  const auto key_id = [](const auto& key) { return std::string(crypto::KeyIdOf(key).bytes()); };
  v1::EnvelopeHeader header;
  header.set_deployment(std::string(trust.deployment().bytes()));
  header.set_suite(1);
  header.set_message_id(std::string(id.bytes()));
  header.set_thread_id(std::string(id.bytes()));
  header.set_sender(std::string(from.id().bytes()));
  header.set_sender_identity_key_id(key_id(from.member.identity.public_key()));
  header.set_sender_encryption_key_id(key_id(from.member.encryption.public_key()));
  header.set_recipient(std::string(to.id().bytes()));
  header.set_recipient_encryption_key_id(key_id(to.member.encryption.public_key()));
  header.set_nonce(std::string(24, 'n'));
  header.set_padded_length(padded_length);
  header.set_commitment(std::string(32, 'c'));
  v1::Envelope envelope;
  envelope.set_header(attest::SerializeCanonical(header));
  envelope.set_recipient_wrap(std::string(80, 'r'));
  envelope.set_sender_wrap(std::string(80, 's'));
  std::string ciphertext(content);
  ciphertext.resize(padded_length + 16, '.');
  envelope.set_ciphertext(ciphertext);
  return envelope;
}

absl::StatusOr<SendResult> MailWorld::Send(const TestUser& from, const v1::Envelope& envelope,
                                           absl::Duration patience) {
  absl::Notification answered;
  absl::StatusOr<SendResult> result;
  sender->Send(GrantOf(from), envelope, absl::Now() + patience,
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

void EditHeader(v1::Envelope* envelope, const std::function<void(v1::EnvelopeHeader&)>& change) {
  v1::EnvelopeHeader header;
  header.ParseFromString(envelope->header());
  change(header);
  envelope->set_header(attest::SerializeCanonical(header));
}

}  // namespace letterlock::mail
