// What a member is told where gRPC itself ends a call.
#include "call.h"

#include <gtest/gtest.h>

#include "client/failure.h"

namespace letterlock::client {
namespace {

absl::Status Told(grpc::StatusCode code, const char* message) {
  return StatusOf({.name = "the mail server", .channel = nullptr}, grpc::Status(code, message));
}

TEST(CallStatus, OfAServerThatDoesNotKnowTheMethodNamesTheServer) {
  const absl::Status status = Told(grpc::StatusCode::UNIMPLEMENTED, "");
  EXPECT_TRUE(absl::IsUnimplemented(status));
  EXPECT_NE(status.message().find("the mail server does not serve this"), std::string::npos);
}

TEST(CallStatus, OfACertificateNamesTheClockToo) {
  const absl::Status status =
      Told(grpc::StatusCode::UNAVAILABLE, "Ssl handshake failed: certificate verify failed");
  EXPECT_EQ(ProblemOf(status), Problem::kVerification);
  EXPECT_NE(status.message().find("clock"), std::string::npos);
}

TEST(CallStatus, OfAServerThatIsNotThereIsItsAbsence) {
  EXPECT_EQ(ProblemOf(Told(grpc::StatusCode::UNAVAILABLE, "connection refused")),
            Problem::kUnavailable);
}

}  // namespace
}  // namespace letterlock::client
