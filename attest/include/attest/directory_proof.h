// Verification of what a directory answers, end to end: entry or absence, map proof under a head,
// the head in the log, the log's and the witnesses' signatures.
//
// What a verified entry shows is the key that the directory holds for the handle as of that head.
// That no later head says otherwise is a matter of freshness; that the directory shows everybody
// the same, of the witnesses and of remembered checkpoints (checkpoint_memory.h).
//
// Errors as in head_proof.h and entry.h. Pure functions; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

#include "absl/status/statusor.h"
#include "attest/entry.h"
#include "attest/head_proof.h"
#include "attest/trust.h"
#include "crypto/base/ids.h"

namespace letterlock::directory::v1 {
class EntryProof;
}  // namespace letterlock::directory::v1

namespace letterlock::attest {

// An entry that the directory holds as of a head. Made by the verification alone.
class VerifiedEntry {
 public:
  const EntryContent& content() const { return entry_.content(); }
  const CheckedEntry& checked() const { return entry_; }
  crypto::MemberId member() const { return entry_.content().member(); }
  bool attested() const { return entry_.attested(); }  // false: SELF-REGISTERED
  const VerifiedHead& head() const { return head_; }

 private:
  friend class LookupVerifier;
  VerifiedEntry(CheckedEntry entry, VerifiedHead head)
      : entry_(std::move(entry)), head_(std::move(head)) {}

  CheckedEntry entry_;
  VerifiedHead head_;
};

// The directory holds nothing for the handle as of a head.
class VerifiedAbsence {
 public:
  const VerifiedHead& head() const { return head_; }

 private:
  friend class LookupVerifier;
  explicit VerifiedAbsence(VerifiedHead head) : head_(std::move(head)) {}
  VerifiedHead head_;
};

// The handle's entries were erased; it is not given again.
class VerifiedErasure {
 public:
  uint64_t version() const { return version_; }  // of the tombstone
  const VerifiedHead& head() const { return head_; }

 private:
  friend class LookupVerifier;
  VerifiedErasure(uint64_t version, VerifiedHead head)
      : version_(version), head_(std::move(head)) {}
  uint64_t version_;
  VerifiedHead head_;
};

using VerifiedLookup = std::variant<VerifiedEntry, VerifiedAbsence, VerifiedErasure>;

// Verifies the answer to a look-up of `handle`.
absl::StatusOr<VerifiedLookup> VerifyLookup(const directory::v1::EntryProof& proof,
                                            const crypto::Handle& handle, const TrustFile& trust,
                                            const std::optional<Freshness>& freshness);

// Verifies a proof that brings its own handle; for whoever is shown an entry. NotFound if it proves
// an absence instead.
absl::StatusOr<VerifiedEntry> VerifyEntry(const directory::v1::EntryProof& proof,
                                          const TrustFile& trust,
                                          const std::optional<Freshness>& freshness);

const VerifiedHead& HeadOf(const VerifiedLookup& lookup);

}  // namespace letterlock::attest
