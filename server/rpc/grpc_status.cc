#include "server/rpc/grpc_status.h"

#include <grpcpp/support/status.h>

#include "details.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"

namespace letterlock::rpc {
namespace {

// What leaves the process instead of `status`.
absl::Status Presentable(const absl::Status& status) {
  if (ReasonOf(status).has_value()) return status;
  switch (status.code()) {
    case absl::StatusCode::kCancelled:
      return absl::CancelledError("cancelled");
    case absl::StatusCode::kDeadlineExceeded:
      return Fail(absl::StatusCode::kDeadlineExceeded, common::v1::ERROR_REASON_DEADLINE,
                  "deadline exceeded");
    default:
      return Fail(absl::StatusCode::kInternal, common::v1::ERROR_REASON_INTERNAL, "internal error");
  }
}

template <class Detail>
void CopyDetail(const absl::Status& from, google::rpc::Status* to) {
  if (const auto detail = GetDetail<Detail>(from)) to->add_details()->PackFrom(*detail);
}

// Copies what parses as a Detail, once.
template <class Detail>
void TakeDetail(const google::protobuf::Any& any, absl::Status* to) {
  Detail detail;
  if (any.Is<Detail>() && any.UnpackTo(&detail) && !GetDetail<Detail>(*to)) SetDetail(detail, to);
}

}  // namespace

grpc::Status ToGrpc(const absl::Status& status, const std::string& request_id) {
  if (status.ok()) return grpc::Status::OK;
  const absl::Status shown = Presentable(status);

  google::rpc::Status details;
  details.set_code(static_cast<int>(shown.code()));
  details.set_message(std::string(shown.message()));
  CopyDetail<google::rpc::ErrorInfo>(shown, &details);
  CopyDetail<google::rpc::BadRequest>(shown, &details);
  CopyDetail<google::rpc::RetryInfo>(shown, &details);
  google::rpc::RequestInfo request;
  request.set_request_id(request_id);
  details.add_details()->PackFrom(request);

  return grpc::Status(static_cast<grpc::StatusCode>(shown.code()), details.message(),
                      details.SerializeAsString());
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status out(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return out;
  for (const google::protobuf::Any& any : details.details()) {
    google::rpc::ErrorInfo info;
    if (any.Is<google::rpc::ErrorInfo>() && any.UnpackTo(&info) && info.domain() != kErrorDomain) {
      continue;
    }
    TakeDetail<google::rpc::ErrorInfo>(any, &out);
    TakeDetail<google::rpc::BadRequest>(any, &out);
    TakeDetail<google::rpc::RetryInfo>(any, &out);
    TakeDetail<google::rpc::RequestInfo>(any, &out);
  }
  return out;
}

}  // namespace letterlock::rpc
