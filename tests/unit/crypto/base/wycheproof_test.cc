// Replays C2SP/wycheproof: what is invalid must be refused, what is valid must be taken. Only the
// X25519 file has "acceptable" cases; its test says which way each kind goes.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "crypto/base/aead.h"
#include "crypto/base/hmac.h"
#include "crypto/base/kdf.h"
#include "crypto/base/sign.h"
#include "crypto/base/strings.h"
#include "crypto/base/x25519.h"
#include "support/vectors.h"

namespace letterlock::crypto {
namespace {

using nlohmann::json;
using testing::Hex;

// Calls `check` for each case and holds the number of cases against the file's own count.
void ForEachCase(const char* file, const std::function<void(const json&, const json&)>& check) {
  const json vectors = testing::ReadVectors(std::string("wycheproof/") + file);
  size_t seen = 0;
  for (const json& group : vectors.at("testGroups")) {
    for (const json& test : group.at("tests")) {
      SCOPED_TRACE("tcId " + test.at("tcId").dump() + " " + test.at("comment").dump());
      check(group, test);
      ++seen;
    }
  }
  EXPECT_EQ(seen, vectors.at("numberOfTests").get<size_t>());
  EXPECT_GT(seen, 0u);
}

bool Valid(const json& test) { return test.at("result") == "valid"; }

bool HasFlag(const json& test, const char* flag) {
  const json& flags = test.at("flags");
  return std::find(flags.begin(), flags.end(), flag) != flags.end();
}

SecretBytes<32> Key(std::string_view bytes) { return *SecretBytes<32>::FromBytes(bytes); }

template <typename Aead>
void CheckAead(const json& test) {
  const auto nonce = Aead::NonceFromBytes(Hex(test, "iv"));
  if (!nonce.ok()) {
    EXPECT_FALSE(Valid(test));
    return;
  }
  const SecretBytes<32> key = Key(Hex(test, "key"));
  const std::string aad = Hex(test, "aad");
  const std::string message = Hex(test, "msg");
  const std::string sealed = Hex(test, "ct") + Hex(test, "tag");

  const absl::StatusOr<SecretBuffer> opened = Aead::Open(key, *nonce, aad, sealed);
  const absl::StatusOr<std::string> opened_string = Aead::OpenToString(key, *nonce, aad, sealed);
  ASSERT_EQ(opened.ok(), Valid(test));
  ASSERT_EQ(opened_string.ok(), Valid(test));
  if (!Valid(test)) return;
  EXPECT_EQ(opened->RevealView(KeyAccess{}), message);
  EXPECT_EQ(*opened_string, message);
  EXPECT_EQ(Aead::Seal(key, *nonce, aad, message), sealed);
}

TEST(Wycheproof, ChaCha20Poly1305) {
  ForEachCase("chacha20_poly1305_test.json",
              [](const json&, const json& test) { CheckAead<ChaCha20Poly1305>(test); });
}

TEST(Wycheproof, XChaCha20Poly1305) {
  ForEachCase("xchacha20_poly1305_test.json",
              [](const json&, const json& test) { CheckAead<XChaCha20Poly1305>(test); });
}

TEST(Wycheproof, HmacSha256) {
  ForEachCase("hmac_sha256_test.json", [](const json& group, const json& test) {
    const std::string key = Hex(test, "key");
    const std::string message = Hex(test, "msg");
    const std::string tag = Hex(test, "tag");
    // Extraction is HMAC under a salt of any length; truncated tags are compared by their length.
    const SecretBytes<32> extracted = HkdfExtract(key, {message});
    const std::string_view full = AsView(extracted.Reveal(KeyAccess{}));
    EXPECT_EQ(full.substr(0, tag.size()) == tag, Valid(test));
    if (key.size() != 32) return;
    EXPECT_EQ(AsView(HmacSha256(Key(key), message)), full);
    // A truncated tag never passes: ours are 32 bytes.
    const bool whole = group.at("tagSize") == 256;
    EXPECT_EQ(HmacSha256Verify(Key(key), message, tag), Valid(test) && whole);
  });
}

TEST(Wycheproof, HkdfSha256) {
  ForEachCase("hkdf_sha256_test.json", [](const json&, const json& test) {
    std::vector<uint8_t> okm(test.at("size").get<size_t>());
    const absl::Status status =
        HkdfExpand(HkdfExtract(Hex(test, "salt"), {Hex(test, "ikm")}), {Hex(test, "info")}, okm);
    ASSERT_EQ(status.ok(), Valid(test));
    if (status.ok()) {
      EXPECT_EQ(AsView(okm), Hex(test, "okm"));
    }
  });
}

TEST(Wycheproof, Ed25519) {
  ForEachCase("ed25519_test.json", [](const json& group, const json& test) {
    const absl::StatusOr<PublicKey> key = PublicKey::FromBytes(Hex(group.at("publicKey"), "pk"));
    ASSERT_TRUE(key.ok());
    EXPECT_EQ(key->VerifyRaw(Hex(test, "msg"), Hex(test, "sig")), Valid(test));
  });
}

// Acceptable cases, as libsodium and RFC 7748 have it: a zero shared secret is refused, which
// covers every public key of small order; keys on the twist and encodings at or above p are taken,
// and give the secret that the file expects.
TEST(Wycheproof, X25519) {
  ForEachCase("x25519_test.json", [](const json&, const json& test) {
    const absl::StatusOr<X25519PublicKey> peer = X25519PublicKey::FromBytes(Hex(test, "public"));
    ASSERT_TRUE(peer.ok());
    const auto shared = X25519PrivateKey::FromSecret(Key(Hex(test, "private"))).SharedSecret(*peer);
    const bool refused = HasFlag(test, "ZeroSharedSecret");
    ASSERT_FALSE(refused && Valid(test));
    ASSERT_EQ(shared.ok(), !refused);
    EXPECT_EQ(peer->CheckPoint().ok(), !HasFlag(test, "LowOrderPublic"));
    if (shared.ok()) {
      EXPECT_TRUE(*shared == Key(Hex(test, "shared")));
    }
  });
}

}  // namespace
}  // namespace letterlock::crypto
