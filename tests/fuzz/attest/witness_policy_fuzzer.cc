#include "attest/witness_policy.h"
#include "round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)letterlock::attest::WitnessPolicy::Parse(letterlock::fuzz::Text(data, size));
  return 0;
}
