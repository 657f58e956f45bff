#include "mail_user.h"

#include "attest/canonical_proto.h"
#include "crypto/base/bytes.h"
#include "crypto/base/context.h"
#include "crypto/base/hash.h"
#include "crypto/base/random.h"
#include "note_signers.h"

namespace letterlock::testing {

MailUser::MailUser(std::string_view handle, const crypto::DeploymentId& deployment)
    : MailUser(handle, deployment, std::string(handle) + " device") {}

MailUser::MailUser(std::string_view handle, const crypto::DeploymentId& deployment,
                   std::string_view device_name)
    : member(handle, deployment), device(TestKey(device_name)) {}

crypto::MemberId MailUser::id() const {
  return crypto::MemberIdOf(member.deployment, member.identity.public_key(), member.handle);
}

mail::v1::DeviceCertificate MailUser::Certificate() const {
  mail::v1::DeviceCertificate certificate;
  certificate.set_deployment(std::string(member.deployment.bytes()));
  certificate.set_member(std::string(id().bytes()));
  certificate.set_device_key(std::string(device.public_key().bytes()));
  certificate.set_issued_unix_ms(1'700'000'000'000);
  return certificate;
}

MailUser MailUser::WithDevice(std::string_view name) const {
  return MailUser(member.handle.str(), member.deployment, name);
}

void PublishIn(AttestedDirectory& directory, const MailUser& user, absl::Time now) {
  directory::v1::SignedEntry entry = user.member.Sign(user.member.FirstEntry());
  directory.Attest(&entry);
  directory.Put(entry);
  directory.MakeHead(now);
}

void PublishKeyringIn(AttestedDirectory& directory, const MailUser& user,
                      std::string_view sealed_keyring, absl::Time now) {
  const directory::v1::EntryProof newest = directory.Prove(user.member.handle);
  auto next = TestMember::NextEntry(newest.signed_entry().entry());
  next.set_keyring_hash(crypto::ToString(crypto::Sha256(context::kKeyringHash, {sealed_keyring})));
  directory::v1::SignedEntry entry = user.member.Sign(next);
  TestMember::Authorise(&entry, user.member.identity, false);
  directory.Attest(&entry);
  directory.Put(entry);
  directory.MakeHead(now);
}

mail::v1::EnrollRequest EnrollRequestOf(AttestedDirectory& directory, const MailUser& user) {
  return EnrollRequestWith(directory, user, attest::SerializeCanonical(user.Certificate()));
}

mail::v1::EnrollRequest EnrollRequestWith(AttestedDirectory& directory, const MailUser& user,
                                          const std::string& certificate) {
  mail::v1::EnrollRequest request;
  *request.mutable_proof() = directory.Prove(user.member.handle);
  request.set_device_certificate(certificate);
  directory::v1::DirectoryEntry entry;
  entry.ParseFromString(request.proof().signed_entry().entry());
  const bool rotated = entry.identity_key() == user.member.next_identity.public_key().bytes();
  const crypto::SigningKey& identity = rotated ? user.member.next_identity : user.member.identity;
  request.set_device_signature(identity.Sign(context::kDeviceCertificate, {certificate}));
  return request;
}

mail::v1::CreateChallengeRequest ChallengeRequestOf(const MailUser& user) {
  mail::v1::CreateChallengeRequest request;
  request.set_member(std::string(user.id().bytes()));
  request.set_device_key(std::string(user.device.public_key().bytes()));
  return request;
}

namespace {

// Fills in what a session's request and a recovery's have in common.
template <typename Request>
void Answer(const MailUser& user, const crypto::SigningKey& key, std::string_view context,
            std::string_view challenge, std::string_view server_name, Request* request) {
  request->set_member(std::string(user.id().bytes()));
  request->set_challenge(std::string(challenge));
  request->set_server_name(std::string(server_name));
  const std::string names =
      crypto::ByteWriter().Field("letterlock-maild").Field(server_name).Take();
  request->set_signature(
      key.Sign(context, {user.member.deployment.bytes(), names, request->member(),
                         key.public_key().bytes(), request->challenge()}));
}

}  // namespace

mail::v1::CreateSessionRequest SessionRequestOf(const MailUser& user, std::string_view challenge,
                                                std::string_view server_name) {
  mail::v1::CreateSessionRequest request;
  request.set_device_key(std::string(user.device.public_key().bytes()));
  Answer(user, user.device, context::kSession, challenge, server_name, &request);
  return request;
}

mail::v1::CreateChallengeRequest RecoveryChallengeRequestOf(const MailUser& user) {
  mail::v1::CreateChallengeRequest request;
  request.set_member(std::string(user.id().bytes()));
  request.set_device_key(std::string(user.member.recovery.public_key().bytes()));
  return request;
}

mail::v1::RecoverKeyringRequest RecoverRequestOf(const MailUser& user, std::string_view challenge,
                                                 std::string_view server_name) {
  mail::v1::RecoverKeyringRequest request;
  request.set_recovery_key(std::string(user.member.recovery.public_key().bytes()));
  Answer(user, user.member.recovery, context::kRecoverySession, challenge, server_name, &request);
  return request;
}

std::string SealedKeyring(std::string_view content, std::size_t size) {
  std::string sealed = std::string("LLKRING1").append(content);
  sealed.resize(size, '.');
  return sealed;
}

mail::v1::Envelope EnvelopeOf(const MailUser& from, const MailUser& to, const crypto::MessageId& id,
                              std::string_view content, std::uint32_t padded_length) {
  const auto key_id = [](const auto& key) { return std::string(crypto::KeyIdOf(key).bytes()); };
  mail::v1::EnvelopeHeader header;
  header.set_deployment(std::string(from.member.deployment.bytes()));
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
  mail::v1::Envelope envelope;
  envelope.set_header(attest::SerializeCanonical(header));
  envelope.set_recipient_wrap(std::string(80, 'r'));
  envelope.set_sender_wrap(std::string(80, 's'));
  std::string ciphertext(content);
  ciphertext.resize(padded_length + 16, '.');
  envelope.set_ciphertext(ciphertext);
  return envelope;
}

void EditHeader(mail::v1::Envelope* envelope,
                const std::function<void(mail::v1::EnvelopeHeader&)>& change) {
  mail::v1::EnvelopeHeader header;
  header.ParseFromString(envelope->header());
  change(header);
  envelope->set_header(attest::SerializeCanonical(header));
}

crypto::MessageId FreshMessageId() {
  crypto::SystemRandom random;
  return crypto::MessageId::Random(random);
}

}  // namespace letterlock::testing
