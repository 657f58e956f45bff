// The directory as a member may believe it: every answer verified by its proof, held against what
// was shown before, and the own entry checked under each new head (docs/client.md, "Steps",
// "Alarms").
//
// Thread-safety: of a call, that of the State it is given; callers hold the account's lock
// (state.h), so that what is compared and what is remembered are one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "attest/directory_proof.h"
#include "attest/trust.h"
#include "client/client.h"
#include "client/correspondents.h"
#include "client/retry.h"
#include "client/state.h"
#include "client/transport.h"
#include "crypto/base/clock.h"
#include "crypto/base/ids.h"
#include "crypto/base/random.h"

namespace letterlock::client {

class DirectoryClient {
 public:
  struct Options {
    DirectoryTransport* transport = nullptr;  // not owned, like the others; they outlive the client
    const attest::TrustFile* trust = nullptr;
    Sleeper* sleeper = nullptr;
    crypto::RandomSource* random = nullptr;
    const crypto::Clock* clock = nullptr;
    RetryPolicy retry;
    // Where contradicting checkpoints are kept; made when needed.
    std::string evidence_directory;
  };

  explicit DirectoryClient(Options options) : options_(std::move(options)) {}

  // How old a head may be, by its own time (heads come at least every minute) and, where a quorum
  // is asked for, by the witnesses'.
  static constexpr absl::Duration kMaxHeadAge = absl::Minutes(10);

  // The handle's entry as proved; `state->log` moves on. `proof`, if given, receives the proof
  // itself.
  absl::StatusOr<attest::VerifiedLookup> Fetch(const crypto::Handle& handle, State* state,
                                               directory::v1::EntryProof* proof = nullptr) const;

  // The entries that led to `newest`, oldest first, from version `from` on and each authorised by
  // the one before it, as CheckTransition wants it. Verification failed where the directory does
  // not show them.
  absl::StatusOr<std::vector<directory::v1::SignedEntry>> FetchHistory(
      const attest::CheckedEntry& newest, std::uint64_t from = 1) const;

  // Publishes; the answer is verified like Fetch's and must show exactly this entry. Errors of the
  // server (ALREADY_EXISTS: the handle is taken) come as they are.
  absl::StatusOr<attest::VerifiedLookup> Publish(const crypto::Handle& handle,
                                                 const directory::v1::SignedEntry& entry,
                                                 State* state,
                                                 directory::v1::EntryProof* proof = nullptr) const;

  // Looks the own handle up if a head newer than the last checked one was seen, or `always`. Alarm
  // where the directory shows anything but the entry that this account published last.
  absl::Status CheckOwn(const crypto::Handle& own, State* state, bool always = false) const;

  // Whether a head that somebody else was shown is in the log that this account knows. Alarm, with
  // evidence kept, where it is not: two members were shown different histories. REQUIRES: `state`
  // knows a head that was asked for after `shown` was.
  absl::Status CheckShown(const attest::VerifiedHead& shown, const State& state) const;

  // What a look-up found. Nothing is pinned yet: `meeting` says what would be.
  struct Finding {
    LookupAnswer answer;
    std::optional<Meeting> meeting;  // where there is an entry
  };
  // Fetch, CheckOwn, and the comparison with the pin. For handles that unverified content names:
  // such content must not make or change a pin.
  absl::StatusOr<Finding> Find(const crypto::Handle& handle, const crypto::Handle& own,
                               State* state) const;

  // Find, and pins what was found: for handles that the member names.
  absl::StatusOr<LookupAnswer> Lookup(const crypto::Handle& handle, const crypto::Handle& own,
                                      State* state) const;

  // Lookup where the entry fits the pin; otherwise what only a person can decide.
  absl::StatusOr<std::optional<TrustQuestion>> AskTrust(const crypto::Handle& handle,
                                                        const crypto::Handle& own,
                                                        State* state) const;

 private:
  absl::StatusOr<attest::VerifiedLookup> FetchChecked(const crypto::Handle& handle,
                                                      const crypto::Handle& own,
                                                      State* state) const;
  absl::Status AddHistory(const attest::CheckedEntry& newest, Meeting* meeting) const;
  absl::StatusOr<attest::VerifiedLookup> Take(const crypto::Handle& handle,
                                              const directory::v1::EntryProof& proof,
                                              State* state) const;
  // Replaces `*remembered` by what continues it; evidence is kept of what does not.
  absl::Status FollowLog(RememberedLog* remembered, const RememberedLog& offered) const;
  absl::StatusOr<std::vector<crypto::Digest>> Consistency(std::uint64_t old_size,
                                                          std::uint64_t new_size) const;

  const Options options_;
};

}  // namespace letterlock::client
