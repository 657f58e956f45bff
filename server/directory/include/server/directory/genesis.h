// The genesis statement: what a deployment is from its first leaf on (docs/formats.md, "Log
// leaves").
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "attest/entry.h"
#include "crypto/base/ids.h"
#include "crypto/base/sign.h"

namespace letterlock::directory {

// Immutable after Parse.
struct Genesis {
  // Reads and checks a canonical tlog.v1.GenesisStatement. INVALID_ARGUMENT, saying which rule it
  // breaks: registrars or `development` but not both and not neither; a log key named as the
  // origin; keys that are sound; a policy threshold that the policy keys can meet.
  static absl::StatusOr<Genesis> Parse(std::string statement);

  std::string statement;  // the bytes that name the deployment
  std::string leaf;       // the log's leaf 0
  crypto::DeploymentId deployment;
  std::string origin;
  std::string log_vkey;
  std::vector<crypto::PublicKey> registrars;  // none: members register themselves
  bool witnessed = false;

  bool development() const { return registrars.empty(); }
  // What a verifier of entries needs to know.
  attest::EntryTrust entry_trust() const { return {deployment, development(), registrars}; }
};

}  // namespace letterlock::directory
