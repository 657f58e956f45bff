// Identifiers (docs/formats.md, "Identifiers"): strong types, so that one never passes for another.
//
// None can be streamed or printed: ids of members and messages stay out of logs unless somebody
// writes `.bytes()`. Not secret; comparisons are not constant time.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "crypto/base/random.h"
#include "crypto/base/sign.h"
#include "crypto/base/x25519.h"

namespace letterlock::crypto {

// N bytes that name something. `Tag` makes the type its own.
template <typename Tag, size_t N>
class FixedId {
 public:
  static constexpr size_t kSize = N;

  // INVALID_ARGUMENT unless N bytes.
  static absl::StatusOr<FixedId> FromBytes(std::string_view bytes) {
    if (bytes.size() != N) return absl::InvalidArgumentError("id has the wrong length");
    FixedId id;
    std::memcpy(id.bytes_.data(), bytes.data(), N);
    return id;
  }
  static FixedId Random(RandomSource& random) {
    FixedId id;
    random.Fill(id.bytes_);
    return id;
  }
  // The first N bytes of `longer`.
  template <size_t M>
  static FixedId FirstOf(const std::array<uint8_t, M>& longer) {
    static_assert(M >= N);
    FixedId id;
    std::memcpy(id.bytes_.data(), longer.data(), N);
    return id;
  }

  FixedId() : bytes_{} {}  // all zero

  bool IsZero() const { return *this == FixedId(); }
  std::string_view bytes() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }

  friend auto operator<=>(const FixedId&, const FixedId&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const FixedId& id) {
    return H::combine(std::move(h), id.bytes_);
  }

 private:
  std::array<uint8_t, N> bytes_;
};

// One installation; in every signature, leaf, AAD and token, so that nothing replays elsewhere.
using DeploymentId = FixedId<struct DeploymentIdTag, 16>;
// One member for ever, through key rotations; never reused.
using MemberId = FixedId<struct MemberIdTag, 16>;
// One message; random, chosen by its sender and meaningful only together with the sender.
using MessageId = FixedId<struct MessageIdTag, 16>;
using ThreadId = FixedId<struct ThreadIdTag, 16>;
// Which key something was made for; a hint for look-up, not a fingerprint to trust.
using KeyId = FixedId<struct KeyIdTag, 8>;

// A member's name in the directory: ^[a-z0-9][a-z0-9._-]{1,62}$.
class Handle {
 public:
  static constexpr size_t kMinSize = 2;
  static constexpr size_t kMaxSize = 63;

  // INVALID_ARGUMENT unless `text` is a handle. The message does not repeat it.
  static absl::StatusOr<Handle> Parse(std::string_view text);

  const std::string& str() const { return text_; }

  friend auto operator<=>(const Handle&, const Handle&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Handle& handle) {
    return H::combine(std::move(h), handle.text_);
  }

 private:
  explicit Handle(std::string_view text) : text_(text) {}
  std::string text_;
};

// First 16 bytes of SHA-256(context::kDeployment ‖ 0x00 ‖ genesis statement).
DeploymentId DeploymentIdOf(std::string_view genesis_statement);
// First 16 bytes of SHA-256(context::kMember ‖ 0x00 ‖ deployment ‖ genesis identity key ‖ handle).
MemberId MemberIdOf(const DeploymentId& deployment, const PublicKey& genesis_identity_key,
                    const Handle& handle);
// First 8 bytes of SHA-256(context::kKeyId ‖ 0x00 ‖ public key).
KeyId KeyIdOf(const PublicKey& key);
KeyId KeyIdOf(const X25519PublicKey& key);

}  // namespace letterlock::crypto
