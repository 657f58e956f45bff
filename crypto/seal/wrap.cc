#include "wrap.h"

#include <algorithm>

#include "crypto/base/context.h"
#include "crypto/base/ids.h"
#include "crypto/base/kdf.h"
#include "crypto/base/strings.h"
#include "crypto/hpke/hpke.h"
#include "crypto/seal/seal_envelope.h"

namespace letterlock::seal::internal {
namespace {

using crypto::AsView;
using crypto::KeyAccess;
using crypto::SecretBytes;

// HPKE's info: the context with its zero byte, as everywhere.
std::string Info() { return std::string(context::kWrap) + '\0'; }

std::string Aad(const crypto::Digest& header_hash, const crypto::X25519PublicKey& recipient) {
  return std::string(AsView(header_hash)).append(crypto::KeyIdOf(recipient).bytes());
}

}  // namespace

crypto::Digest Commitment(const SecretBytes<32>& content_key) {
  const SecretBytes<32> derived = crypto::Hkdf(content_key, "", context::kContentCommitment);
  crypto::Digest out;  // derived one way from the key, hence public
  std::ranges::copy(derived.Reveal(KeyAccess{}), out.begin());
  return out;
}

SecretBytes<32> EncryptionKey(const SecretBytes<32>& content_key) {
  return crypto::Hkdf(content_key, "", context::kContentKey);
}

absl::StatusOr<std::string> WrapContentKey(const crypto::X25519PublicKey& recipient,
                                           const crypto::Digest& header_hash,
                                           const SecretBytes<32>& content_key,
                                           crypto::RandomSource& random) {
  return hpke::SealBase(recipient, Info(), Aad(header_hash, recipient),
                        AsView(content_key.Reveal(KeyAccess{})), random);
}

absl::StatusOr<SecretBytes<32>> UnwrapContentKey(const crypto::X25519PrivateKey& recipient,
                                                 const crypto::Digest& header_hash,
                                                 std::string_view wrap) {
  if (wrap.size() != kWrapSize) return absl::InvalidArgumentError("wrap has the wrong length");
  const absl::StatusOr<crypto::SecretBuffer> key =
      hpke::OpenBase(wrap, recipient, Info(), Aad(header_hash, recipient.public_key()));
  if (!key.ok()) return key.status();
  return SecretBytes<32>::FromBytes(key->RevealView(KeyAccess{}));
}

}  // namespace letterlock::seal::internal
