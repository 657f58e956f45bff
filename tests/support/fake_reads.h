// What reads see of the fake engine's storage.
#pragma once

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "fake_engine.h"

namespace letterlock::testing {

absl::StatusOr<engine::Rows> ReadFake(FakeStorage& storage, const engine::MailboxTag& tag,
                                      absl::Span<const engine::RowKey> keys);
absl::StatusOr<engine::Page> ScanFake(FakeStorage& storage, const engine::MailboxTag& tag,
                                      engine::Table table, const engine::Range& range);

}  // namespace letterlock::testing
