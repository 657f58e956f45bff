// google.rpc messages as payloads of an absl::Status.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "server/rpc/grpc_status.h"

namespace letterlock::rpc {

inline constexpr char kTypePrefix[] = "type.googleapis.com/";

template <class Detail>
std::string TypeUrl() {
  return kTypePrefix + Detail::descriptor()->full_name();
}

template <class Detail>
void SetDetail(const Detail& detail, absl::Status* status) {
  const std::string bytes = detail.SerializeAsString();
  status->SetPayload(TypeUrl<Detail>(), absl::Cord(absl::string_view(bytes)));
}

template <class Detail>
std::optional<Detail> GetDetail(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(TypeUrl<Detail>());
  if (!payload.has_value()) return std::nullopt;
  Detail detail;
  if (!detail.ParseFromString(std::string(*payload))) return std::nullopt;
  return detail;
}

}  // namespace letterlock::rpc
