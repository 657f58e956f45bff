// The content of a head leaf (docs/formats.md, "Log leaves"): what the operator stands behind at
// one moment. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/base/hash.h"
#include "crypto/base/ids.h"

namespace letterlock::attest {

struct Head {
  uint64_t sequence = 0;  // 1 for the first
  crypto::Digest directory_root = {};
  crypto::Digest publication_root = {};
  uint64_t policy_index = 0;  // of the policy leaf in force; 0: none
  uint64_t export_index = 0;  // of the last export leaf; 0: none
  absl::Time time;            // the operator's clock
};

// From the body of the head leaf that stands at `index` of the deployment's log. InvalidArgument
// for a body that is not canonical, of another deployment, or that cites what does not come before
// it.
absl::StatusOr<Head> ParseHead(std::string_view body, uint64_t index,
                               const crypto::DeploymentId& deployment);

}  // namespace letterlock::attest
