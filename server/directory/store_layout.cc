#include "store_layout.h"

#include <utility>

#include "crypto/base/bytes.h"
#include "crypto/base/strings.h"

namespace letterlock::directory {
namespace {

// The first byte of a key.
enum Table : uint8_t {
  kDeployment = 0x01,
  kEntries = 0x02,
  kHandles = 0x03,
  kNodes = 0x04,
  kDeltas = 0x05,
  kHead = 0x06,
  kErased = 0x07,
};
constexpr uint8_t kRowVersion = 1;
constexpr size_t kDigestSize = 32;

absl::Status Damaged() { return absl::DataLossError("a row of the directory's store is damaged"); }

crypto::ByteWriter Row() {
  crypto::ByteWriter writer;
  writer.U8(kRowVersion);
  return writer;
}

std::string KeyOf(Table table, const crypto::Digest& position) {
  return crypto::ByteWriter().U8(table).Bytes(crypto::AsView(position)).Take();
}

// Reads 32 bytes; zero where there are fewer (the reader's Finish says so).
crypto::Digest DigestOf(crypto::ByteReader& reader) {
  return crypto::DigestFromBytes(reader.Bytes(kDigestSize)).value_or(crypto::Digest{});
}

// A row of this version, read by `read` to its last byte.
template <class T, class Read>
absl::StatusOr<T> Parse(std::string_view bytes, Read read) {
  crypto::ByteReader reader(bytes);
  const uint8_t version = reader.U8();
  T row;
  read(reader, &row);
  if (version != kRowVersion || !reader.Finish().ok()) return Damaged();
  return row;
}

}  // namespace

std::string DeploymentKey() { return crypto::ByteWriter().U8(kDeployment).Take(); }
std::string HeadKey() { return crypto::ByteWriter().U8(kHead).Take(); }

std::string EntryKey(const crypto::Digest& position, uint64_t version) {
  return crypto::ByteWriter().U8(kEntries).Bytes(crypto::AsView(position)).U64(version).Take();
}

std::string EntryKeysEnd(const crypto::Digest& position) {
  return EntryKey(position, UINT64_MAX) + '\0';
}

std::string HandleKey(const crypto::Digest& position) { return KeyOf(kHandles, position); }

std::string NodeKey(const attest::MapPath& path) {
  return crypto::ByteWriter().U8(kNodes).Bytes(attest::EncodeMapPath(path)).Take();
}

std::string DeltaKey(uint64_t head_sequence, const crypto::Digest& position) {
  return crypto::ByteWriter().U8(kDeltas).U64(head_sequence).Bytes(crypto::AsView(position)).Take();
}

std::string DeltaKeysEnd(uint64_t head_sequence) {
  crypto::Digest last;
  last.fill(0xff);
  return DeltaKey(head_sequence, last) + '\0';
}

std::string ErasedKey(const crypto::Digest& position) { return KeyOf(kErased, position); }
std::string ErasedKeysBegin() { return crypto::ByteWriter().U8(kErased).Take(); }
std::string ErasedKeysEnd() { return crypto::ByteWriter().U8(kErased + 1).Take(); }

absl::StatusOr<crypto::Digest> PositionOfErasedKey(std::string_view key) {
  crypto::ByteReader reader(key);
  const uint8_t table = reader.U8();
  const crypto::Digest position = DigestOf(reader);
  if (table != kErased || !reader.Finish().ok()) return Damaged();
  return position;
}

absl::StatusOr<DeltaId> ParseDeltaKey(std::string_view key) {
  crypto::ByteReader reader(key);
  const uint8_t table = reader.U8();
  DeltaId id;
  id.head_sequence = reader.U64();
  id.position = DigestOf(reader);
  if (table != kDeltas || !reader.Finish().ok()) return Damaged();
  return id;
}

std::string Encode(const HandleState& state) {
  return Row()
      .U64(state.version)
      .U8(state.erased ? 1 : 0)
      .Bytes(crypto::AsView(state.commitment))
      .Take();
}

absl::StatusOr<HandleState> ParseHandleState(std::string_view bytes) {
  return Parse<HandleState>(bytes, [](crypto::ByteReader& reader, HandleState* state) {
    state->version = reader.U64();
    state->erased = reader.U8() != 0;
    state->commitment = DigestOf(reader);
  });
}

std::string Encode(const EntryRow& row) {
  return Row().Bytes(crypto::AsView(row.salt)).Bytes(row.signed_entry).Take();
}

absl::StatusOr<EntryRow> ParseEntryRow(std::string_view bytes) {
  return Parse<EntryRow>(bytes, [](crypto::ByteReader& reader, EntryRow* row) {
    row->salt = DigestOf(reader);
    row->signed_entry = reader.Rest();
  });
}

std::string Encode(const DeltaRow& row) {
  return Row().U64(row.version).Bytes(crypto::AsView(row.commitment)).Take();
}

absl::StatusOr<DeltaRow> ParseDeltaRow(std::string_view bytes) {
  return Parse<DeltaRow>(bytes, [](crypto::ByteReader& reader, DeltaRow* row) {
    row->version = reader.U64();
    row->commitment = DigestOf(reader);
  });
}

std::string Encode(const HeadRow& row) {
  return Row()
      .U64(row.sequence)
      .U64(row.index)
      .U64(row.time_unix_ms)
      .Bytes(crypto::AsView(row.directory_root))
      .Bytes(crypto::AsView(row.previous_leaf))
      .Field(row.leaf)
      .Take();
}

absl::StatusOr<HeadRow> ParseHeadRow(std::string_view bytes) {
  return Parse<HeadRow>(bytes, [](crypto::ByteReader& reader, HeadRow* row) {
    row->sequence = reader.U64();
    row->index = reader.U64();
    row->time_unix_ms = reader.U64();
    row->directory_root = DigestOf(reader);
    row->previous_leaf = DigestOf(reader);
    row->leaf = reader.Field();
  });
}

}  // namespace letterlock::directory
