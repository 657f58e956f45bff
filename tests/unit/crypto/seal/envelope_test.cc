#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "crypto/seal/open_envelope.h"
#include "crypto/seal/padding.h"
#include "crypto/seal/seal_envelope.h"
#include "people.h"
#include "support/flip.h"

namespace letterlock::seal {
namespace {

using crypto::KeyAccess;
using crypto::SystemRandom;
using testing::Flip;

// Text of any scripts, at most `most` characters.
rc::Gen<std::string> AnyText(size_t most) {
  const auto scalar = rc::gen::oneOf(
      rc::gen::inRange<uint32_t>(0, 0x80), rc::gen::inRange<uint32_t>(0x80, 0x800),
      rc::gen::inRange<uint32_t>(0x800, 0xd800), rc::gen::inRange<uint32_t>(0xe000, 0x10000),
      rc::gen::inRange<uint32_t>(0x10000, 0x110000));
  const auto size = rc::gen::inRange<size_t>(0, most + 1);
  return rc::gen::map(rc::gen::mapcat(size,
                                      [scalar](size_t n) {
                                        return rc::gen::container<std::vector<uint32_t>>(n, scalar);
                                      }),
                      [](const std::vector<uint32_t>& scalars) {
                        std::string out;
                        for (uint32_t c : scalars) {
                          const auto tail = [&](int shift) {
                            out.push_back(static_cast<char>(0x80 | (c >> shift & 0x3f)));
                          };
                          if (c < 0x80) {
                            out.push_back(static_cast<char>(c));
                          } else if (c < 0x800) {
                            out.push_back(static_cast<char>(0xc0 | c >> 6)), tail(0);
                          } else if (c < 0x10000) {
                            out.push_back(static_cast<char>(0xe0 | c >> 12)), tail(6), tail(0);
                          } else {
                            out.push_back(static_cast<char>(0xf0 | c >> 18)), tail(12), tail(6),
                                tail(0);
                          }
                        }
                        return out;
                      });
}

class Envelope : public ::testing::Test {
 protected:
  const crypto::DeploymentId deployment_ = MakeDeployment();
  const MemberKeys ada_ = MakeMember(deployment_, "ada");
  const MemberKeys ben_ = MakeMember(deployment_, "ben");
  const MemberKeys eve_ = MakeMember(deployment_, "eve");
};

TEST_F(Envelope, BothCopiesOpenToTheSameContent) {
  EXPECT_TRUE(rc::check([&] {
    OutgoingMessage message =
        MakeMessage(*AnyText(kMaxSubjectCharacters), *AnyText(kMaxBodyCharacters));
    message.content.body_format = *rc::gen::element(BodyFormat::kPlain, BodyFormat::kHtml);
    message.content.sent_unix_ms = *rc::gen::arbitrary<uint64_t>();
    const SealedEnvelope e = Seal(ada_, ben_, message);
    RC_ASSERT(e.recipient_wrap.size() == kWrapSize && e.sender_wrap.size() == kWrapSize);

    const auto received = Receive(ben_, EntryOf(ada_), RecipientCopy(e));
    const auto sent = ReadSent(ada_, EntryOf(ben_), SenderCopy(e));
    RC_ASSERT(received.ok() && sent.ok());
    for (const VerifiedMessage* m : {&*received, &*sent}) {
      RC_ASSERT(Text(m->content.subject) == Text(message.content.subject));
      RC_ASSERT(Text(m->content.body) == Text(message.content.body));
      RC_ASSERT(m->content.body_format == message.content.body_format);
      RC_ASSERT(m->content.sent_unix_ms == message.content.sent_unix_ms);
      RC_ASSERT(m->header.message_id == message.message_id);
      RC_ASSERT(m->header.thread_id == message.thread_id);
      RC_ASSERT(m->sender.str() == "ada" && m->recipient.str() == "ben");
    }
  }));
}

TEST_F(Envelope, CarriesAttachments) {
  OutgoingMessage message = MakeMessage("s", "b");
  for (size_t i = 0; i < kMaxAttachments; ++i) {
    message.content.attachments.push_back({.file_name = "f" + std::to_string(i),
                                           .key = crypto::SecretBytes<32>::Random(),
                                           .ciphertext_hash = crypto::Sha256(std::to_string(i)),
                                           .size = i << 33,
                                           .chunk_count = static_cast<uint32_t>(i)});
  }
  const auto received = Receive(ben_, EntryOf(ada_), RecipientCopy(Seal(ada_, ben_, message)));
  ASSERT_TRUE(received.ok());
  ASSERT_EQ(received->content.attachments.size(), kMaxAttachments);
  for (size_t i = 0; i < kMaxAttachments; ++i) {
    const Attachment& a = received->content.attachments[i];
    EXPECT_EQ(a.file_name, message.content.attachments[i].file_name);
    EXPECT_TRUE(a.key == message.content.attachments[i].key);
    EXPECT_EQ(a.ciphertext_hash, message.content.attachments[i].ciphertext_hash);
    EXPECT_EQ(a.size, message.content.attachments[i].size);
    EXPECT_EQ(a.chunk_count, message.content.attachments[i].chunk_count);
  }
}

TEST_F(Envelope, AnyFlippedBitIsRefused) {
  const SealedEnvelope e = Seal(ada_, ben_, MakeMessage("subject", "body"));
  const auto refused = [&](const SealedEnvelope& changed, bool recipient) {
    return recipient ? !Receive(ben_, EntryOf(ada_), RecipientCopy(changed)).ok()
                     : !ReadSent(ada_, EntryOf(ben_), SenderCopy(changed)).ok();
  };
  for (bool recipient : {true, false}) {
    ASSERT_FALSE(refused(e, recipient));
    for (auto part : {&SealedEnvelope::header, &SealedEnvelope::ciphertext,
                      recipient ? &SealedEnvelope::recipient_wrap : &SealedEnvelope::sender_wrap}) {
      for (size_t bit = 0; bit < (e.*part).size() * 8; ++bit) {
        SealedEnvelope changed = e;
        changed.*part = Flip(e.*part, bit);
        ASSERT_TRUE(refused(changed, recipient)) << bit;
      }
    }
  }
}

TEST_F(Envelope, AnyOtherLengthOfAPartIsRefused) {
  const SealedEnvelope e = Seal(ada_, ben_, MakeMessage("subject", "body"));
  for (auto part :
       {&SealedEnvelope::header, &SealedEnvelope::recipient_wrap, &SealedEnvelope::ciphertext}) {
    SealedEnvelope changed = e;
    (changed.*part).pop_back();
    EXPECT_FALSE(ReceivedMessage::Open(ben_, RecipientCopy(changed)).ok());
    changed.*part = e.*part + '\0';
    EXPECT_FALSE(ReceivedMessage::Open(ben_, RecipientCopy(changed)).ok());
    (changed.*part).clear();
    EXPECT_FALSE(ReceivedMessage::Open(ben_, RecipientCopy(changed)).ok());
  }
}

TEST_F(Envelope, NobodyElseOpensIt) {
  const SealedEnvelope e = Seal(ada_, ben_, MakeMessage("subject", "body"));
  EXPECT_FALSE(ReceivedMessage::Open(eve_, RecipientCopy(e)).ok());
  EXPECT_FALSE(SentMessage::Open(eve_, SenderCopy(e)).ok());
}

TEST_F(Envelope, WrapForOneMemberIsNoOtherMembers) {
  const SealedEnvelope e = Seal(ada_, ben_, MakeMessage("subject", "body"));
  SealedEnvelope swapped = e;
  std::swap(swapped.recipient_wrap, swapped.sender_wrap);
  EXPECT_FALSE(ReceivedMessage::Open(ben_, RecipientCopy(swapped)).ok());
  EXPECT_FALSE(SentMessage::Open(ada_, SenderCopy(swapped)).ok());
}

TEST_F(Envelope, WrapForOneMessageIsNoOtherMessages) {
  const SealedEnvelope first = Seal(ada_, ben_, MakeMessage("subject", "body"));
  const SealedEnvelope second = Seal(ada_, ben_, MakeMessage("subject", "body"));
  SealedEnvelope mixed = first;
  mixed.recipient_wrap = second.recipient_wrap;
  EXPECT_FALSE(ReceivedMessage::Open(ben_, RecipientCopy(mixed)).ok());
  mixed.ciphertext = second.ciphertext;
  EXPECT_FALSE(ReceivedMessage::Open(ben_, RecipientCopy(mixed)).ok());
}

TEST_F(Envelope, WrapForOneDeploymentIsNoOtherDeployments) {
  const SealedEnvelope e = Seal(ada_, ben_, MakeMessage("subject", "body"));
  MemberKeys elsewhere = MakeMember(MakeDeployment(), "ben");
  elsewhere.encryption =
      crypto::X25519PrivateKey::FromSecret(ben_.encryption.secret().Clone(KeyAccess{}));
  elsewhere.member = ben_.member;
  EXPECT_FALSE(ReceivedMessage::Open(elsewhere, RecipientCopy(e)).ok());
}

TEST_F(Envelope, SaysWhenItWasSealedForAnotherKeyOfTheMember) {
  const SealedEnvelope e = Seal(ada_, ben_, MakeMessage("subject", "body"));
  MemberKeys rotated = MakeMember(deployment_, "ben");
  rotated.member = ben_.member;
  EXPECT_EQ(ReceivedMessage::Open(rotated, RecipientCopy(e)).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(Envelope, StaysReadableUnderTheIdentityKeyOfThen) {
  const SealedEnvelope e = Seal(ada_, ben_, MakeMessage("subject", "body"));
  Correspondent rotated = EntryOf(ada_);
  rotated.identity_key = MakeMember(deployment_, "ada").identity.public_key();
  EXPECT_FALSE(Receive(ben_, rotated, RecipientCopy(e)).ok());
  rotated.identity_key = ada_.identity.public_key();
  EXPECT_TRUE(Receive(ben_, rotated, RecipientCopy(e)).ok());
}

TEST_F(Envelope, OpenedMessageNamesWhoseEntryItNeeds) {
  const SealedEnvelope e = Seal(ada_, ben_, MakeMessage("subject", "body"));
  EXPECT_EQ(ReceivedMessage::Open(ben_, RecipientCopy(e))->claimed_sender().str(), "ada");
  EXPECT_EQ(SentMessage::Open(ada_, SenderCopy(e))->claimed_recipient().str(), "ben");
}

TEST_F(Envelope, EntryOfAnotherMemberDoesNotVerify) {
  const SealedEnvelope e = Seal(ada_, ben_, MakeMessage("subject", "body"));
  EXPECT_FALSE(Receive(ben_, EntryOf(eve_), RecipientCopy(e)).ok());
  EXPECT_FALSE(ReadSent(ada_, EntryOf(eve_), SenderCopy(e)).ok());
  // The same handle, claimed by somebody else: another genesis key makes another member.
  EXPECT_FALSE(Receive(ben_, EntryOf(MakeMember(deployment_, "ada")), RecipientCopy(e)).ok());
  EXPECT_FALSE(ReadSent(ada_, EntryOf(MakeMember(deployment_, "ben")), SenderCopy(e)).ok());
}

TEST_F(Envelope, SealingTwiceSharesNothing) {
  const OutgoingMessage message = MakeMessage("subject", "body");
  const SealedEnvelope a = Seal(ada_, ben_, message);
  const SealedEnvelope b = Seal(ada_, ben_, message);
  EXPECT_NE(a.header, b.header);
  EXPECT_NE(a.ciphertext.substr(0, 32), b.ciphertext.substr(0, 32));
  EXPECT_NE(a.recipient_wrap, b.recipient_wrap);
  EXPECT_NE(a.recipient_wrap.substr(0, 32), a.sender_wrap.substr(0, 32));
}

TEST_F(Envelope, IsNotSealedToOneselfNorToABadKey) {
  SystemRandom random;
  const OutgoingMessage message = MakeMessage("subject", "body");
  EXPECT_EQ(SealEnvelope(ada_, EntryOf(ada_), message, random).status().code(),
            absl::StatusCode::kInvalidArgument);
  Correspondent bad = EntryOf(ben_);
  bad.encryption_key = crypto::X25519PublicKey();
  EXPECT_EQ(SealEnvelope(ada_, bad, message, random).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(Envelope, CiphertextSizeTellsOnlyThePaddedLength) {
  EXPECT_EQ(Seal(ada_, ben_, MakeMessage("", "")).ciphertext.size(),
            Seal(ada_, ben_, MakeMessage("", "twenty more letters.")).ciphertext.size());
  const SealedEnvelope e = Seal(ada_, ben_, MakeMessage("", std::string(1000, 'x')));
  EXPECT_TRUE(IsPaddedLength(e.ciphertext.size() - 16));
}

}  // namespace
}  // namespace letterlock::seal
