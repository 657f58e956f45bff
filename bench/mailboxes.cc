#include "mailboxes.h"

#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/time/clock.h"
#include "client/client.h"
#include "client/transport.h"
#include "crypto/base/encoding.h"
#include "crypto/base/random.h"
#include "crypto/seal/device.h"
#include "crypto/seal/key_file.h"
#include "crypto/seal/seal_envelope.h"
#include "letterlock/mail/v1/session_service.pb.h"
#include "server/config/files.h"

namespace letterlock::bench {
namespace {

using crypto::SecretBuffer;

absl::StatusOr<std::string> OpenSession(const seal::MemberKeys& keys,
                                        client::MailTransport& transport) {
  mail::v1::CreateChallengeRequest ask;
  ask.set_member(std::string(keys.member.bytes()));
  ask.set_device_key(std::string(keys.device.public_key().bytes()));
  mail::v1::CreateChallengeResponse challenge;
  if (auto status = transport.CreateChallenge(ask, &challenge); !status.ok()) return status;
  auto signature = seal::SignSession(keys, transport.server_name(), challenge.challenge());
  if (!signature.ok()) return signature.status();

  mail::v1::CreateSessionRequest request;
  request.set_member(ask.member());
  request.set_device_key(ask.device_key());
  request.set_challenge(challenge.challenge());
  request.set_server_name(transport.server_name());
  request.set_signature(*signature);
  mail::v1::CreateSessionResponse session;
  if (auto status = transport.CreateSession(request, &session); !status.ok()) return status;
  return "Bearer " + crypto::Base64UrlEncode(session.token());
}

absl::StatusOr<BenchMember> MakeMember(const client::Config& config, const std::string& directory,
                                       const std::string& name, client::MailTransport& transport) {
  const auto handle = crypto::Handle::Parse(name);
  if (!handle.ok()) return handle.status();
  const auto passphrase = SecretBuffer::Copy("bench");
  client::Creation creation;
  creation.show_kit = [](const SecretBuffer&) { return absl::OkStatus(); };
  auto account = client::Client::Create(config, directory, *handle, passphrase, creation);
  if (!account.ok()) return account.status();
  auto file = config::ReadFile(directory + "/account.key", seal::kMaxKeyFileSize);
  if (!file.ok()) return file.status();
  auto keys = seal::OpenKeyFile(*file, passphrase);
  if (!keys.ok()) return keys.status();
  auto token = OpenSession(*keys, transport);
  if (!token.ok()) return token.status();
  return BenchMember{*std::move(keys), *std::move(token)};
}

// As a verified directory entry would have her: here the bench made her itself.
seal::Correspondent AsCorrespondent(const seal::MemberKeys& keys) {
  return {keys.handle, keys.identity.public_key(), keys.identity.public_key(),
          keys.encryption.public_key()};
}

}  // namespace

absl::StatusOr<std::vector<BenchMember>> MakeMembers(const client::Config& config,
                                                     const std::string& directory, int count) {
  auto transport = client::ConnectMail(config.mail);
  if (!transport.ok()) return transport.status();
  std::vector<BenchMember> members;
  for (int i = 0; i < count; ++i) {
    const std::string name = "member-" + std::to_string(i);
    auto member = MakeMember(config, directory + "/" + name, name, **transport);
    if (!member.ok()) return member.status();
    members.push_back(*std::move(member));
  }
  return members;
}

absl::StatusOr<std::vector<SealedSend>> SealMessages(const std::vector<BenchMember>& members,
                                                     size_t count, size_t body_bytes) {
  crypto::SystemRandom random;
  std::vector<SealedSend> sends;
  sends.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const size_t sender = i % members.size();
    // Over time each member writes to each other one.
    const size_t step = 1 + (i / members.size()) % (members.size() - 1);
    const size_t recipient = (sender + step) % members.size();

    seal::OutgoingMessage message{.message_id = crypto::MessageId::Random(random),
                                  .thread_id = crypto::ThreadId::Random(random),
                                  .content = {}};
    message.content.subject = SecretBuffer::Copy("bench");
    message.content.body = SecretBuffer::Copy(std::string(body_bytes, 'b'));
    message.content.sent_unix_ms = static_cast<uint64_t>(absl::ToUnixMillis(absl::Now()));
    auto sealed = seal::SealEnvelope(members[sender].keys, AsCorrespondent(members[recipient].keys),
                                     message, random);
    if (!sealed.ok()) return sealed.status();

    SealedSend& send = sends.emplace_back();
    send.sender = sender;
    mail::v1::Envelope* envelope = send.request.mutable_envelope();
    envelope->set_header(std::move(sealed->header));
    envelope->set_recipient_wrap(std::move(sealed->recipient_wrap));
    envelope->set_sender_wrap(std::move(sealed->sender_wrap));
    envelope->set_ciphertext(std::move(sealed->ciphertext));
  }
  return sends;
}

}  // namespace letterlock::bench
