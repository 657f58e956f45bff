// HKDF-SHA-256 (RFC 5869), composed on libcrypto's HMAC. Thread-safe.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "crypto/base/hash.h"
#include "crypto/base/secret_buffer.h"
#include "crypto/base/secret_bytes.h"

namespace letterlock::crypto {

// The most that one expansion yields: 255 blocks of 32 bytes.
inline constexpr size_t kHkdfMaxOutput = 255 * 32;

// PRK = HMAC(salt, ikm parts). An empty salt counts as 32 zero bytes, as the RFC says.
SecretBytes<32> HkdfExtract(std::string_view salt, Parts ikm);
SecretBytes<32> HkdfExtract(std::string_view salt, const SecretBytes<32>& ikm);

// Fills `out` with HKDF-Expand(prk, info parts, out.size()). INVALID_ARGUMENT above
// kHkdfMaxOutput.
absl::Status HkdfExpand(const SecretBytes<32>& prk, Parts info, std::span<uint8_t> out);

// docs/formats.md's HKDF(ikm, salt, ctx(context)): extract, then expand to one 32-byte key whose
// info is context ‖ 0x00 (crypto/base/context.h).
SecretBytes<32> Hkdf(const SecretBytes<32>& ikm, std::string_view salt, std::string_view context);

}  // namespace letterlock::crypto
