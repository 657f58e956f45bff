#include "attest/head.h"

#include <limits>

#include "attest/canonical_proto.h"
#include "letterlock/tlog/v1/leaf.pb.h"

namespace letterlock::attest {
namespace {

constexpr auto kLastTime = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());

// Index 0 is the genesis leaf, so an index of 0 means "none".
bool IsSound(const tlog::v1::Head& head, uint64_t index) {
  const bool has_roots = !head.directory_root().empty() && !head.publication_root().empty();
  const bool policy_is_whole = head.policy_digest().empty() == (head.policy_index() == 0);
  return has_roots && policy_is_whole && head.sequence() > 0 && head.sequence() <= index &&
         head.policy_index() < index && head.export_index() < index &&
         head.time_unix_ms() <= kLastTime;
}

}  // namespace

absl::StatusOr<Head> ParseHead(std::string_view body, uint64_t index,
                               const crypto::DeploymentId& deployment) {
  tlog::v1::Head head;
  if (absl::Status status = ParseCanonical(body, &head); !status.ok()) return status;
  if (head.deployment() != deployment.bytes()) {
    return absl::InvalidArgumentError("head of another deployment");
  }
  if (!IsSound(head, index)) return absl::InvalidArgumentError("malformed head");
  return Head{head.sequence(),
              crypto::DigestFromBytes(head.directory_root()).value(),
              crypto::DigestFromBytes(head.publication_root()).value(),
              head.policy_index(),
              head.export_index(),
              absl::FromUnixMillis(static_cast<int64_t>(head.time_unix_ms()))};
}

}  // namespace letterlock::attest
