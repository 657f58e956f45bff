// What people type has many forms; each that is taken means one kit, whose text means it again.
#include "crypto/seal/recovery_kit.h"
#include "round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace letterlock;  // NOLINT: a fuzzer is one function
  const auto kit = seal::RecoveryKit::Parse(fuzz::Text(data, size));
  if (!kit.ok()) return 0;
  const crypto::SecretBuffer text = kit->ToText();
  const auto view = text.RevealView(crypto::KeyAccess{});
  const auto again = seal::RecoveryKit::Parse(view);
  if (!again.ok()) __builtin_trap();
  const crypto::SecretBuffer same = again->ToText();
  fuzz::MustBe(view, same.RevealView(crypto::KeyAccess{}));
  return 0;
}
