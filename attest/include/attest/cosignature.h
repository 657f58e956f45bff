// Timestamped Ed25519 cosignatures (C2SP tlog-cosignature v1.0.1): a witness's word that, as of a
// time, the checkpoint is the largest consistent tree that it saw of that log.
//
//   signature line bytes   u64 timestamp ‖ Ed25519 signature (64)
//   signed message         "cosignature/v1\ntime <timestamp>\n" ‖ the checkpoint's whole text
//
// Times are seconds since the Unix epoch. Pure functions; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace letterlock::attest {

inline constexpr size_t kCosignatureSize = 72;
inline constexpr uint64_t kMaxCosignatureTime = (uint64_t{1} << 63) - 1;

// What a witness signs with its Ed25519 key.
std::string CosignedMessage(uint64_t timestamp, std::string_view checkpoint_text);

struct Cosignature {
  uint64_t timestamp = 0;
  std::string signature;  // 64 bytes
};

// InvalidArgument unless 72 bytes with a timestamp of at most 2^63 - 1.
absl::StatusOr<Cosignature> ParseCosignature(std::string_view bytes);
std::string EncodeCosignature(const Cosignature& cosignature);

}  // namespace letterlock::attest
