#include "attest/canonical_proto.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace letterlock;  // NOLINT: a fuzzer is one function
  const std::string_view bytes = fuzz::Text(data, size);
  directory::v1::EntryProof message;
  if (attest::ParseCanonical(bytes, &message).ok()) {
    fuzz::MustBe(bytes, attest::SerializeCanonical(message));
  }
  return 0;
}
