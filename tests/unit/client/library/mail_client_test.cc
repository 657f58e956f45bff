#include "client/mail_client.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "letterlock/mail/v1/enrollment_service.pb.h"
#include "letterlock/mail/v1/mail_service.pb.h"
#include "letterlock/mail/v1/session_service.pb.h"
#include "support/manual_clock.h"

namespace letterlock::client {
namespace {

class NoSleep final : public Sleeper {
 public:
  void Sleep(absl::Duration) override {}
};

// A mail server of one token at a time, which fails as a test tells it to.
class FakeMail final : public MailTransport {
 public:
  explicit FakeMail(const crypto::Clock* clock) : clock_(clock) {}

  // As after a restart: no token is good any more.
  void ForgetSessions() { good_token_.clear(); }

  absl::Status Enroll(const mail::v1::EnrollRequest&, mail::v1::EnrollResponse*) override {
    return Next();
  }
  absl::Status CreateChallenge(const mail::v1::CreateChallengeRequest&,
                               mail::v1::CreateChallengeResponse* response) override {
    response->set_challenge("challenge " + std::to_string(++challenges));
    return absl::OkStatus();
  }
  absl::Status CreateSession(const mail::v1::CreateSessionRequest& request,
                             mail::v1::CreateSessionResponse* response) override {
    ++sessions;
    if (session_failures > 0) {
      --session_failures;
      return absl::UnauthenticatedError("");
    }
    if (request.signature() != "signed " + request.server_name() + request.challenge()) {
      return absl::UnauthenticatedError("");
    }
    good_token_ = "token " + std::to_string(sessions);
    response->set_token(good_token_);
    response->set_expires_unix_ms(
        static_cast<std::uint64_t>(absl::ToUnixMillis(clock_->Now() + absl::Minutes(15))));
    return absl::OkStatus();
  }
  absl::Status Send(std::string_view token, const mail::v1::SendRequest& request,
                    mail::v1::SendResponse*) override {
    sent.push_back(request.SerializeAsString());
    if (token != good_token_) return absl::UnauthenticatedError("");
    return Next();
  }
  absl::Status BatchGet(std::string_view, const mail::v1::BatchGetRequest&,
                        mail::v1::BatchGetResponse*) override {
    return Next();
  }
  absl::Status Sync(std::string_view, const mail::v1::SyncRequest&,
                    mail::v1::SyncResponse*) override {
    return Next();
  }
  const std::string& server_name() const override { return name_; }

  std::deque<absl::Status> failures;
  int session_failures = 0;
  int challenges = 0;
  int sessions = 0;
  std::vector<std::string> sent;

 private:
  absl::Status Next() {
    if (failures.empty()) return absl::OkStatus();
    absl::Status status = failures.front();
    failures.pop_front();
    return status;
  }

  const crypto::Clock* const clock_;
  const std::string name_ = "mail.example";
  std::string good_token_;
};

class MailClientTest : public ::testing::Test {
 protected:
  MailClientTest()
      : client_({.transport = &mail_,
                 .sleeper = &sleeper_,
                 .random = &random_,
                 .clock = &clock_,
                 .member = {},
                 .device_key = {},
                 .sign =
                     [](std::string_view name, std::string_view challenge) {
                       return "signed " + std::string(name) + std::string(challenge);
                     },
                 .retry = {}}) {
    request_.mutable_envelope()->set_header("header");
    request_.mutable_envelope()->set_ciphertext("sealed once");
  }

  absl::Status Send() {
    mail::v1::SendResponse response;
    return client_.Send(request_, &response);
  }

  letterlock::testing::ManualClock clock_;
  FakeMail mail_{&clock_};
  NoSleep sleeper_;
  crypto::SystemRandom random_;
  MailClient client_;
  mail::v1::SendRequest request_;
};

TEST_F(MailClientTest, RepeatsTheVerySameBytes) {
  mail_.failures = {absl::UnavailableError(""), absl::DeadlineExceededError(""),
                    absl::AbortedError("")};
  EXPECT_TRUE(Send().ok());
  EXPECT_EQ(mail_.sent, std::vector<std::string>(4, request_.SerializeAsString()));
  EXPECT_EQ(mail_.sessions, 1);
}

TEST_F(MailClientTest, OpensANewSessionWhenTheServerHasForgottenItAndSendsTheSameBytes) {
  ASSERT_TRUE(Send().ok());
  mail_.ForgetSessions();
  EXPECT_TRUE(Send().ok());
  EXPECT_EQ(mail_.sessions, 2);
  EXPECT_EQ(mail_.sent, std::vector<std::string>(3, request_.SerializeAsString()));
}

TEST_F(MailClientTest, UsesOneSessionUntilShortlyBeforeItRunsOut) {
  ASSERT_TRUE(Send().ok());
  clock_.Advance(absl::Minutes(14));
  ASSERT_TRUE(Send().ok());
  EXPECT_EQ(mail_.sessions, 1);
  clock_.Advance(absl::Seconds(40));
  ASSERT_TRUE(Send().ok());
  EXPECT_EQ(mail_.sessions, 2);
}

TEST_F(MailClientTest, AsksForAFreshChallengeOnceWhenOneIsRefused) {
  mail_.session_failures = 1;
  EXPECT_TRUE(Send().ok());
  EXPECT_EQ(mail_.challenges, 2);
}

TEST_F(MailClientTest, DoesNotGoOnAskingWhereItsDeviceIsNotTaken) {
  mail_.session_failures = 1000;
  EXPECT_TRUE(absl::IsUnauthenticated(Send()));
  EXPECT_EQ(mail_.challenges, 2);
  EXPECT_TRUE(mail_.sent.empty());
}

TEST_F(MailClientTest, DoesNotRepeatARefusal) {
  mail_.failures = {absl::FailedPreconditionError("")};
  EXPECT_TRUE(absl::IsFailedPrecondition(Send()));
  EXPECT_EQ(mail_.sent.size(), 1u);
}

TEST_F(MailClientTest, RepeatsEnrolment) {
  mail_.failures = {absl::UnavailableError("")};
  mail::v1::EnrollResponse response;
  EXPECT_TRUE(client_.Enroll(mail::v1::EnrollRequest(), &response).ok());
}

}  // namespace
}  // namespace letterlock::client
