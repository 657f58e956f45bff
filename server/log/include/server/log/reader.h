// Reads of a log as its clients see it: tiles, leaves and proofs of the tree that was signed, and
// nothing beyond it.
//
// A reader is one request's view of one signed tree. Not thread-safe; cheap to make. Errors:
// INVALID_ARGUMENT (what is asked makes no sense in any tree), OUT_OF_RANGE (beyond the signed
// checkpoint), else what the storage says.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/base/hash.h"
#include "server/log/storage.h"
#include "server/log/tree_signer.h"

namespace letterlock::log {

inline constexpr uint32_t kMaxEntriesPerRead = 256;
inline constexpr size_t kMaxEntryBytesPerRead = 2u << 20;

class LogReader {
 public:
  // `storage` is not owned and outlives the reader.
  LogReader(const LogStorage* storage, std::shared_ptr<const SignedTree> tree);

  // A tile of hashes or an entry bundle by its C2SP path, cut to the width that the path names.
  absl::StatusOr<std::string> ReadTile(std::string_view path) const;

  // Leaves from `first` on: `count` (1 to 256), fewer where the checkpoint ends or
  // kMaxEntryBytesPerRead would be passed, but at least one.
  absl::StatusOr<std::vector<std::string>> ReadEntries(uint64_t first, uint32_t count) const;

  // RFC 6962; sizes up to the checkpoint's.
  absl::StatusOr<std::vector<crypto::Digest>> ProveInclusion(uint64_t index, uint64_t size) const;
  absl::StatusOr<std::vector<crypto::Digest>> ProveConsistency(uint64_t old_size,
                                                               uint64_t new_size) const;

 private:
  const LogStorage* const storage_;
  const std::shared_ptr<const SignedTree> tree_;
};

}  // namespace letterlock::log
