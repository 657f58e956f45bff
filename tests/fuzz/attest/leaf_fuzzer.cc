#include "attest/leaf.h"
#include "round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace letterlock;  // NOLINT: a fuzzer is one function
  fuzz::RoundTrip(fuzz::Text(data, size), attest::ParseLeaf,
                  [](const attest::Leaf& leaf) { return attest::FrameLeaf(leaf.type, leaf.body); });
  return 0;
}
