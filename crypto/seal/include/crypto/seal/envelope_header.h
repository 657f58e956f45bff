// An envelope's header (docs/formats.md, "Envelope"): what routing and opening need, in the clear
// for the mail server, bound to wraps, ciphertext and signature by its hash.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/base/aead.h"
#include "crypto/base/hash.h"
#include "crypto/base/ids.h"

namespace letterlock::seal {

struct EnvelopeHeader {
  crypto::DeploymentId deployment;
  crypto::MessageId message_id;
  crypto::ThreadId thread_id;
  crypto::MemberId sender;
  crypto::KeyId sender_identity_key_id;
  crypto::KeyId sender_encryption_key_id;
  crypto::MemberId recipient;
  crypto::KeyId recipient_encryption_key_id;
  crypto::XChaCha20Poly1305::Nonce nonce;
  uint32_t padded_length;
  crypto::Digest commitment;  // to the content key

  // INVALID_ARGUMENT unless `bytes` are the canonical form of a header of suite 1, with all sizes
  // right and a padded length that padding can give.
  static absl::StatusOr<EnvelopeHeader> Parse(std::string_view bytes);
  // The canonical form.
  std::string Serialise() const;
};

}  // namespace letterlock::seal
