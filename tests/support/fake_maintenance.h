// Maintenance over the fake engine's storage. Checkpoint is UNIMPLEMENTED: there are no files.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "engine/maintenance.h"
#include "fake_engine.h"

namespace letterlock::testing {

class FakeMaintenance final : public engine::Maintenance {
 public:
  explicit FakeMaintenance(std::shared_ptr<FakeStorage> storage) : storage_(std::move(storage)) {}

  absl::StatusOr<engine::PartitionPage> Partitions(const std::string& cursor,
                                                   size_t limit) override;
  absl::StatusOr<engine::SealedPage> RowsOf(engine::Table table, const std::string& cursor,
                                            size_t limit) override;
  absl::Status Checkpoint(const std::string& directory) override;
  absl::Status Purge(const engine::MailboxTag& tag) override;

 private:
  const std::shared_ptr<FakeStorage> storage_;
};

}  // namespace letterlock::testing
