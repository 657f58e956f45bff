#include "row_layout.h"

#include <cstdint>

namespace letterlock::engine {
namespace {

constexpr size_t kGenerationSize = 8;

}  // namespace

std::string DatabaseKey(const MailboxTag& tag, Table table, std::string_view key) {
  std::string out;
  out.reserve(kRowKeyAt + key.size());
  out += tag.bytes();
  out += static_cast<char>(table);
  out += key;
  return out;
}

std::string TableEnd(const MailboxTag& tag, Table table) {
  // One byte longer than a row key: greater than even a key of 0xff alone.
  return DatabaseKey(tag, table, std::string(kMaxKeySize + 1, '\xff'));
}

std::string PartitionEnd(const MailboxTag& tag) { return TableEnd(tag, Table{0xff}); }

absl::StatusOr<ParsedKey> ParseDatabaseKey(std::string_view key) {
  if (key.size() < kRowKeyAt || key.size() > kRowKeyAt + kMaxKeySize) {
    return absl::DataLossError("stored key of a wrong size");
  }
  return ParsedKey{.tag = *MailboxTag::FromBytes(key.substr(0, kTableAt)),
                   .table = Table{static_cast<uint8_t>(key[kTableAt])},
                   .key = key.substr(kRowKeyAt)};
}

std::string GenerationValue(Generation generation) {
  std::string out(kGenerationSize, '\0');
  for (size_t i = kGenerationSize; i-- > 0; generation >>= 8) {
    out[i] = static_cast<char>(generation & 0xff);
  }
  return out;
}

absl::StatusOr<Generation> ParseGeneration(std::string_view value) {
  Generation generation = 0;
  if (value.size() != kGenerationSize) return absl::DataLossError("generation of a wrong size");
  for (char c : value) generation = generation << 8 | static_cast<uint8_t>(c);
  if (generation == kNoPartition) return absl::DataLossError("generation zero");
  return generation;
}

}  // namespace letterlock::engine
