// What a hostile sender signs: content, as the recipient parses it.
#include "content_codec.h"
#include "round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace letterlock;  // NOLINT: a fuzzer is one function
  const auto text = fuzz::Text(data, size);
  const auto decoded = seal::internal::DecodeContent(text);
  if (!decoded.ok()) return 0;
  const crypto::SecretBuffer again =
      seal::internal::EncodeContent(decoded->content, decoded->sender, decoded->recipient);
  fuzz::MustBe(text, again.RevealView(crypto::KeyAccess{}));
  return 0;
}
