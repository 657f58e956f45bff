// Members with open mailboxes on a running deployment, and messages that are sealed before the
// clock starts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/config.h"
#include "crypto/seal/member_keys.h"
#include "letterlock/mail/v1/mail_service.pb.h"

namespace letterlock::bench {

struct BenchMember {
  seal::MemberKeys keys;
  std::string token;  // of a session, for the metadata "authorization"
};

// `count` members, made the way that `letterlock account create` makes them, in folders below
// `directory`.
absl::StatusOr<std::vector<BenchMember>> MakeMembers(const client::Config& config,
                                                     const std::string& directory, int count);

// A request and which member sends it.
struct SealedSend {
  mail::v1::SendRequest request;
  size_t sender = 0;
};

// `count` messages with `body_bytes` of body, between members in turn.
absl::StatusOr<std::vector<SealedSend>> SealMessages(const std::vector<BenchMember>& members,
                                                     size_t count, size_t body_bytes);

}  // namespace letterlock::bench
