// The edge between absl::Status inside and grpc::Status on the wire (AIP-193: google.rpc.Status in
// `grpc-status-details-bin`). Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace grpc {
class Status;
}  // namespace grpc

namespace letterlock::rpc {

// The domain of every google.rpc.ErrorInfo.
inline constexpr std::string_view kErrorDomain = "letterlock";

// What the client may see of `status`: an error of status.h with code, text and details; any other
// error as INTERNAL, "internal error", ERROR_REASON_INTERNAL. CANCELLED and DEADLINE_EXCEEDED keep
// their code. All carry google.rpc.RequestInfo with `request_id`.
grpc::Status ToGrpc(const absl::Status& status, const std::string& request_id);

// The client's side: code, text and the details that status.h reads. Details of other types, of
// another domain or that do not parse are left out: they are the peer's word.
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace letterlock::rpc
