#include "crypto/vault/sync_token.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "crypto/base/encoding.h"
#include "crypto/vault/page_token.h"
#include "support/flip.h"

namespace letterlock::vault {
namespace {

using crypto::SecretBytes;
using crypto::SystemRandom;

MailboxKeys SomeKeys() {
  SystemRandom random;
  return MailboxKeys(MailboxTag::Random(random), {1, SecretBytes<32>::Random()});
}

RC_GTEST_PROP(SyncToken, GoesOnWhereItSays, (uint64_t change, bool walking, uint64_t walked)) {
  const MailboxKeys keys = SomeKeys();
  const SyncPosition position = {.change = change, .walking = walking, .walked = walked};
  const std::string token = EncodeSyncToken(keys, position);
  RC_ASSERT(token.size() == 46u);
  const auto decoded = DecodeSyncToken(keys, token);
  RC_ASSERT(decoded.ok());
  RC_ASSERT(*decoded == position);
}

TEST(SyncToken, OfAnotherMailboxIsRefused) {
  const std::string token = EncodeSyncToken(SomeKeys(), {1, true, 2});
  EXPECT_EQ(DecodeSyncToken(SomeKeys(), token).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(SyncToken, AnyFlippedBitIsRefused) {
  const MailboxKeys keys = SomeKeys();
  const std::string bytes = *crypto::Base64UrlDecode(EncodeSyncToken(keys, {1, true, 2}));
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    EXPECT_FALSE(DecodeSyncToken(keys, crypto::Base64UrlEncode(testing::Flip(bytes, bit))).ok());
  }
}

TEST(SyncToken, APageTokenIsNone) {
  const MailboxKeys keys = SomeKeys();
  EXPECT_FALSE(DecodeSyncToken(keys, EncodePageToken(keys, {1, 2})).ok());
}

TEST(SyncToken, AnythingElseIsRefused) {
  const MailboxKeys keys = SomeKeys();
  const std::string token = EncodeSyncToken(keys, {1, true, 2});
  EXPECT_FALSE(DecodeSyncToken(keys, "").ok());
  EXPECT_FALSE(DecodeSyncToken(keys, "!").ok());
  EXPECT_FALSE(DecodeSyncToken(keys, token + "A").ok());
  EXPECT_FALSE(DecodeSyncToken(keys, token.substr(1)).ok());
  EXPECT_FALSE(DecodeSyncToken(keys, token + "=").ok());
}

}  // namespace
}  // namespace letterlock::vault
