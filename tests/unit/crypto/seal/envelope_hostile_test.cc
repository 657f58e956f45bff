// Envelopes that an honest client never makes, made by a sender who holds her keys and can compute
// whatever she likes: each must be refused.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "canonical.h"
#include "content_codec.h"
#include "crypto/base/aead.h"
#include "crypto/base/bytes.h"
#include "crypto/base/context.h"
#include "crypto/base/strings.h"
#include "crypto/seal/envelope_header.h"
#include "letterlock/mail/v1/envelope.pb.h"
#include "people.h"
#include "wrap.h"

namespace letterlock::seal {
namespace {

using crypto::AsView;
using crypto::KeyAccess;
using crypto::SecretBytes;
using crypto::SystemRandom;
using Aead = crypto::XChaCha20Poly1305;

class HostileEnvelope : public ::testing::Test {
 protected:
  // All that a forger may change; what she leaves is as it should be.
  struct Plan {
    std::function<void(EnvelopeHeader*)> header = [](EnvelopeHeader*) {};
    std::function<std::string(const std::string&)> header_bytes = [](const std::string& b) {
      return b;
    };
    std::function<void(mail::v1::Content*)> content = [](mail::v1::Content*) {};
    std::function<std::string(const std::string&)> content_bytes = [](const std::string& b) {
      return b;
    };
    std::function<std::string(std::string)> signature = [](std::string s) { return s; };
    std::function<std::string(std::string)> signed_bytes = [](std::string s) { return s; };
    std::function<void(std::string*)> padded = [](std::string*) {};
    size_t more_padding = 0;
  };

  SealedEnvelope Forge(const Plan& plan) {
    mail::v1::Content m;
    m.set_subject("subject");
    m.set_body("body");
    m.set_body_format(mail::v1::BODY_FORMAT_PLAIN);
    m.set_sent_unix_ms(1);
    m.set_sender_handle("ada");
    m.set_recipient_handle("ben");
    plan.content(&m);
    const std::string content = plan.content_bytes(m.SerializeAsString());

    const SecretBytes<32> key = SecretBytes<32>::Random();
    EnvelopeHeader h{.deployment = deployment_,
                     .message_id = crypto::MessageId::Random(random_),
                     .thread_id = crypto::ThreadId::Random(random_),
                     .sender = ada_.member,
                     .sender_identity_key_id = crypto::KeyIdOf(ada_.identity.public_key()),
                     .sender_encryption_key_id = crypto::KeyIdOf(ada_.encryption.public_key()),
                     .recipient = ben_.member,
                     .recipient_encryption_key_id = crypto::KeyIdOf(ben_.encryption.public_key()),
                     .nonce = crypto::RandomArray<24>(random_),
                     .padded_length = static_cast<uint32_t>(256 + plan.more_padding),
                     .commitment = internal::Commitment(key)};
    plan.header(&h);
    SealedEnvelope e;
    e.header = plan.header_bytes(h.Serialise());
    const crypto::Digest hh = crypto::Sha256(e.header);

    mail::v1::SignedContent s;
    s.set_content(content);
    s.set_signature(plan.signature(
        ada_.identity.Sign(context::kMessage, {AsView(hh), AsView(crypto::Sha256(content))})));
    std::string padded =
        crypto::ByteWriter().Field(plan.signed_bytes(s.SerializeAsString())).Take();
    padded.resize(256 + plan.more_padding);
    plan.padded(&padded);
    e.ciphertext = Aead::Seal(internal::EncryptionKey(key), h.nonce, e.header, padded);
    e.recipient_wrap = *internal::WrapContentKey(ben_.encryption.public_key(), hh, key, random_);
    e.sender_wrap = *internal::WrapContentKey(ada_.encryption.public_key(), hh, key, random_);
    return e;
  }

  void ExpectRefused(const Plan& plan) {
    const SealedEnvelope e = Forge(plan);
    const absl::Status received = Receive(ben_, EntryOf(ada_), RecipientCopy(e)).status();
    EXPECT_EQ(received.code(), absl::StatusCode::kInvalidArgument) << received;
    const absl::Status sent = ReadSent(ada_, EntryOf(ben_), SenderCopy(e)).status();
    EXPECT_EQ(sent.code(), absl::StatusCode::kInvalidArgument) << sent;
  }

  SystemRandom random_;
  const crypto::DeploymentId deployment_ = MakeDeployment();
  const MemberKeys ada_ = MakeMember(deployment_, "ada");
  const MemberKeys ben_ = MakeMember(deployment_, "ben");
  const MemberKeys eve_ = MakeMember(deployment_, "eve");
};

TEST_F(HostileEnvelope, ForgeryWithoutAChangeIsTaken) {
  const SealedEnvelope e = Forge({});
  EXPECT_TRUE(Receive(ben_, EntryOf(ada_), RecipientCopy(e)).ok());
  EXPECT_TRUE(ReadSent(ada_, EntryOf(ben_), SenderCopy(e)).ok());
}

TEST_F(HostileEnvelope, PaddingThatIsNotZeroIsRefused) {
  ExpectRefused({.padded = [](std::string* p) { p->back() = 1; }});
}

TEST_F(HostileEnvelope, PaddingThatIsNotMinimalIsRefused) { ExpectRefused({.more_padding = 256}); }

TEST_F(HostileEnvelope, LengthBeyondThePaddingIsRefused) {
  ExpectRefused({.padded = [](std::string* p) { (*p)[0] = '\x7f'; }});
  ExpectRefused({.padded = [](std::string* p) { (*p)[2] = '\1'; }});
}

TEST_F(HostileEnvelope, AnotherMembersSignatureIsRefused) {
  ExpectRefused({.signature = [this](std::string) {
    return eve_.identity.Sign(context::kMessage, {std::string(64, 'x')});
  }});
  ExpectRefused({.signature = [](std::string) { return std::string(64, '\0'); }});
  ExpectRefused({.signature = [](std::string s) { return s.substr(1); }});
}

TEST_F(HostileEnvelope, SignatureOfAnotherContextIsRefused) {
  ExpectRefused({.signature = [this](std::string) {
    return ada_.identity.Sign(context::kDirectoryEntry, {std::string(64, 'x')});
  }});
}

// Ben forwards what Ada wrote to him as if she had written it to Carol: the signature is bound to
// the header, which names Ben, the message id and the content key's commitment.
TEST_F(HostileEnvelope, SignedContentMovedToAnotherRecipientIsRefused) {
  const MemberKeys carol = MakeMember(deployment_, "carol");
  const SealedEnvelope original = Seal(ada_, ben_, MakeMessage("subject", "body"));
  EnvelopeHeader h = *EnvelopeHeader::Parse(original.header);
  const crypto::Digest original_hash = crypto::Sha256(original.header);
  const auto key =
      *internal::UnwrapContentKey(ben_.encryption, original_hash, original.recipient_wrap);
  const auto padded =
      *Aead::Open(internal::EncryptionKey(key), h.nonce, original.header, original.ciphertext);

  h.recipient = carol.member;
  h.recipient_encryption_key_id = crypto::KeyIdOf(carol.encryption.public_key());
  SealedEnvelope forged;
  forged.header = h.Serialise();
  const crypto::Digest hh = crypto::Sha256(forged.header);
  forged.ciphertext = Aead::Seal(internal::EncryptionKey(key), h.nonce, forged.header,
                                 padded.RevealView(KeyAccess{}));
  forged.recipient_wrap =
      *internal::WrapContentKey(carol.encryption.public_key(), hh, key, random_);
  EXPECT_FALSE(Receive(carol, EntryOf(ada_), RecipientCopy(forged)).ok());
}

TEST_F(HostileEnvelope, SignedContentReplayedUnderAnotherMessageIdIsRefused) {
  const SealedEnvelope original = Seal(ada_, ben_, MakeMessage("subject", "body"));
  EnvelopeHeader h = *EnvelopeHeader::Parse(original.header);
  const auto key = *internal::UnwrapContentKey(ben_.encryption, crypto::Sha256(original.header),
                                               original.recipient_wrap);
  const auto padded =
      *Aead::Open(internal::EncryptionKey(key), h.nonce, original.header, original.ciphertext);
  h.message_id = crypto::MessageId::Random(random_);
  SealedEnvelope forged;
  forged.header = h.Serialise();
  forged.ciphertext = Aead::Seal(internal::EncryptionKey(key), h.nonce, forged.header,
                                 padded.RevealView(KeyAccess{}));
  forged.recipient_wrap = *internal::WrapContentKey(ben_.encryption.public_key(),
                                                    crypto::Sha256(forged.header), key, random_);
  ASSERT_TRUE(ReceivedMessage::Open(ben_, RecipientCopy(forged)).ok());
  EXPECT_FALSE(Receive(ben_, EntryOf(ada_), RecipientCopy(forged)).ok());
}

TEST_F(HostileEnvelope, CommitmentToAnotherKeyIsRefused) {
  ExpectRefused({.header = [](EnvelopeHeader* h) { h->commitment[31] ^= 1; }});
}

TEST_F(HostileEnvelope, AnotherMembersHandleInTheContentIsRefused) {
  // The sender's: ben would look up eve and find that the header names another member.
  const SealedEnvelope e =
      Forge({.content = [](mail::v1::Content* m) { m->set_sender_handle("eve"); }});
  EXPECT_FALSE(Receive(ben_, EntryOf(eve_), RecipientCopy(e)).ok());
  EXPECT_FALSE(Receive(ben_, EntryOf(ada_), RecipientCopy(e)).ok());
  EXPECT_FALSE(SentMessage::Open(ada_, SenderCopy(e)).ok());
  // The recipient's: the sender's copy would show a message to eve that went to ben.
  const SealedEnvelope to =
      Forge({.content = [](mail::v1::Content* m) { m->set_recipient_handle("eve"); }});
  EXPECT_FALSE(ReceivedMessage::Open(ben_, RecipientCopy(to)).ok());
  EXPECT_FALSE(ReadSent(ada_, EntryOf(eve_), SenderCopy(to)).ok());
  EXPECT_FALSE(ReadSent(ada_, EntryOf(ben_), SenderCopy(to)).ok());
}

TEST_F(HostileEnvelope, MemberIdThatIsNotTheHandlesIsRefused) {
  // Ada claims to be eve: eve's id in the header, everything else her own.
  const SealedEnvelope e =
      Forge({.header = [this](EnvelopeHeader* h) { h->sender = eve_.member; }});
  EXPECT_FALSE(Receive(ben_, EntryOf(ada_), RecipientCopy(e)).ok());
  EXPECT_FALSE(Receive(ben_, EntryOf(eve_), RecipientCopy(e)).ok());
}

TEST_F(HostileEnvelope, ContentOutsideItsLimitsIsRefused) {
  using C = mail::v1::Content;
  ExpectRefused({.content = [](C* m) { m->clear_body_format(); }});
  ExpectRefused(
      {.content = [](C* m) { m->set_body_format(static_cast<mail::v1::BodyFormat>(3)); }});
  ExpectRefused({.content = [](C* m) { m->clear_sender_handle(); }});
  ExpectRefused({.content = [](C* m) { m->set_sender_handle("Ada"); }});
  ExpectRefused({.content = [](C* m) { m->set_recipient_handle("b"); }});
  ExpectRefused({.content = [](C* m) { m->add_attachments()->set_file_name("f"); }});
}

TEST_F(HostileEnvelope, TooLongASubjectIsRefused) {
  ExpectRefused({.content = [](mail::v1::Content* m) { m->set_subject(std::string(201, 's')); },
                 .more_padding = 256});
}

TEST_F(HostileEnvelope, BytesThatAreNotCanonicalAreRefused) {
  const auto append = [](const std::string& b) {
    return b + std::string("\x78\x01", 2);
  };  // field 15
  ExpectRefused({.content_bytes = append});
  ExpectRefused({.header_bytes = append});
  ExpectRefused({.signed_bytes = append});
  // A field twice: the last one counts for protobuf, so both readings exist.
  const auto twice = [](const std::string& b) { return b + std::string("\x0a\x01s", 3); };
  ExpectRefused({.content_bytes = twice});
  // A default, written out.
  ExpectRefused(
      {.content_bytes = [](const std::string& b) { return b + std::string("\x20\x00", 2); }});
  // Fields out of order: the body first.
  ExpectRefused({.content_bytes = [](const std::string& b) {
    return b.substr(9, 6) + b.substr(0, 9) + b.substr(15);
  }});
  ExpectRefused({.content_bytes = [](const std::string&) { return std::string(); }});
  ExpectRefused({.content_bytes = [](const std::string&) { return std::string("\x0a\x7f"); }});
}

TEST_F(HostileEnvelope, TextThatIsNotUtf8IsRefused) {
  ExpectRefused({.content_bytes = [](std::string b) {
    b[2] = '\xff';  // in the subject
    return b;
  }});
}

}  // namespace
}  // namespace letterlock::seal
