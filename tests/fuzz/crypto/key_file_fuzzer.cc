// At the lowest cost that Argon2id has: what is fuzzed is the reader.
#include "key_file_limits.h"
#include "round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace letterlock;  // NOLINT: a fuzzer is one function
  constexpr seal::internal::KeyFileLimits kCheap = {
      .min_passes = 1, .max_passes = 1, .min_memory_kib = 8, .max_memory_kib = 8};
  const auto text = fuzz::Text(data, size);
  const auto keys =
      seal::internal::OpenKeyFileWithin(kCheap, text, crypto::SecretBuffer::Copy("passphrase"));
  if (keys.ok()) __builtin_trap();  // nobody sealed one under this passphrase
  return 0;
}
