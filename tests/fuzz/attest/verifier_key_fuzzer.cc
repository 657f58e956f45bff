#include "attest/note.h"
#include "round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace letterlock;  // NOLINT: a fuzzer is one function
  fuzz::RoundTrip(fuzz::Text(data, size), attest::VerifierKey::Parse,
                  [](const attest::VerifierKey& key) { return key.Format(); });
  return 0;
}
