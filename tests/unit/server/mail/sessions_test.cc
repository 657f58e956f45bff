// Challenges are good once, for a minute, for one device and one server; tokens for a quarter of an
// hour.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "letterlock/common/v1/errors.pb.h"
#include "mail_world.h"
#include "server/rpc/status.h"
#include "support/fake_engine.h"
#include "support/flip.h"
#include "support/note_signers.h"

namespace letterlock::mail {
namespace {

using testing::TestKey;

class SessionsTest : public ::testing::Test {
 protected:
  absl::StatusOr<v1::CreateSessionResponse> Open(const v1::CreateSessionRequest& request) {
    return world_.sessions->Open(request, MailWorld::Soon());
  }
  static void ExpectRefused(const absl::Status& status, common::v1::ErrorReason reason) {
    EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << status;
    EXPECT_EQ(rpc::ReasonOf(status), reason);
  }

  MailWorld world_{[] {
    return std::make_unique<testing::FakeEngine>(std::make_shared<testing::FakeStorage>(),
                                                 testing::FakeEngineOptions{.own_thread = true});
  }};
  TestUser& ann_ = world_.AddMember("ann");
};

TEST_F(SessionsTest, ADeviceGetsATokenForItsMember) {
  auto session = Open(world_.SessionRequestOf(ann_));
  ASSERT_TRUE(session.ok()) << session.status();
  auto grant = world_.tokens->CheckToken(session->token());
  ASSERT_TRUE(grant.ok());
  EXPECT_EQ(grant->member(), ann_.id());
  EXPECT_EQ(session->expires_unix_ms(), absl::ToUnixMillis(world_.clock.Now() + absl::Minutes(15)));
}

TEST_F(SessionsTest, AChallengeOpensOneSession) {
  const auto request = world_.SessionRequestOf(ann_);
  ASSERT_TRUE(Open(request).ok());
  ExpectRefused(Open(request).status(), common::v1::ERROR_REASON_CHALLENGE_USED);
  world_.clock.Advance(absl::Seconds(59));
  ExpectRefused(Open(request).status(), common::v1::ERROR_REASON_CHALLENGE_USED);
}

TEST_F(SessionsTest, AChallengeRunsOutAfterAMinute) {
  const auto request = world_.SessionRequestOf(ann_);
  world_.clock.Advance(absl::Seconds(60));
  ExpectRefused(Open(request).status(), common::v1::ERROR_REASON_CHALLENGE_EXPIRED);
}

TEST_F(SessionsTest, AChangedChallengeIsNotOurs) {
  const auto request = world_.SessionRequestOf(ann_);
  for (std::size_t bit = 0; bit < request.challenge().size() * 8; bit += 5) {
    auto changed = request;
    changed.set_challenge(testing::Flip(request.challenge(), bit));
    ExpectRefused(Open(changed).status(), common::v1::ERROR_REASON_CHALLENGE_INVALID);
  }
}

TEST_F(SessionsTest, AChallengeIsForOneMemberAndDevice) {
  TestUser& bob = world_.AddMember("bob");
  const auto challenge =
      world_.sessions->CreateChallenge(testing::ChallengeRequestOf(ann_))->challenge();
  ExpectRefused(Open(testing::SessionRequestOf(bob, challenge)).status(),
                common::v1::ERROR_REASON_CHALLENGE_INVALID);
}

TEST_F(SessionsTest, AChallengeOfAnotherProcessIsNotOurs) {
  const auto request = world_.SessionRequestOf(ann_);
  world_.Restart();
  ExpectRefused(Open(request).status(), common::v1::ERROR_REASON_CHALLENGE_INVALID);
}

TEST_F(SessionsTest, AServerOfAnotherNameCantRelayAChallenge) {
  const auto challenge =
      world_.sessions->CreateChallenge(testing::ChallengeRequestOf(ann_))->challenge();
  // The member dialled the relay and signed its name.
  auto relayed = testing::SessionRequestOf(ann_, challenge, "relay.example");
  ExpectRefused(Open(relayed).status(), common::v1::ERROR_REASON_WRONG_SERVER_NAME);
  relayed.set_server_name("localhost");
  ExpectRefused(Open(relayed).status(), common::v1::ERROR_REASON_UNKNOWN_DEVICE);
}

TEST_F(SessionsTest, UnknownMemberUnknownDeviceAndWrongSignatureAreToldAlike) {
  const TestUser stranger("stranger", world_.directory.deployment());
  const auto unknown_member = Open(world_.SessionRequestOf(stranger)).status();
  TestUser other_device("ann", world_.directory.deployment());
  other_device.device = TestKey("another device");
  const auto unknown_device = Open(world_.SessionRequestOf(other_device)).status();
  auto forged = world_.SessionRequestOf(ann_);
  forged.set_signature(testing::Flip(forged.signature(), 3));
  const auto wrong_signature = Open(forged).status();

  ExpectRefused(unknown_member, common::v1::ERROR_REASON_UNKNOWN_DEVICE);
  EXPECT_EQ(unknown_member, unknown_device);
  EXPECT_EQ(unknown_member, wrong_signature);
}

TEST_F(SessionsTest, AFailedTryDoesNotUseTheChallengeUp) {
  const auto request = world_.SessionRequestOf(ann_);
  auto forged = request;
  forged.set_signature(testing::Flip(forged.signature(), 3));
  EXPECT_FALSE(Open(forged).ok());
  EXPECT_TRUE(Open(request).ok());
}

TEST_F(SessionsTest, FieldsOfWrongSizeAreNamed) {
  const auto good = world_.SessionRequestOf(ann_);
  struct Case {
    const char* field;
    std::function<void(v1::CreateSessionRequest&)> spoil;
  };
  for (const Case& bad : {Case{"member", [](auto& r) { r.mutable_member()->pop_back(); }},
                          Case{"device_key", [](auto& r) { r.mutable_device_key()->append("x"); }},
                          Case{"challenge", [](auto& r) { r.clear_challenge(); }},
                          Case{"signature", [](auto& r) { r.mutable_signature()->pop_back(); }}}) {
    auto request = good;
    bad.spoil(request);
    const absl::Status status = Open(request).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(rpc::ReasonOf(status), common::v1::ERROR_REASON_FIELD_SIZE);
    EXPECT_EQ(rpc::FieldOf(status), bad.field);
  }
}

TEST_F(SessionsTest, ATokenRunsOutAfterAQuarterOfAnHour) {
  const std::string token = Open(world_.SessionRequestOf(ann_))->token();
  world_.clock.Advance(absl::Minutes(15) - absl::Milliseconds(1));
  EXPECT_TRUE(world_.tokens->CheckToken(token).ok());
  world_.clock.Advance(absl::Milliseconds(1));
  ExpectRefused(world_.tokens->CheckToken(token).status(), common::v1::ERROR_REASON_TOKEN_EXPIRED);
}

TEST_F(SessionsTest, AChangedTokenIsNotOurs) {
  const std::string token = Open(world_.SessionRequestOf(ann_))->token();
  for (std::size_t bit = 0; bit < token.size() * 8; ++bit) {
    ExpectRefused(world_.tokens->CheckToken(testing::Flip(token, bit)).status(),
                  common::v1::ERROR_REASON_TOKEN_INVALID);
  }
  ExpectRefused(world_.tokens->CheckToken(token + "x").status(),
                common::v1::ERROR_REASON_TOKEN_INVALID);
  world_.Restart();
  ExpectRefused(world_.tokens->CheckToken(token).status(), common::v1::ERROR_REASON_TOKEN_INVALID);
}

}  // namespace
}  // namespace letterlock::mail
