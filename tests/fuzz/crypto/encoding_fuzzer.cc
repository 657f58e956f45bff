// Strict text decoders: one text for each value. The first byte chooses the encoding.
#include "crypto/base/base32.h"
#include "crypto/base/encoding.h"
#include "round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace letterlock::crypto;  // NOLINT: a fuzzer is one function
  if (size == 0) return 0;
  const auto text = letterlock::fuzz::Text(data + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      letterlock::fuzz::RoundTrip(text, Base64Decode, Base64Encode);
      break;
    case 1:
      letterlock::fuzz::RoundTrip(text, Base64UrlDecode, Base64UrlEncode);
      break;
    case 2:
      letterlock::fuzz::RoundTrip(text, HexDecode, HexEncode);
      break;
    default:
      if (const auto bytes = CrockfordDecode(text); bytes.ok()) {
        letterlock::fuzz::MustBe(*bytes, CrockfordDecode(CrockfordEncode(*bytes)));
      }
  }
  return 0;
}
