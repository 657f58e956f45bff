#include "attest/tiles.h"
#include "round_trip.h"

// The first byte says how many leaves are expected, as a tile's path does.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace letterlock;  // NOLINT: a fuzzer is one function
  if (size == 0) return 0;
  const uint64_t width = uint64_t{data[0]} + 1;
  fuzz::RoundTrip(
      fuzz::Text(data + 1, size - 1),
      [width](std::string_view bytes) { return attest::ParseBundle(bytes, width); },
      [](const std::vector<std::string>& leaves) { return attest::EncodeBundle(leaves); });
  return 0;
}
