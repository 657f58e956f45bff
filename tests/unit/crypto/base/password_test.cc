#include "crypto/base/password.h"

#include <gtest/gtest.h>

#include "crypto/base/encoding.h"
#include "crypto/base/strings.h"

namespace letterlock::crypto {
namespace {

constexpr Argon2idParams kSmall = {.passes = 1, .memory_bytes = kArgon2idMinMemory};
constexpr Argon2idSalt kSalt = {1, 2, 3};

// From Debian's argon2 (the reference implementation): argon2 somesaltsomesalt -id -t 2 -k 65536
// -p 1 -l 32 with "password" on its input.
TEST(Argon2id, GivesTheReferenceImplementationsKey) {
  Argon2idSalt salt;
  const std::string_view text = "somesaltsomesalt";
  std::copy(text.begin(), text.end(), salt.begin());
  const auto key = Argon2id(SecretBuffer::Copy("password"), salt,
                            {.passes = 2, .memory_bytes = uint64_t{64} << 20});
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(HexEncode(AsView(key->Reveal(KeyAccess{}))),
            "fc33b78139231d34b71626bd6245c1d72efa190ad605c3d8166a72adcedfa2c2");
}

TEST(Argon2id, EveryInputChangesTheKey) {
  const SecretBuffer passphrase = SecretBuffer::Copy("correct horse");
  const auto key = Argon2id(passphrase, kSalt, kSmall);
  ASSERT_TRUE(key.ok());
  EXPECT_TRUE(*key == *Argon2id(passphrase, kSalt, kSmall));
  EXPECT_FALSE(*key == *Argon2id(SecretBuffer::Copy("correct hors"), kSalt, kSmall));
  EXPECT_FALSE(*key == *Argon2id(SecretBuffer(), kSalt, kSmall));
  EXPECT_FALSE(*key == *Argon2id(passphrase, Argon2idSalt{1, 2, 4}, kSmall));
  EXPECT_FALSE(*key ==
               *Argon2id(passphrase, kSalt, {.passes = 2, .memory_bytes = kArgon2idMinMemory}));
  EXPECT_FALSE(*key == *Argon2id(passphrase, kSalt,
                                 {.passes = 1, .memory_bytes = kArgon2idMinMemory + 1024}));
}

TEST(Argon2id, ParametersOutOfBoundsAreRefusedBeforeAnyWork) {
  const SecretBuffer passphrase = SecretBuffer::Copy("x");
  for (const Argon2idParams& params : {
           Argon2idParams{.passes = 0, .memory_bytes = kArgon2idMinMemory},
           Argon2idParams{.passes = kArgon2idMaxPasses + 1, .memory_bytes = kArgon2idMinMemory},
           Argon2idParams{.passes = 1, .memory_bytes = 0},
           Argon2idParams{.passes = 1, .memory_bytes = kArgon2idMinMemory - 1024},
           Argon2idParams{.passes = 1, .memory_bytes = kArgon2idMinMemory + 1},
           Argon2idParams{.passes = 1, .memory_bytes = kArgon2idMaxMemory + 1024},
           Argon2idParams{.passes = 1, .memory_bytes = UINT64_MAX},
       }) {
    EXPECT_EQ(Argon2id(passphrase, kSalt, params).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace letterlock::crypto
