// Keys and values of the directory's store (docs/directory.md, "The store"). Pure functions;
// parsers take exactly what the encoders give, DATA_LOSS for anything else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "attest/map_store.h"
#include "crypto/base/hash.h"

namespace letterlock::directory {

// What a handle stands at. `position` is its place in the directory map.
struct HandleState {
  uint64_t version = 0;  // of the newest entry or, once erased, of the tombstone
  bool erased = false;
  crypto::Digest commitment = {};  // zero once erased

  friend bool operator==(const HandleState&, const HandleState&) = default;
};

// One version of an entry: what a lookup shows of it.
struct EntryRow {
  crypto::Digest salt = {};
  std::string signed_entry;  // serialised SignedEntry
};

// One changed position of one head.
struct DeltaRow {
  uint64_t version = 0;
  crypto::Digest commitment = {};
};

// The newest head: committed together with all that it stands for, and in the log before or after
// (recovery sees to it).
struct HeadRow {
  uint64_t sequence = 0;
  uint64_t index = 0;  // of its leaf in the log
  uint64_t time_unix_ms = 0;
  crypto::Digest directory_root = {};
  crypto::Digest previous_leaf = {};  // SHA-256 of the leaf before it in the log
  std::string leaf;
};

std::string DeploymentKey();
std::string HeadKey();
std::string EntryKey(const crypto::Digest& position, uint64_t version);
std::string EntryKeysEnd(const crypto::Digest& position);  // after every version
std::string HandleKey(const crypto::Digest& position);
std::string NodeKey(const attest::MapPath& path);
std::string DeltaKey(uint64_t head_sequence, const crypto::Digest& position);
std::string DeltaKeysEnd(uint64_t head_sequence);       // after every delta of that head
std::string ErasedKey(const crypto::Digest& position);  // erased, and not yet compacted away
std::string ErasedKeysBegin();
std::string ErasedKeysEnd();

absl::StatusOr<crypto::Digest> PositionOfErasedKey(std::string_view key);
struct DeltaId {
  uint64_t head_sequence = 0;
  crypto::Digest position = {};
};
absl::StatusOr<DeltaId> ParseDeltaKey(std::string_view key);

std::string Encode(const HandleState& state);
std::string Encode(const EntryRow& row);
std::string Encode(const DeltaRow& row);
std::string Encode(const HeadRow& row);
absl::StatusOr<HandleState> ParseHandleState(std::string_view bytes);
absl::StatusOr<EntryRow> ParseEntryRow(std::string_view bytes);
absl::StatusOr<DeltaRow> ParseDeltaRow(std::string_view bytes);
absl::StatusOr<HeadRow> ParseHeadRow(std::string_view bytes);

}  // namespace letterlock::directory
