// Private: the content key, what is derived from it, and its wraps (docs/formats.md, "Envelope",
// steps 5 and 7).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/base/hash.h"
#include "crypto/base/random.h"
#include "crypto/base/secret_bytes.h"
#include "crypto/base/x25519.h"

namespace letterlock::seal::internal {

// Binds an envelope to one content key: without it a ciphertext can be made that opens under two
// keys to two texts, one for the recipient and one for the abuse desk.
crypto::Digest Commitment(const crypto::SecretBytes<32>& content_key);

crypto::SecretBytes<32> EncryptionKey(const crypto::SecretBytes<32>& content_key);

// kWrapSize bytes that only `recipient`'s private key opens, for the envelope of this header alone.
absl::StatusOr<std::string> WrapContentKey(const crypto::X25519PublicKey& recipient,
                                           const crypto::Digest& header_hash,
                                           const crypto::SecretBytes<32>& content_key,
                                           crypto::RandomSource& random);
absl::StatusOr<crypto::SecretBytes<32>> UnwrapContentKey(const crypto::X25519PrivateKey& recipient,
                                                         const crypto::Digest& header_hash,
                                                         std::string_view wrap);

}  // namespace letterlock::seal::internal
