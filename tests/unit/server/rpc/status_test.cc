#include "server/rpc/status.h"

#include <gmock/gmock.h>
#include <grpcpp/support/status.h>
#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/grpc_status.h"

namespace letterlock::rpc {
namespace {

using common::v1::ERROR_REASON_BAD_SIGNATURE;
using common::v1::ERROR_REASON_HANDLE_TAKEN;
using testing::HasSubstr;
using testing::Not;

constexpr char kRequestId[] = "0123456789abcdef";

absl::Status OverTheWire(const absl::Status& status) {
  return FromGrpc(ToGrpc(status, kRequestId));
}

TEST(RpcStatus, ReasonFieldAndTextReachTheClient) {
  const absl::Status got = OverTheWire(InvalidField(FieldPath("entries").At(3).Then("signature"),
                                                    ERROR_REASON_BAD_SIGNATURE, "does not verify"));
  EXPECT_EQ(got.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(got.message(), "does not verify");
  EXPECT_EQ(ReasonOf(got), ERROR_REASON_BAD_SIGNATURE);
  EXPECT_EQ(FieldOf(got), "entries[3].signature");
  EXPECT_EQ(RequestIdOf(got), kRequestId);
  EXPECT_EQ(RetryAfterOf(got), std::nullopt);
}

TEST(RpcStatus, RetryDelayReachesTheClientToTheNanosecond) {
  const absl::Duration delay = absl::Seconds(3) + absl::Nanoseconds(7);
  const absl::Status got = OverTheWire(Exhausted(delay, "later"));
  EXPECT_EQ(got.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(got), common::v1::ERROR_REASON_OVERLOADED);
  EXPECT_EQ(RetryAfterOf(got), delay);
}

TEST(RpcStatus, DetailsAreTheOnesOfGoogleRpc) {
  const grpc::Status wire = ToGrpc(
      Fail(absl::StatusCode::kAlreadyExists, ERROR_REASON_HANDLE_TAKEN, "taken"), kRequestId);
  EXPECT_EQ(wire.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(wire.error_details()));
  EXPECT_EQ(details.code(), 6);
  EXPECT_EQ(details.message(), "taken");
  ASSERT_EQ(details.details_size(), 2);
  google::rpc::ErrorInfo info;
  ASSERT_EQ(details.details(0).type_url(), "type.googleapis.com/google.rpc.ErrorInfo");
  ASSERT_TRUE(details.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "HANDLE_TAKEN");
  EXPECT_EQ(info.domain(), "letterlock");
}

TEST(RpcStatus, AnInnerErrorBecomesInternalWithoutItsText) {
  for (const absl::Status& inner :
       {absl::NotFoundError("no mail for alice"), absl::InvalidArgumentError("key 17"),
        absl::InternalError("/var/lib/x: corrupt"), absl::PermissionDeniedError("bob")}) {
    const grpc::Status wire = ToGrpc(inner, kRequestId);
    EXPECT_EQ(wire.error_code(), grpc::StatusCode::INTERNAL);
    EXPECT_EQ(wire.error_message(), "internal error");
    EXPECT_THAT(wire.error_details(), Not(HasSubstr(std::string(inner.message()))));
    const absl::Status got = FromGrpc(wire);
    EXPECT_EQ(ReasonOf(got), common::v1::ERROR_REASON_INTERNAL);
    EXPECT_EQ(RequestIdOf(got), kRequestId);
  }
}

TEST(RpcStatus, CancelledAndDeadlineKeepTheirCodeWithoutTheirText) {
  EXPECT_EQ(ToGrpc(absl::CancelledError("alice left"), kRequestId).error_message(), "cancelled");
  const absl::Status late = OverTheWire(absl::DeadlineExceededError("alice waited"));
  EXPECT_EQ(late.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(late.message(), "deadline exceeded");
  EXPECT_EQ(ReasonOf(late), common::v1::ERROR_REASON_DEADLINE);
}

TEST(RpcStatus, OkStaysOk) {
  EXPECT_TRUE(ToGrpc(absl::OkStatus(), kRequestId).ok());
  EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok());
}

TEST(RpcStatus, ReasonsOfOtherDomainsAreNotOurs) {
  google::rpc::ErrorInfo info;
  info.set_domain("example.com");
  info.set_reason("HANDLE_TAKEN");
  google::rpc::Status details;
  details.set_code(6);
  details.add_details()->PackFrom(info);
  const absl::Status got =
      FromGrpc(grpc::Status(grpc::StatusCode::ALREADY_EXISTS, "x", details.SerializeAsString()));
  EXPECT_EQ(got.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ReasonOf(got), std::nullopt);
}

TEST(RpcStatus, DetailsThatDoNotParseLeaveCodeAndText) {
  const absl::Status got =
      FromGrpc(grpc::Status(grpc::StatusCode::UNAVAILABLE, "down", "\xff\xff not a message"));
  EXPECT_EQ(got.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(got.message(), "down");
  EXPECT_EQ(ReasonOf(got), std::nullopt);
}

}  // namespace
}  // namespace letterlock::rpc
