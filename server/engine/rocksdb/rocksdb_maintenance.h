// Maintenance over RocksDB.
#pragma once

#include "database.h"
#include "engine/maintenance.h"

namespace letterlock::engine {

// `database` must outlive it.
class RocksDbMaintenance : public Maintenance {
 public:
  explicit RocksDbMaintenance(Database& database) : database_(database) {}

  absl::StatusOr<PartitionPage> Partitions(const std::string& cursor, size_t limit) override;
  absl::StatusOr<SealedPage> RowsOf(Table table, const std::string& cursor, size_t limit) override;
  absl::Status Checkpoint(const std::string& directory) override;
  absl::Status Purge(const MailboxTag& tag) override;

 private:
  Database& database_;
};

}  // namespace letterlock::engine
