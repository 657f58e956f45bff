#include "crypto/seal/keyring.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "people.h"
#include "support/flip.h"

namespace letterlock::seal {
namespace {

using crypto::KeyAccess;
using testing::Flip;

class KeyringTest : public ::testing::Test {
 protected:
  KeyringTest() { keys_.keyring_key = kit_.KeyringKey(keys_.deployment).public_key(); }

  std::string Seal(const MemberKeys& keys) { return *SealKeyring(keys, random_); }
  absl::StatusOr<Keyring> Open(const std::string& sealed) {
    return OpenKeyring(kit_, keys_.deployment, keys_.member, sealed);
  }
  MemberKeys Restored(Keyring keyring) {
    return KeysOf(std::move(keyring), keys_.deployment, keys_.member, keys_.handle,
                  crypto::SigningKey::Generate(random_), kit_);
  }

  crypto::SystemRandom random_;
  const RecoveryKit kit_ = RecoveryKit::Generate(random_);
  MemberKeys keys_ = MakeMember(MakeDeployment(), "ada");
};

TEST_F(KeyringTest, GivesAllKeysBackOldOnesToo) {
  const auto rotated = keys_.Rotated(random_)->Rotated(random_);
  ASSERT_TRUE(rotated.ok());
  auto keyring = Open(Seal(*rotated));
  ASSERT_TRUE(keyring.ok());
  const MemberKeys back = Restored(*std::move(keyring));
  EXPECT_TRUE(back.identity.Seed() == rotated->identity.Seed());
  EXPECT_TRUE(back.encryption.secret() == rotated->encryption.secret());
  EXPECT_TRUE(back.state_key == keys_.state_key);
  ASSERT_EQ(back.earlier_identities.size(), 2u);
  ASSERT_EQ(back.earlier_encryptions.size(), 2u);
  EXPECT_TRUE(back.earlier_identities[0].Seed() == keys_.identity.Seed());
  EXPECT_TRUE(back.earlier_encryptions[0].secret() == keys_.encryption.secret());
  EXPECT_EQ(back.keyring_key, rotated->keyring_key);
}

TEST_F(KeyringTest, MailOfBeforeARotationOpensWithTheKeysOfThen) {
  const MemberKeys ben = MakeMember(keys_.deployment, "ben");
  const SealedEnvelope received = seal::Seal(ben, keys_, MakeMessage("", "to ada"));
  const SealedEnvelope sent = seal::Seal(keys_, ben, MakeMessage("", "from ada"));
  const auto rotated = keys_.Rotated(random_);
  auto keyring = Open(Seal(*rotated));
  ASSERT_TRUE(keyring.ok());
  const MemberKeys back = Restored(*std::move(keyring));
  EXPECT_TRUE(Receive(back, EntryOf(ben), RecipientCopy(received)).ok());
  auto own = SentMessage::Open(back, SenderCopy(sent));
  ASSERT_TRUE(own.ok());
  const crypto::SigningKey* signer = back.IdentityOf(own->header().sender_identity_key_id);
  ASSERT_NE(signer, nullptr);
  EXPECT_TRUE((*std::move(own)).Verify(EntryOf(ben), signer->public_key()).ok());
  // And what is sealed for the new key does not open with the old ones.
  Correspondent now = EntryOf(keys_);
  now.encryption_key = rotated->encryption.public_key();
  const auto fresh = SealEnvelope(ben, now, MakeMessage("", "later"), random_);
  EXPECT_EQ(ReceivedMessage::Open(keys_, RecipientCopy(*fresh)).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(ReceivedMessage::Open(back, RecipientCopy(*fresh)).ok());
}

TEST_F(KeyringTest, OpensWithItsKitForItsMemberAlone) {
  const std::string sealed = Seal(keys_);
  ASSERT_TRUE(Open(sealed).ok());
  const RecoveryKit other_kit = RecoveryKit::Generate(random_);
  EXPECT_FALSE(OpenKeyring(other_kit, keys_.deployment, keys_.member, sealed).ok());
  EXPECT_FALSE(OpenKeyring(kit_, MakeDeployment(), keys_.member, sealed).ok());
  EXPECT_FALSE(
      OpenKeyring(kit_, keys_.deployment, MakeMember(keys_.deployment, "eve").member, sealed).ok());
}

TEST_F(KeyringTest, AnyFlippedBitOrOtherLengthIsRefused) {
  const std::string sealed = Seal(keys_);
  for (size_t bit = 0; bit < sealed.size() * 8; bit += 5) {
    EXPECT_FALSE(Open(Flip(sealed, bit)).ok()) << bit;
  }
  EXPECT_FALSE(Open("").ok());
  EXPECT_FALSE(Open(sealed + "x").ok());
  EXPECT_FALSE(Open(sealed.substr(0, sealed.size() - 1)).ok());
}

TEST_F(KeyringTest, AnOlderOneHasAnotherHash) {
  const std::string older = Seal(keys_);
  const std::string newer = Seal(*keys_.Rotated(random_));
  EXPECT_NE(KeyringHash(older), KeyringHash(newer));
}

TEST_F(KeyringTest, WithoutAKitNoneIsSealed) {
  keys_.keyring_key.reset();
  EXPECT_EQ(SealKeyring(keys_, random_).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(KeyringTest, AsManyRotationsAsItHoldsFitIntoItsSize) {
  while (keys_.earlier_identities.size() < kMaxEarlierKeys) {
    keys_.earlier_identities.push_back(crypto::SigningKey::Generate(random_));
    keys_.earlier_encryptions.push_back(crypto::X25519PrivateKey::Generate(random_));
  }
  EXPECT_EQ(keys_.Rotated(random_).status().code(), absl::StatusCode::kResourceExhausted);
  const std::string sealed = Seal(keys_);
  EXPECT_LE(sealed.size(), kMaxKeyringSize);
  EXPECT_TRUE(Open(sealed).ok());
}

}  // namespace
}  // namespace letterlock::seal
