#include "crypto/seal/key_file.h"

#include <gtest/gtest.h>

#include <string>

#include "crypto/base/bytes.h"
#include "key_file_limits.h"
#include "people.h"
#include "support/flip.h"

namespace letterlock::seal {
namespace {

using crypto::SecretBuffer;
using testing::Flip;

class KeyFile : public ::testing::Test {
 protected:
  static constexpr internal::KeyFileLimits kCheap = {
      .min_passes = 1, .max_passes = 10, .min_memory_kib = 8, .max_memory_kib = 64};
  static constexpr KeyFileCost kCheapCost = {.passes = 1, .memory_kib = 8};

  std::string SealCheaply(const MemberKeys& keys) {
    return *internal::SealKeyFileWithin(kCheap, keys, passphrase_, kCheapCost, random_);
  }
  absl::StatusOr<MemberKeys> OpenCheaply(const std::string& file, std::string_view passphrase) {
    return internal::OpenKeyFileWithin(kCheap, file, SecretBuffer::Copy(passphrase));
  }
  void ExpectSame(const MemberKeys& a, const MemberKeys& b) {
    EXPECT_EQ(a.deployment.bytes(), b.deployment.bytes());
    EXPECT_EQ(a.member.bytes(), b.member.bytes());
    EXPECT_EQ(a.handle.str(), b.handle.str());
    EXPECT_TRUE(a.identity.Seed() == b.identity.Seed());
    EXPECT_TRUE(a.encryption.secret() == b.encryption.secret());
    EXPECT_TRUE(a.device.Seed() == b.device.Seed());
    EXPECT_TRUE(a.state_key == b.state_key);
    EXPECT_EQ(a.keyring_key, b.keyring_key);
    ASSERT_EQ(a.earlier_identities.size(), b.earlier_identities.size());
    ASSERT_EQ(a.earlier_encryptions.size(), b.earlier_encryptions.size());
    for (size_t i = 0; i < a.earlier_identities.size(); ++i) {
      EXPECT_TRUE(a.earlier_identities[i].Seed() == b.earlier_identities[i].Seed());
    }
    for (size_t i = 0; i < a.earlier_encryptions.size(); ++i) {
      EXPECT_TRUE(a.earlier_encryptions[i].secret() == b.earlier_encryptions[i].secret());
    }
  }

  crypto::SystemRandom random_;
  const SecretBuffer passphrase_ = SecretBuffer::Copy("correct horse");
  const MemberKeys keys_ = MakeMember(MakeDeployment(), "ada");
};

TEST_F(KeyFile, GivesTheKeysBackAtItsProductionCost) {
  const auto file = SealKeyFile(keys_, passphrase_, KeyFileCost{}, random_);
  ASSERT_TRUE(file.ok());
  const auto opened = OpenKeyFile(*file, passphrase_);
  ASSERT_TRUE(opened.ok());
  ExpectSame(*opened, keys_);
}

TEST_F(KeyFile, HoldsHandlesOfEveryLength) {
  for (size_t size : {crypto::Handle::kMinSize, size_t{10}, crypto::Handle::kMaxSize}) {
    const MemberKeys keys = MakeMember(MakeDeployment(), std::string(size, 'a'));
    const auto opened = OpenCheaply(SealCheaply(keys), "correct horse");
    ASSERT_TRUE(opened.ok());
    ExpectSame(*opened, keys);
  }
}

TEST_F(KeyFile, HoldsEarlierKeysAndWhomTheKeyringIsSealedTo) {
  MemberKeys keys = keys_.Clone(crypto::KeyAccess{});
  keys.keyring_key = crypto::X25519PrivateKey::Generate().public_key();
  for (size_t rotations = 0; rotations < 3; ++rotations) {
    const auto opened = OpenCheaply(SealCheaply(keys), "correct horse");
    ASSERT_TRUE(opened.ok());
    ExpectSame(*opened, keys);
    keys = *keys.Rotated(random_);
  }
  while (keys.earlier_identities.size() < kMaxEarlierKeys) {
    keys.earlier_identities.push_back(crypto::SigningKey::Generate(random_));
    keys.earlier_encryptions.push_back(crypto::X25519PrivateKey::Generate(random_));
  }
  const std::string most = SealCheaply(keys);
  EXPECT_EQ(most.size(), kMaxKeyFileSize);
  ExpectSame(*OpenCheaply(most, "correct horse"), keys);
  keys.earlier_identities.push_back(crypto::SigningKey::Generate());
  EXPECT_FALSE(internal::SealKeyFileWithin(kCheap, keys, passphrase_, kCheapCost, random_).ok());
}

TEST_F(KeyFile, WrongPassphraseIsRefused) {
  const std::string file = SealCheaply(keys_);
  for (const char* other : {"", "correct hors", "correct horse ", "Correct horse"}) {
    EXPECT_EQ(OpenCheaply(file, other).status().code(), absl::StatusCode::kPermissionDenied);
  }
}

TEST_F(KeyFile, AnyFlippedBitIsRefused) {
  const std::string file = SealCheaply(keys_);
  ASSERT_TRUE(OpenCheaply(file, "correct horse").ok());
  for (size_t bit = 0; bit < file.size() * 8; ++bit) {
    EXPECT_FALSE(OpenCheaply(Flip(file, bit), "correct horse").ok()) << bit;
  }
}

TEST_F(KeyFile, AnyOtherSizeIsRefused) {
  const std::string file = SealCheaply(keys_);
  EXPECT_FALSE(OpenCheaply("", "correct horse").ok());
  EXPECT_FALSE(OpenCheaply(file.substr(0, file.size() - 1), "correct horse").ok());
  EXPECT_FALSE(OpenCheaply(file + '\0', "correct horse").ok());
}

TEST_F(KeyFile, CostBelowOrAboveTheBoundsIsRefusedWhenSealing) {
  for (const KeyFileCost& cost : {
           KeyFileCost{.passes = 2, .memory_kib = KeyFileCost::kMinMemoryKib},
           KeyFileCost{.passes = 11, .memory_kib = KeyFileCost::kMinMemoryKib},
           KeyFileCost{.passes = 3, .memory_kib = KeyFileCost::kMinMemoryKib - 1},
           KeyFileCost{.passes = 3, .memory_kib = KeyFileCost::kMaxMemoryKib + 1},
       }) {
    EXPECT_EQ(SealKeyFile(keys_, passphrase_, cost, random_).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

// A weaker file could be put in the place of a strong one and its passphrase then guessed; a file
// that asks for all memory would be a denial of service.
TEST_F(KeyFile, CostBelowOrAboveTheBoundsIsRefusedWhenOpening) {
  const std::string file = SealCheaply(keys_);
  EXPECT_EQ(OpenKeyFile(file, passphrase_).status().code(), absl::StatusCode::kInvalidArgument);
  for (const auto& [passes, memory_kib] : {std::pair{0u, 65536u},
                                           {2u, 65536u},
                                           {11u, 65536u},
                                           {0xffffffffu, 65536u},
                                           {3u, 65535u},
                                           {3u, 0u},
                                           {3u, 0xffffffffu},
                                           {3u, (1u << 20) + 1}}) {
    std::string changed = file;
    changed.replace(8, 8, crypto::ByteWriter().U32(passes).U32(memory_kib).Take());
    EXPECT_EQ(OpenKeyFile(changed, passphrase_).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST_F(KeyFile, SealingTwiceGivesOtherBytes) { EXPECT_NE(SealCheaply(keys_), SealCheaply(keys_)); }

}  // namespace
}  // namespace letterlock::seal
