// Whom a verifier trusts to watch a log (C2SP tlog-policy, commit 5ba5ee8): logs, witnesses, groups
// of witnesses, and the quorum that makes a checkpoint good.
//
//   log <vkey> [<url>]
//   witness <name> <vkey> [<url>]
//   group <name> all|any|<k> <name>...
//   quorum <name>|none
//
// Stricter than the text in one point: a key may not be log and witness both. A log that watches
// itself is no witness.
//
// Immutable after parsing; thread-safe. Errors: InvalidArgument, naming the line, for a text that
// breaks any rule.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "attest/checkpoint.h"
#include "attest/note.h"

namespace letterlock::attest {

// Which cosignatures count, by their timestamps (seconds since the Unix epoch, both ends included).
struct CosignatureWindow {
  uint64_t not_before = 0;
  uint64_t not_after = std::numeric_limits<uint64_t>::max();
};

// A witness that counts, with the earliest and the latest of its cosignatures that do.
struct CountedWitness {
  std::string name;  // in the policy
  uint64_t earliest = 0;
  uint64_t latest = 0;
};

enum class QuorumLevel {
  kUnwitnessed,  // the policy asks for nobody (quorum none): say UNWITNESSED wherever this is shown
  kMissed,       // the policy asks for a quorum, and it is not there
  kReached,
};

struct QuorumVerdict {
  QuorumLevel level = QuorumLevel::kMissed;
  std::vector<CountedWitness> counted;  // also where they do not suffice

  // Good under the policy, which is not the same as witnessed.
  bool acceptable() const { return level != QuorumLevel::kMissed; }
};

class WitnessPolicy {
 public:
  static constexpr size_t kMaxSize = 1 << 20;
  static constexpr size_t kMaxLogs = 64;
  static constexpr size_t kMaxWitnesses = 64;
  static constexpr size_t kMaxGroups = 64;

  static absl::StatusOr<WitnessPolicy> Parse(std::string_view text);

  // True where the quorum is `none`.
  bool unwitnessed() const { return !quorum_.has_value(); }

  // The keys as OpenCheckpoint takes them. URLs and names stand at the same indices; a URL may be
  // empty.
  absl::Span<const VerifierKey> log_keys() const { return log_keys_; }
  absl::Span<const VerifierKey> witness_keys() const { return witness_keys_; }
  const std::vector<std::string>& log_urls() const { return log_urls_; }
  const std::vector<std::string>& witness_urls() const { return witness_urls_; }

  // Judges the cosignatures of a checkpoint opened with witness_keys().
  QuorumVerdict Evaluate(absl::Span<const VerifiedCosignature> cosignatures,
                         const CosignatureWindow& window = {}) const;

 private:
  friend class PolicyParser;

  // A named witness or group: what a group lists and a quorum asks for.
  struct Party {
    std::string name;
    std::optional<size_t> witness;  // index into witness_keys_; otherwise a group
    size_t threshold = 0;           // of a group
    std::vector<size_t> members;    // of a group: parties before it
  };

  WitnessPolicy() = default;

  std::vector<VerifierKey> log_keys_;
  std::vector<std::string> log_urls_;
  std::vector<VerifierKey> witness_keys_;
  std::vector<std::string> witness_urls_;
  std::vector<Party> parties_;
  std::optional<size_t> quorum_;  // index into parties_; nullopt: none
};

}  // namespace letterlock::attest
