// The trust file: all that a verifier trusts (docs/formats.md, "Trust file").
//
// Immutable; thread-safe. Errors: InvalidArgument, naming the line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "attest/entry.h"
#include "attest/witness_policy.h"
#include "crypto/base/sign.h"

namespace letterlock::attest {

// What stands in a trust file, before it is checked.
struct TrustFields {
  EntryTrust entries;  // deployment, development, registrar lines
  std::vector<crypto::PublicKey> policy_keys;
  uint64_t policy_threshold = 0;
  std::string tlog_policy;  // C2SP text, to the byte
};

class TrustFile {
 public:
  static constexpr size_t kMaxKeys = 64;  // registrars, and policy keys

  // Refuses: lines out of order, a registrar in development or none outside it, no policy key or
  // more than kMaxKeys, a key twice, a threshold that no number of keys meets, a policy without a
  // log or with logs of several origins (one deployment has one log; several keys are for
  // rotation).
  static absl::StatusOr<TrustFile> Parse(std::string_view text);

  const EntryTrust& entries() const { return fields_.entries; }
  const crypto::DeploymentId& deployment() const { return fields_.entries.deployment; }
  // True where members register themselves: every output says SELF-REGISTERED.
  bool development() const { return fields_.entries.development; }
  const std::vector<crypto::PublicKey>& policy_keys() const { return fields_.policy_keys; }
  uint64_t policy_threshold() const { return fields_.policy_threshold; }
  // Its unwitnessed() is true where every output says UNWITNESSED.
  const WitnessPolicy& witness_policy() const { return policy_; }
  const std::string& origin() const { return policy_.log_keys().front().name(); }

 private:
  TrustFile(TrustFields fields, WitnessPolicy policy)
      : fields_(std::move(fields)), policy_(std::move(policy)) {}

  TrustFields fields_;
  WitnessPolicy policy_;
};

// The text of a trust file with these fields; InvalidArgument where Parse would refuse it.
absl::StatusOr<std::string> FormatTrustFile(const TrustFields& fields);

}  // namespace letterlock::attest
