// What went wrong, in the form in which it travels inside a daemon: an absl::Status whose payloads
// are google.rpc messages (ErrorInfo with a stable reason, BadRequest with the field, RetryInfo).
// The edge (grpc_status.h) turns them into `grpc-status-details-bin`.
//
// Only an error made here reaches a client with its code and text. Any other absl::Status (of a
// store, a parser, a cryptographic check) is unexpected at the edge and becomes INTERNAL with the
// request id alone: its text was written for other eyes. So a handler says what an inner error
// means to the caller:
//
//   if (!verified.ok()) {
//     return rpc::InvalidField("signature", common::v1::ERROR_REASON_BAD_SIGNATURE,
//                              "does not verify under the entry's identity key");
//   }
//
// Texts are literals, field paths are made of literals and indexes: no member data, handle or key
// gets in. All functions are thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/rpc/literal.h"

namespace letterlock::common::v1 {
enum ErrorReason : int;  // letterlock/common/v1/errors.pb.h
}  // namespace letterlock::common::v1

namespace letterlock::rpc {

using ErrorReason = common::v1::ErrorReason;

// A field of a request as BadRequest names it: FieldPath("entries").At(3).Then("signature") is
// `entries[3].signature`.
class FieldPath {
 public:
  explicit FieldPath(Literal name) : text_(name.view()) {}

  FieldPath At(std::size_t index) const;
  FieldPath Then(Literal name) const;

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// An error with a reason. REQUIRES: code is not kOk.
absl::Status Fail(absl::StatusCode code, ErrorReason reason, Literal what);

// The same, naming the field of the request that is to blame.
absl::Status FailField(absl::StatusCode code, const FieldPath& field, ErrorReason reason,
                       Literal what);

// INVALID_ARGUMENT for one field.
absl::Status InvalidField(const FieldPath& field, ErrorReason reason, Literal what);
absl::Status InvalidField(Literal field, ErrorReason reason, Literal what);

// An error that the caller may retry, not before `retry_after`.
absl::Status FailUntil(absl::StatusCode code, ErrorReason reason, absl::Duration retry_after,
                       Literal what);

// RESOURCE_EXHAUSTED, ERROR_REASON_OVERLOADED: a pool or a queue is full.
absl::Status Exhausted(absl::Duration retry_after, Literal what);

// Reads an error made here, or one that a client got back from FromGrpc (grpc_status.h). Empty
// where the status says nothing of the kind.
std::optional<ErrorReason> ReasonOf(const absl::Status& status);
std::optional<std::string> FieldOf(const absl::Status& status);
std::optional<absl::Duration> RetryAfterOf(const absl::Status& status);
std::optional<std::string> RequestIdOf(const absl::Status& status);

// "TOKEN_EXPIRED" for ERROR_REASON_TOKEN_EXPIRED: the `reason` on the wire.
std::string ReasonName(ErrorReason reason);

}  // namespace letterlock::rpc
