// SHA-256 (FIPS 180-4) through libcrypto.
//
// Hashes of ours carry a context (crypto/base/context.h): SHA-256(context ‖ 0x00 ‖ parts). The
// parts are concatenated as they are: whoever passes parts of variable size writes their lengths
// into them. Foreign formats (RFC 6962 trees, C2SP) hash without a context.
//
// Thread-safety: the functions are thread-safe; a Sha256Hasher belongs to one thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace letterlock::crypto {

using Digest = std::array<uint8_t, 32>;

// Pieces that are hashed or signed one after another, without copying them together. Callers write
// `{a, b}`; the views must live through the call.
using Parts = absl::Span<const std::string_view>;

Digest Sha256(std::string_view bytes);
Digest Sha256(std::string_view context, Parts parts);  // SHA-256(context ‖ 0x00 ‖ parts)
Digest Sha256Concat(Parts parts);                      // SHA-256(parts), no context

// The digest's 32 bytes as a string, as protobuf fields want them, and back (INVALID_ARGUMENT
// unless 32 bytes).
std::string ToString(const Digest& digest);
absl::StatusOr<Digest> DigestFromBytes(std::string_view bytes);

// For input that arrives in pieces (files, streams).
class Sha256Hasher {
 public:
  Sha256Hasher();
  explicit Sha256Hasher(std::string_view context);  // starts with context ‖ 0x00
  Sha256Hasher(Sha256Hasher&&) noexcept;
  Sha256Hasher& operator=(Sha256Hasher&&) noexcept;
  ~Sha256Hasher();

  void Update(std::string_view bytes);
  // The digest of all bytes so far. REQUIRES: called once, as the last call.
  Digest Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace letterlock::crypto
