// Files of one folder, each sealed under a key of the account and bound to its name: none opens in
// the place of another (docs/formats.md, "Local cache"). Thread-safe; several processes may use the
// folder, but take turns by a lock of their own.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/base/hash.h"
#include "crypto/base/secret_buffer.h"
#include "crypto/base/secret_bytes.h"

namespace letterlock::client {

class SealedFiles {
 public:
  // The folder is made with the first Write.
  SealedFiles(std::string folder, const crypto::SecretBytes<32>& state_key);

  const std::string& folder() const { return folder_; }

  // Makes the folder, 0700, where it is not there.
  absl::Status MakeFolder() const;

  // Replaces the file, durably. Returns the SHA-256 of the file as it is on disk.
  absl::StatusOr<crypto::Digest> Write(const std::string& name,
                                       const crypto::SecretBuffer& content) const;

  // NOT_FOUND; DATA_LOSS where it does not open, or is not the file of this digest.
  absl::StatusOr<crypto::SecretBuffer> Read(
      const std::string& name, const std::optional<crypto::Digest>& digest = std::nullopt) const;

  // Removes all files but these. What can't be removed stays: it is of no further meaning.
  void RemoveAllBut(const std::set<std::string>& names) const;

 private:
  const std::string folder_;
  const crypto::SecretBytes<32> key_;
};

}  // namespace letterlock::client
