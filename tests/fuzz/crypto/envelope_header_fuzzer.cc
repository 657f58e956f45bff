#include "crypto/seal/envelope_header.h"
#include "round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace letterlock;  // NOLINT: a fuzzer is one function
  fuzz::RoundTrip(fuzz::Text(data, size), seal::EnvelopeHeader::Parse,
                  [](const seal::EnvelopeHeader& header) { return header.Serialise(); });
  return 0;
}
