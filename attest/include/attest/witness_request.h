// What a log asks of a witness (C2SP tlog-witness v1.0.0, `add-checkpoint`):
//
//   old <size>\n
//   <proof hash in base64>\n ...
//   \n
//   <signed checkpoint>
//
// Pure functions; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/base/hash.h"

namespace letterlock::attest {

inline constexpr size_t kMaxWitnessProofLines = 63;

struct AddCheckpointRequest {
  uint64_t old_size = 0;              // of the checkpoint that the witness cosigned last; 0: none
  std::vector<crypto::Digest> proof;  // RFC 6962 consistency from it; empty where old_size is 0
  std::string note;                   // the signed checkpoint; nothing of it is verified
  friend bool operator==(const AddCheckpointRequest&, const AddCheckpointRequest&) = default;
};

// InvalidArgument for anything but the one form. That the note is one is not checked.
absl::StatusOr<AddCheckpointRequest> ParseAddCheckpoint(std::string_view body);

// InvalidArgument for more than kMaxWitnessProofLines hashes.
absl::StatusOr<std::string> FormatAddCheckpoint(const AddCheckpointRequest& request);

}  // namespace letterlock::attest
