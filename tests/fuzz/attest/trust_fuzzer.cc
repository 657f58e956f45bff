#include "attest/trust.h"
#include "round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace letterlock;  // NOLINT: a fuzzer is one function
  attest::TrustFile::Parse(fuzz::Text(data, size)).IgnoreError();
  return 0;
}
