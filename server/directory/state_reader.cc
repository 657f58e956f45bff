#include "state_reader.h"

#include <string>
#include <utility>

namespace letterlock::directory {
namespace {

// The row at `key`, parsed; nothing where there is none.
template <class T>
absl::StatusOr<std::optional<T>> ReadRow(const engine::OrderedReader& rows, const std::string& key,
                                         absl::StatusOr<T> (*parse)(std::string_view)) {
  absl::StatusOr<std::optional<std::string>> bytes = rows.Get(key);
  if (!bytes.ok()) return bytes.status();
  if (!bytes->has_value()) return std::optional<T>();
  absl::StatusOr<T> row = parse(**bytes);
  if (!row.ok()) return row.status();
  return std::optional<T>(*std::move(row));
}

absl::StatusOr<StoredEntry> ToStoredEntry(std::string_view bytes) {
  absl::StatusOr<EntryRow> row = ParseEntryRow(bytes);
  if (!row.ok()) return row.status();
  StoredEntry entry;
  entry.salt = row->salt;
  if (!entry.signed_entry.ParseFromString(row->signed_entry)) {
    return absl::DataLossError("an entry in the directory's store is damaged");
  }
  return entry;
}

absl::StatusOr<attest::MapNode> ToMapNode(std::string_view bytes) {
  absl::StatusOr<attest::MapNode> node = attest::ParseMapNode(bytes);
  if (!node.ok()) return absl::DataLossError("a node in the directory's store is damaged");
  return node;
}

}  // namespace

absl::StatusOr<std::optional<HandleState>> StateReader::Handle(
    const crypto::Digest& position) const {
  return ReadRow(*rows_, HandleKey(position), ParseHandleState);
}

absl::StatusOr<std::optional<StoredEntry>> StateReader::Entry(const crypto::Digest& position,
                                                              uint64_t version) const {
  return ReadRow(*rows_, EntryKey(position, version), ToStoredEntry);
}

absl::StatusOr<std::optional<HeadRow>> StateReader::Head() const {
  return ReadRow(*rows_, HeadKey(), ParseHeadRow);
}

absl::StatusOr<std::optional<attest::MapNode>> StateReader::Read(const attest::MapPath& path) {
  return ReadRow(*rows_, NodeKey(path), ToMapNode);
}

}  // namespace letterlock::directory
