#include "crypto/seal/report.h"

#include <gtest/gtest.h>

#include <string>

#include "people.h"
#include "support/flip.h"

namespace letterlock::seal {
namespace {

using crypto::KeyAccess;
using crypto::SecretBuffer;
using testing::Flip;

class ReportTest : public ::testing::Test {
 protected:
  ReportName NameOf(const SealedEnvelope& envelope) {
    return {.deployment = ada_.deployment,
            .reporter = ben_.member,
            .sender = ada_.member,
            .message_id = EnvelopeHeader::Parse(envelope.header)->message_id};
  }
  absl::Status Judge(const SealedEnvelope& envelope, const crypto::SecretBytes<32>& key,
                     const Correspondent& sender) {
    auto opened = DisclosedMessage::Open(ada_.deployment, key, RecipientCopy(envelope));
    if (!opened.ok()) return opened.status();
    return (*std::move(opened)).Verify(sender).status();
  }

  crypto::SystemRandom random_;
  const MemberKeys ada_ = MakeMember(MakeDeployment(), "ada");
  const MemberKeys ben_ = MakeMember(ada_.deployment, "ben");
  const MemberKeys desk_ = MakeMember(ada_.deployment, "desk");
  const SealedEnvelope envelope_ = Seal(ada_, ben_, MakeMessage("subject", "body"));
};

TEST_F(ReportTest, TheContentKeyOpensAndProvesThatOneMessage) {
  const auto key = ContentKeyOf(ben_, RecipientCopy(envelope_));
  ASSERT_TRUE(key.ok());
  auto opened = DisclosedMessage::Open(ada_.deployment, *key, RecipientCopy(envelope_));
  ASSERT_TRUE(opened.ok());
  const auto verified = (*std::move(opened)).Verify(EntryOf(ada_));
  ASSERT_TRUE(verified.ok());
  EXPECT_EQ(Text(verified->content.body), "body");
  EXPECT_EQ(verified->header.recipient, ben_.member);
  // It opens nothing else of the same sender to the same recipient.
  const SealedEnvelope other = Seal(ada_, ben_, MakeMessage("subject", "another"));
  EXPECT_EQ(Judge(other, *key, EntryOf(ada_)).message(),
            "content key is not the one that the header commits to");
}

TEST_F(ReportTest, WhatWasAlteredIsRefusedWithItsReason) {
  const auto key = ContentKeyOf(ben_, RecipientCopy(envelope_));
  SealedEnvelope changed = envelope_;
  changed.ciphertext = Flip(changed.ciphertext, 100);
  EXPECT_EQ(Judge(changed, *key, EntryOf(ada_)).message(), "ciphertext was changed");
  const auto random_key = crypto::SecretBytes<32>::Random(random_);
  EXPECT_EQ(Judge(envelope_, random_key, EntryOf(ada_)).message(),
            "content key is not the one that the header commits to");
  // The header is what ciphertext and signature are bound to: id, recipient, anything.
  auto header = *EnvelopeHeader::Parse(envelope_.header);
  header.message_id = crypto::MessageId::Random(random_);
  changed = envelope_;
  changed.header = header.Serialise();
  EXPECT_EQ(Judge(changed, *key, EntryOf(ada_)).message(), "ciphertext was changed");
}

TEST_F(ReportTest, NobodyElseIsMadeTheSender) {
  const auto key = ContentKeyOf(ben_, RecipientCopy(envelope_));
  EXPECT_EQ(Judge(envelope_, *key, EntryOf(desk_)).message(),
            "sender is not the member that the header names");
  Correspondent swapped = EntryOf(ada_);
  swapped.identity_key = desk_.identity.public_key();
  EXPECT_EQ(Judge(envelope_, *key, swapped).message(), "signature is not the sender's");
}

TEST_F(ReportTest, TheSenderCantGiveItsKeyAsARecipientWould) {
  EXPECT_FALSE(ContentKeyOf(ada_, SenderCopy(envelope_)).ok());
  EXPECT_FALSE(ContentKeyOf(desk_, RecipientCopy(envelope_)).ok());
}

TEST_F(ReportTest, OpensAtThatDeskForThatReportAlone) {
  const ReportName name = NameOf(envelope_);
  const auto sealed = SealDisclosure(desk_.encryption.public_key(), name,
                                     SecretBuffer::Copy("disclosure"), random_);
  ASSERT_TRUE(sealed.ok());
  const auto opened = OpenDisclosure(desk_.encryption, name, *sealed);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(Text(*opened), "disclosure");
  EXPECT_FALSE(OpenDisclosure(ben_.encryption, name, *sealed).ok());
  for (auto change : {+[](ReportName* n) { n->reporter = n->sender; },
                      +[](ReportName* n) { n->sender = n->reporter; },
                      +[](ReportName* n) { n->message_id = crypto::MessageId(); },
                      +[](ReportName* n) { n->deployment = crypto::DeploymentId(); }}) {
    ReportName other = name;
    change(&other);
    EXPECT_FALSE(OpenDisclosure(desk_.encryption, other, *sealed).ok());
  }
  for (size_t bit = 0; bit < sealed->size() * 8; ++bit) {
    EXPECT_FALSE(OpenDisclosure(desk_.encryption, name, Flip(*sealed, bit)).ok()) << bit;
  }
}

TEST_F(ReportTest, LargerThanTheServerTakesIsNotSealed) {
  const ReportName name = NameOf(envelope_);
  const auto most = SecretBuffer::OfSize(kMaxSealedDisclosure - 48);
  EXPECT_EQ(SealDisclosure(desk_.encryption.public_key(), name, most, random_)->size(),
            kMaxSealedDisclosure);
  const auto more = SecretBuffer::OfSize(kMaxSealedDisclosure - 47);
  EXPECT_FALSE(SealDisclosure(desk_.encryption.public_key(), name, more, random_).ok());
}

}  // namespace
}  // namespace letterlock::seal
