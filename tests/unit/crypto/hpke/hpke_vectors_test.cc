// Replays RFC 9180, appendix A.2.1, step by step.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "crypto/base/strings.h"
#include "crypto/hpke/hpke.h"
#include "key_schedule.h"
#include "support/vectors.h"

namespace letterlock::hpke {
namespace {

using crypto::AsView;
using crypto::KeyAccess;
using crypto::SecretBytes;
using crypto::X25519PrivateKey;
using nlohmann::json;
using testing::Hex;

constexpr char kFile[] = "hpke_rfc9180_a2_base.json";

template <size_t N>
std::string_view Bytes(const SecretBytes<N>& secret) {
  return AsView(secret.Reveal(KeyAccess{}));
}

TEST(Rfc9180, NamesThisSuite) {
  const json v = testing::ReadVectors(kFile);
  EXPECT_EQ(v.at("mode"), "0");
  EXPECT_EQ(v.at("kem_id"), std::to_string(kKemId));
  EXPECT_EQ(v.at("kdf_id"), std::to_string(kKdfId));
  EXPECT_EQ(v.at("aead_id"), std::to_string(kAeadId));
}

TEST(Rfc9180, DerivesTheKeyPairs) {
  const json v = testing::ReadVectors(kFile);
  const auto ephemeral = DeriveKeyPair(Hex(v, "ikmE"));
  const auto recipient = DeriveKeyPair(Hex(v, "ikmR"));
  ASSERT_TRUE(ephemeral.ok() && recipient.ok());
  EXPECT_EQ(Bytes(ephemeral->secret()), Hex(v, "skEm"));
  EXPECT_EQ(ephemeral->public_key().bytes(), Hex(v, "pkEm"));
  EXPECT_EQ(Bytes(recipient->secret()), Hex(v, "skRm"));
  EXPECT_EQ(recipient->public_key().bytes(), Hex(v, "pkRm"));
}

TEST(Rfc9180, SharesTheSecretBothWays) {
  const json v = testing::ReadVectors(kFile);
  const X25519PrivateKey ephemeral = *DeriveKeyPair(Hex(v, "ikmE"));
  const X25519PrivateKey recipient = *DeriveKeyPair(Hex(v, "ikmR"));
  const auto sent = Encap(recipient.public_key(), ephemeral);
  const auto received = Decap(Hex(v, "enc"), recipient);
  ASSERT_TRUE(sent.ok() && received.ok());
  EXPECT_EQ(Bytes(*sent), Hex(v, "shared_secret"));
  EXPECT_EQ(Bytes(*received), Hex(v, "shared_secret"));
}

TEST(Rfc9180, SchedulesTheKeys) {
  const json v = testing::ReadVectors(kFile);
  const KeySchedule schedule(*SecretBytes<32>::FromBytes(Hex(v, "shared_secret")), Hex(v, "info"));
  EXPECT_EQ(schedule.key_schedule_context(), Hex(v, "key_schedule_context"));
  EXPECT_EQ(Bytes(schedule.secret()), Hex(v, "secret"));
  EXPECT_EQ(Bytes(schedule.key()), Hex(v, "key"));
  EXPECT_EQ(AsView(schedule.base_nonce()), Hex(v, "base_nonce"));
  EXPECT_EQ(Bytes(schedule.exporter_secret()), Hex(v, "exporter_secret"));
}

TEST(Rfc9180, SealsAndOpensInSequence) {
  const json v = testing::ReadVectors(kFile);
  const X25519PrivateKey recipient = *DeriveKeyPair(Hex(v, "ikmR"));
  auto sender = SetupBaseSWithEphemeral(recipient.public_key(), Hex(v, "info"),
                                        *DeriveKeyPair(Hex(v, "ikmE")));
  ASSERT_TRUE(sender.ok());
  EXPECT_EQ(sender->enc, Hex(v, "enc"));
  auto receiver = SetupBaseR(sender->enc, recipient, Hex(v, "info"));
  ASSERT_TRUE(receiver.ok());

  // The file lists some sequence numbers; those between are sent all the same.
  uint64_t next = 0;
  for (const json& encryption : v.at("encryptions")) {
    const std::string aad = Hex(encryption, "aad");
    const std::string plaintext = Hex(encryption, "pt");
    for (; next < std::stoull(encryption.at("sequence_number").get<std::string>()); ++next) {
      const auto filler = sender->context.Seal("", "");
      ASSERT_TRUE(filler.ok() && receiver->Open("", *filler).ok());
    }
    const auto sealed = sender->context.Seal(aad, plaintext);
    ASSERT_TRUE(sealed.ok());
    EXPECT_EQ(*sealed, Hex(encryption, "ct"));
    const auto opened = receiver->Open(aad, *sealed);
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(opened->RevealView(KeyAccess{}), plaintext);
    ++next;
  }
  EXPECT_EQ(v.at("encryptions").size(), 6u);
}

TEST(Rfc9180, ExportsOnBothSides) {
  const json v = testing::ReadVectors(kFile);
  const X25519PrivateKey recipient = *DeriveKeyPair(Hex(v, "ikmR"));
  const auto sender = SetupBaseSWithEphemeral(recipient.public_key(), Hex(v, "info"),
                                              *DeriveKeyPair(Hex(v, "ikmE")));
  ASSERT_TRUE(sender.ok());
  const auto receiver = SetupBaseR(sender->enc, recipient, Hex(v, "info"));
  ASSERT_TRUE(receiver.ok());
  for (const json& e : v.at("exports")) {
    const std::string context = Hex(e, "exporter_context");
    const size_t size = std::stoul(e.at("L").get<std::string>());
    EXPECT_EQ(sender->context.Export(context, size)->RevealView(KeyAccess{}),
              Hex(e, "exported_value"));
    EXPECT_EQ(receiver->Export(context, size)->RevealView(KeyAccess{}), Hex(e, "exported_value"));
  }
  EXPECT_EQ(v.at("exports").size(), 3u);
}

}  // namespace
}  // namespace letterlock::hpke
