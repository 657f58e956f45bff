#include "cosigner.h"

#include "absl/time/time.h"
#include "attest/cosignature.h"
#include "crypto/base/sign.h"

namespace letterlock::audit {

absl::StatusOr<Cosigner> Cosigner::Create(const std::string& name, crypto::SecretBytes<32> seed,
                                          const crypto::Clock* clock) {
  absl::StatusOr<attest::VerifierKey> key = attest::VerifierKey::Make(
      attest::NoteKeyType::kCosignature, name, crypto::SigningKey::FromSeed(seed).public_key());
  if (!key.ok()) return key.status();
  absl::StatusOr<crypto::LockedSecret<32>> locked =
      crypto::LockedSecret<32>::Create(std::move(seed));
  if (!locked.ok()) return locked.status();
  return Cosigner(*std::move(key), *std::move(locked), clock);
}

absl::StatusOr<std::string> Cosigner::Sign(std::string_view text) {
  const int64_t now = absl::ToUnixSeconds(clock_->Now());
  if (now <= 0) return absl::FailedPreconditionError("the clock is before 1970");
  const auto timestamp = static_cast<uint64_t>(now);
  const auto key = crypto::SigningKey::FromSeed(seed_.secret());
  return attest::EncodeCosignature(
      {timestamp, key.SignRaw(attest::CosignedMessage(timestamp, text))});
}

}  // namespace letterlock::audit
