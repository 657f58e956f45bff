// What an account remembers between commands (docs/client.md, "What is remembered") and the sealed
// file that keeps it (docs/formats.md, "Key file": client state).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/taken_messages.h"
#include "crypto/base/hash.h"
#include "crypto/base/ids.h"
#include "crypto/base/secret_bytes.h"
#include "crypto/base/sign.h"

namespace letterlock::client {

// The newest checkpoint that was shown to this account and verified, and the newest head under one.
// Size 0: none yet.
struct RememberedLog {
  std::string origin;
  std::uint64_t size = 0;
  crypto::Digest root{};
  std::string checkpoint;  // the signed note
  std::uint64_t head_sequence = 0;
  std::uint64_t head_index = 0;
  crypto::Digest head_leaf{};  // RFC 6962 leaf hash
};

// A correspondent as last verified.
struct Pin {
  std::string entry;  // canonical DirectoryEntry
  std::uint64_t first_seen_unix_ms = 0;
  std::vector<crypto::PublicKey>
      earlier_identity_keys;  // oldest first; mail signed by them stays good
};

// The own entry and how far making the account got.
struct OwnEntry {
  std::string signed_entry;  // serialised SignedEntry; empty before the account is made
  bool published = false;
  bool enrolled = false;
  std::uint64_t checked_head = 0;  // the newest head under which it was seen in force
};

struct State {
  OwnEntry own;
  RememberedLog log;
  std::map<crypto::Handle, Pin> pins;
  TakenMessages taken;
};

// JSON; Parse refuses unknown and missing fields.
std::string SerialiseState(const State& state);
absl::StatusOr<State> ParseState(std::string_view json);

// The file `state` in an account's directory, and its lock. Thread-safe; several processes may use
// one directory at a time.
class StateFile {
 public:
  // Holds the account's lock while it lives: what is read is not changed by another command before
  // Commit. Leaving it without Commit changes nothing.
  class Transaction {
   public:
    Transaction(Transaction&&) noexcept;
    Transaction& operator=(Transaction&&) noexcept;
    ~Transaction();

    State& state();
    // Seals and replaces the file; durable when it returns OK. The lock is kept.
    absl::Status Commit();

   private:
    friend class StateFile;
    struct Impl;
    explicit Transaction(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
  };

  // REQUIRES: `directory` exists.
  StateFile(std::string directory, crypto::SecretBytes<32> state_key);

  // A file that does not exist is an empty State. UNAVAILABLE where another command holds the lock
  // for longer than `patience`; DATA_LOSS where the file does not open or does not parse.
  absl::StatusOr<Transaction> Begin(absl::Duration patience = absl::Seconds(60)) const;

 private:
  std::string directory_;
  std::shared_ptr<const crypto::SecretBytes<32>> key_;
};

}  // namespace letterlock::client
