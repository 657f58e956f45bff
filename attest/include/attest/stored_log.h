// A whole log as it lies in files (C2SP tlog-tiles v0.1.0): reading its tiles and entries at any
// size up to the stored one, and hashing all of it.
//
// Errors: NotFound for a file that is not there, DataLoss for one that is not what the tree needs,
// else what the files say.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "attest/tile_hashes.h"
#include "attest/tiles.h"
#include "crypto/base/hash.h"

namespace letterlock::attest {

// Where a log's files are read from. Paths are those of tiles.h, relative to the log.
class LogFiles {
 public:
  virtual ~LogFiles() = default;
  // All of a file; NotFound if there is none. Thread-safe.
  virtual absl::StatusOr<std::string> Read(std::string_view path) const = 0;
};

// Thread-safe.
class StoredTiles final : public TileSource {
 public:
  // Of a log that stored `size` leaves. `files` is not owned and outlives this.
  StoredTiles(const LogFiles* files, uint64_t size) : files_(files), size_(size) {}

  // Cut from the stored one where that is wider. NotFound beyond `size`.
  absl::StatusOr<std::string> ReadTile(const TileId& tile) override;

  // The leaves of a bundle, cut likewise. DataLoss where the stored bytes are no bundle of that
  // width.
  absl::StatusOr<std::vector<std::string>> ReadBundle(const BundleId& bundle);

 private:
  const LogFiles* const files_;
  const uint64_t size_;
};

// Hashes every leaf and compares every tile; `on_leaf` gets each leaf with its index, in order,
// before it is known whether the whole is what was signed. OK where the leaves make `root` and
// every tile is theirs; DataLoss where not; what `on_leaf` says otherwise. Memory does not grow
// with the log.
absl::Status HashStoredLog(
    const LogFiles& files, uint64_t size, const crypto::Digest& root,
    absl::FunctionRef<absl::Status(uint64_t index, std::string_view leaf)> on_leaf);

}  // namespace letterlock::attest
