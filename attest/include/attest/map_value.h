// What stands in the directory map (docs/formats.md, "Sparse Merkle map"): position of a handle,
// commitment to an entry, value that binds commitment and version.
//
// A published delta shows position, version and commitment; the root binds all three, and none
// tells who she is: the salt is random and goes with the entry when it is erased.
//
// Pure functions; thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

#include "crypto/base/hash.h"
#include "crypto/base/ids.h"

namespace letterlock::attest {

inline constexpr size_t kSaltSize = 32;

// The commitment of an erased handle.
inline constexpr crypto::Digest kErasedCommitment = {};

// SHA-256(directory-position ‖ 0 ‖ deployment ‖ handle).
crypto::Digest DirectoryPosition(const crypto::DeploymentId& deployment,
                                 const crypto::Handle& handle);

// SHA-256(directory-commitment ‖ 0 ‖ salt ‖ entry). REQUIRES: a salt of 32 bytes.
crypto::Digest DirectoryCommitment(std::string_view salt, std::string_view entry);

// SHA-256(map-value ‖ 0 ‖ u64 version ‖ commitment).
crypto::Digest MapValue(uint64_t version, const crypto::Digest& commitment);

}  // namespace letterlock::attest
