#include "crypto/vault/page_token.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "crypto/base/encoding.h"
#include "support/flip.h"

namespace letterlock::vault {
namespace {

using crypto::SecretBytes;
using crypto::SystemRandom;

MailboxKeys SomeKeys() {
  SystemRandom random;
  return MailboxKeys(MailboxTag::Random(random), {1, SecretBytes<32>::Random()});
}

RC_GTEST_PROP(PageToken, GoesOnWhereItSays, (uint8_t folder, uint64_t sequence)) {
  const MailboxKeys keys = SomeKeys();
  const PagePosition position = {.folder = folder, .sequence = sequence};
  const std::string token = EncodePageToken(keys, position);
  RC_ASSERT(token.size() == 35u);
  const auto decoded = DecodePageToken(keys, token);
  RC_ASSERT(decoded.ok());
  RC_ASSERT(*decoded == position);
}

TEST(PageToken, OfAnotherMailboxIsRefused) {
  const std::string token = EncodePageToken(SomeKeys(), {1, 2});
  EXPECT_EQ(DecodePageToken(SomeKeys(), token).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(PageToken, OfAThreadIsForThatThreadAlone) {
  const MailboxKeys keys = SomeKeys();
  const std::string thread(16, 't');
  const std::string token = EncodePageToken(keys, {0, 2, thread});
  EXPECT_EQ(DecodePageToken(keys, token, thread)->sequence, 2u);
  EXPECT_FALSE(DecodePageToken(keys, token).ok());
  EXPECT_FALSE(DecodePageToken(keys, token, std::string(16, 'u')).ok());
  EXPECT_FALSE(DecodePageToken(keys, EncodePageToken(keys, {0, 2}), thread).ok());
}

TEST(PageToken, AnyFlippedBitIsRefused) {
  const MailboxKeys keys = SomeKeys();
  const std::string bytes = *crypto::Base64UrlDecode(EncodePageToken(keys, {1, 2}));
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    EXPECT_FALSE(DecodePageToken(keys, crypto::Base64UrlEncode(testing::Flip(bytes, bit))).ok());
  }
}

TEST(PageToken, AnythingElseIsRefused) {
  const MailboxKeys keys = SomeKeys();
  const std::string token = EncodePageToken(keys, {1, 2});
  EXPECT_FALSE(DecodePageToken(keys, "").ok());
  EXPECT_FALSE(DecodePageToken(keys, "!").ok());
  EXPECT_FALSE(DecodePageToken(keys, token + "A").ok());
  EXPECT_FALSE(DecodePageToken(keys, token.substr(1)).ok());
  EXPECT_FALSE(DecodePageToken(keys, token + "=").ok());
}

}  // namespace
}  // namespace letterlock::vault
