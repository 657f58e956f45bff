// The tiles and bundles of a log on its storage, at any size up to the one that is stored.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "attest/tile_hashes.h"
#include "attest/tiles.h"
#include "server/log/storage.h"

namespace letterlock::log {

// Thread-safe.
class DiskTiles final : public attest::TileSource {
 public:
  // Of a log that stored `size` leaves. `storage` is not owned and outlives this.
  DiskTiles(const LogStorage* storage, uint64_t size) : storage_(storage), size_(size) {}

  // Cut from the stored one where that is wider. NOT_FOUND beyond `size`.
  absl::StatusOr<std::string> ReadTile(const attest::TileId& tile) override;

  // The leaves of a bundle, cut likewise. DATA_LOSS where the stored bytes are no bundle of that
  // width.
  absl::StatusOr<std::vector<std::string>> ReadBundle(const attest::BundleId& bundle);

 private:
  const LogStorage* const storage_;
  const uint64_t size_;
};

}  // namespace letterlock::log
