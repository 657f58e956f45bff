// Which requests change the directory (docs/formats.md, "Directory entry"): what can be said of a
// request alone, and what depends on the entry that stands. Errors are rpc::Fail... with reason and
// field, as the caller gets them.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "attest/entry.h"
#include "crypto/base/clock.h"
#include "crypto/base/hash.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "server/directory/genesis.h"
#include "state_reader.h"

namespace letterlock::directory {

// How far ahead of this machine's clock an entry's time may be.
inline constexpr absl::Duration kMaxClockSkew = absl::Minutes(10);

// A request to publish that holds in itself: canonical, of this deployment, keys sound, signed by
// its identity key, attested where registrars vouch.
struct Publication {
  crypto::Digest position = {};
  v1::SignedEntry signed_entry;                 // without unknown fields
  v1::DirectoryEntry entry;                     // parsed from it
  std::optional<attest::CheckedEntry> checked;  // what a verifier makes of it; set
};

// A request to erase that holds in itself. Its signature is checked against the entry that stands.
struct Erasure {
  crypto::Digest position = {};
  v1::ErasureStatement statement;
  std::string statement_bytes;
  std::string signature;
  std::string recovery_key;
};

enum class Verdict {
  kApply,      // the state may be changed as asked
  kAlreadySo,  // the very same was done before
};

// Immutable; thread-safe. `genesis` and `clock` are not owned.
class EntryRules {
 public:
  EntryRules(const Genesis* genesis, const crypto::Clock* clock)
      : genesis_(genesis), clock_(clock) {}

  absl::StatusOr<Publication> CheckPublish(const v1::SignedEntry& request) const;
  absl::StatusOr<Erasure> CheckErase(const std::string& statement, const std::string& signature,
                                     const std::string& recovery_key) const;

  // Against what the handle stands at in `state`.
  absl::StatusOr<Verdict> Judge(const Publication& publication, const StateReader& state) const;
  absl::StatusOr<Verdict> Judge(const Erasure& erasure, const StateReader& state) const;

 private:
  absl::Status CheckRegistrar(const v1::SignedEntry& request,
                              const v1::DirectoryEntry& entry) const;

  const Genesis* const genesis_;
  const crypto::Clock* const clock_;
};

}  // namespace letterlock::directory
