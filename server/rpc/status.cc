#include "server/rpc/status.h"

#include <cstdint>
#include <string_view>
#include <utility>

#include "absl/strings/cord.h"
#include "details.h"
#include "google/rpc/error_details.pb.h"
#include "letterlock/common/v1/errors.pb.h"

namespace letterlock::rpc {
namespace {

constexpr std::string_view kReasonPrefix = "ERROR_REASON_";

absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

FieldPath FieldPath::At(std::size_t index) const {
  FieldPath path = *this;
  path.text_ += "[" + std::to_string(index) + "]";
  return path;
}

FieldPath FieldPath::Then(Literal name) const {
  FieldPath path = *this;
  path.text_.append(".").append(name.view());
  return path;
}

std::string ReasonName(ErrorReason reason) {
  std::string name = common::v1::ErrorReason_Name(reason);
  if (name.rfind(kReasonPrefix, 0) == 0) name.erase(0, kReasonPrefix.size());
  return name;
}

absl::Status Fail(absl::StatusCode code, ErrorReason reason, Literal what) {
  absl::Status status(code, Absl(what.view()));
  google::rpc::ErrorInfo info;
  info.set_domain(std::string(kErrorDomain));
  info.set_reason(ReasonName(reason));
  SetDetail(info, &status);
  return status;
}

absl::Status FailField(absl::StatusCode code, const FieldPath& field, ErrorReason reason,
                       Literal what) {
  absl::Status status = Fail(code, reason, what);
  google::rpc::BadRequest request;
  auto* violation = request.add_field_violations();
  violation->set_field(field.text());
  violation->set_description(std::string(what.view()));
  SetDetail(request, &status);
  return status;
}

absl::Status InvalidField(const FieldPath& field, ErrorReason reason, Literal what) {
  return FailField(absl::StatusCode::kInvalidArgument, field, reason, what);
}

absl::Status InvalidField(Literal field, ErrorReason reason, Literal what) {
  return InvalidField(FieldPath(field), reason, what);
}

absl::Status FailUntil(absl::StatusCode code, ErrorReason reason, absl::Duration retry_after,
                       Literal what) {
  absl::Status status = Fail(code, reason, what);
  google::rpc::RetryInfo retry;
  absl::Duration rest;
  retry.mutable_retry_delay()->set_seconds(
      absl::IDivDuration(retry_after, absl::Seconds(1), &rest));
  retry.mutable_retry_delay()->set_nanos(static_cast<std::int32_t>(absl::ToInt64Nanoseconds(rest)));
  SetDetail(retry, &status);
  return status;
}

absl::Status Exhausted(absl::Duration retry_after, Literal what) {
  return FailUntil(absl::StatusCode::kResourceExhausted, common::v1::ERROR_REASON_OVERLOADED,
                   retry_after, what);
}

std::optional<ErrorReason> ReasonOf(const absl::Status& status) {
  const auto info = GetDetail<google::rpc::ErrorInfo>(status);
  if (!info || info->domain() != kErrorDomain) return std::nullopt;
  ErrorReason reason;
  if (!common::v1::ErrorReason_Parse(std::string(kReasonPrefix) + info->reason(), &reason)) {
    return std::nullopt;
  }
  return reason;
}

std::optional<std::string> FieldOf(const absl::Status& status) {
  const auto request = GetDetail<google::rpc::BadRequest>(status);
  if (!request || request->field_violations().empty()) return std::nullopt;
  return request->field_violations(0).field();
}

std::optional<absl::Duration> RetryAfterOf(const absl::Status& status) {
  const auto retry = GetDetail<google::rpc::RetryInfo>(status);
  if (!retry) return std::nullopt;
  return absl::Seconds(retry->retry_delay().seconds()) +
         absl::Nanoseconds(retry->retry_delay().nanos());
}

std::optional<std::string> RequestIdOf(const absl::Status& status) {
  const auto request = GetDetail<google::rpc::RequestInfo>(status);
  if (!request) return std::nullopt;
  return request->request_id();
}

}  // namespace letterlock::rpc
