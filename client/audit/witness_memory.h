// What a witness must never forget: for each log that it watches, the newest checkpoint that it
// cosigned (docs/formats.md, "Witness state").
//
// A witness that forgets one cosigns a second history. So a log is watched from the moment that its
// record is made, and a record that is gone is a log that is not watched, never one that starts
// anew.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "attest/note.h"

namespace letterlock::audit {

// A log that is watched.
struct WatchedLog {
  attest::VerifierKey key;  // type 0x01; its name is the log's origin
  std::string note{};       // the newest cosigned checkpoint as it is served; empty: none yet
};

// SHA-256 of the origin, in lower-case hex: what a log is called in paths (C2SP tlog-witness,
// monitor retrieval).
std::string OriginHash(std::string_view origin);

// Whether the text can be what OriginHash gives.
bool IsOriginHash(std::string_view text);

// The records. One thread at a time for Replace; Load is thread-safe beside it.
class WitnessMemory {
 public:
  virtual ~WitnessMemory() = default;

  // NOT_FOUND: not watched. DATA_LOSS: a record that is no record. UNAVAILABLE: the disk.
  virtual absl::StatusOr<WatchedLog> Load(std::string_view origin_hash) const = 0;

  // Replaces the record's note. When it returns OK, the new one survives a power cut; after an
  // error, the old or the new one is there, whole.
  virtual absl::Status Replace(const WatchedLog& log) = 0;
};

// A folder with a file for each log.
class FileWitnessMemory final : public WitnessMemory {
 public:
  explicit FileWitnessMemory(std::string directory) : directory_(std::move(directory)) {}

  absl::StatusOr<WatchedLog> Load(std::string_view origin_hash) const override;
  absl::Status Replace(const WatchedLog& log) override;

  // Watches a log from now on. ALREADY_EXISTS where its origin is watched; FAILED_PRECONDITION
  // where it was, and the record is gone: made anew, it would let the log show another history.
  absl::Status Add(const attest::VerifierKey& key);

  // All records, by hash. The first that is damaged or gone is the error.
  absl::StatusOr<std::vector<WatchedLog>> LoadAll() const;

 private:
  std::string PathOf(std::string_view origin_hash) const;
  // The hashes of all origins that were ever watched: what tells a lost record from none.
  absl::StatusOr<std::set<std::string>> EverWatched() const;

  const std::string directory_;
};

}  // namespace letterlock::audit
