// Reads of one mailbox.
#pragma once

#include <rocksdb/db.h>

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/mailbox_tag.h"
#include "engine/row.h"

namespace letterlock::engine {

// Thread-safe; block on disk. Arguments are checked before (CheckKeys, CheckScan).
absl::StatusOr<Rows> ReadRows(rocksdb::DB& db, const MailboxTag& tag,
                              absl::Span<const RowKey> keys);
absl::StatusOr<std::optional<std::string>> ReadOneRow(rocksdb::DB& db, const MailboxTag& tag,
                                                      const RowKey& key);
absl::StatusOr<Page> ScanTable(rocksdb::DB& db, const MailboxTag& tag, Table table,
                               const Range& range);

}  // namespace letterlock::engine
