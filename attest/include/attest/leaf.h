// The frame of a log leaf (docs/formats.md, "Log leaves"): u8 type ‖ u8 version (1) ‖ body.
//
// Bodies of genesis and head are canonical protobuf messages (canonical_proto.h); the other types
// are reserved, and their bodies opaque. Pure functions; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace letterlock::attest {

enum class LeafType : uint8_t {
  kGenesis = 1,  // index 0 and nowhere else
  kHead = 2,
  kPolicy = 3,
  kRelease = 4,
  kExport = 5,
  kKeyRotation = 6,
  kSuccessor = 7,
};

inline constexpr uint8_t kLeafVersion1 = 1;

// `body` points into the bytes that were parsed.
struct Leaf {
  LeafType type = LeafType::kGenesis;
  std::string_view body;
};

// InvalidArgument for an empty body or one that makes the leaf longer than 65,535 bytes.
absl::StatusOr<std::string> FrameLeaf(LeafType type, std::string_view body);

// InvalidArgument for an unknown type or version and for the sizes above.
absl::StatusOr<Leaf> ParseLeaf(std::string_view leaf);

}  // namespace letterlock::attest
