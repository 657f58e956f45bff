// A member puts a message before the abuse desk.
#include "reports_world.h"

namespace letterlock::client {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ReportingTest : public ReportsTest {
 protected:
  ReportingTest() {
    EXPECT_TRUE(alice_client_->Send(To(bob_, "Pay at once.", "Offer")).ok());
    Make(desk_);
  }
  // Of the last message, by its problem; nothing lies before the desk.
  Problem Refusal() {
    const auto question = bob_client_->AskReport(Draft());
    EXPECT_FALSE(question.ok());
    EXPECT_THAT(reports(), IsEmpty());
    return ProblemOf(question.status());
  }

  const std::unique_ptr<ClientImpl> alice_client_ = Make(alice_);
  const std::unique_ptr<ClientImpl> bob_client_ = Make(bob_);
};

TEST_F(ReportingTest, ShowsWhatTheDeskWouldLearnAndSendsNothing) {
  const auto question = bob_client_->AskReport(Draft());
  ASSERT_TRUE(question.ok()) << question.status();
  EXPECT_EQ(Text(question->message.subject), "Offer");
  EXPECT_EQ(Text(question->message.body), "Pay at once.");
  EXPECT_EQ(question->message.from, alice_.member.handle);
  EXPECT_EQ(question->desk, desk_.member.handle);
  EXPECT_EQ(question->desk_member, desk_.member.member);
  EXPECT_TRUE(question->desk_pinned_now);
  EXPECT_THAT(reports(), IsEmpty());
  EXPECT_FALSE(bob_client_->AskReport(Draft())->desk_pinned_now) << "pinned as any correspondent";
}

TEST_F(ReportingTest, DisclosesThatOneMessageToTheDeskAlone) {
  ASSERT_TRUE(alice_client_->Send(To(bob_, "another")).ok());
  const auto question = bob_client_->AskReport(Draft());
  ASSERT_TRUE(bob_client_->Report(*question).ok());
  ASSERT_EQ(reports().size(), 1u);
  const mail::v1::Report& report = reports()[0];
  EXPECT_EQ(report.reporter(), bob_.member.member.bytes());
  EXPECT_EQ(report.reference().sender(), alice_.member.member.bytes());
  EXPECT_THAT(report.SerializeAsString(), Not(HasSubstr("another")));
  for (const User* other : {&alice_, &bob_}) {
    EXPECT_FALSE(
        seal::OpenDisclosure(other->member.encryption, NameOf(report), report.sealed_disclosure())
            .ok());
  }
  const mail::v1::Disclosure disclosure = Opened(report);
  EXPECT_EQ(disclosure.reason(), mail::v1::REPORT_REASON_HARASSMENT);
  EXPECT_EQ(disclosure.note(), "She does not stop.");
  const auto key = crypto::SecretBytes<32>::FromBytes(std::string_view(disclosure.content_key()));
  const auto opens = [&](const mail::v1::MailboxMessage& message) {
    return seal::DisclosedMessage::Open(deployment_.world->deployment(), *key,
                                        {message.header(), "", message.ciphertext()})
        .ok();
  };
  EXPECT_TRUE(opens(BoxOf(bob_)[1]));
  EXPECT_FALSE(opens(BoxOf(bob_)[0]));
}

TEST_F(ReportingTest, RefusesWhatIsNobodyElsesOrIsNotThere) {
  ASSERT_TRUE(bob_client_->Send(To(alice_, "mine")).ok());
  EXPECT_EQ(Refusal(), Problem::kUsage);
  EXPECT_EQ(
      ProblemOf(bob_client_->AskReport({"0123456789abcdef", ReportReason::kSpam, {}}).status()),
      Problem::kNotFound);
  EXPECT_EQ(ProblemOf(bob_client_->AskReport({"xyz", ReportReason::kSpam, {}}).status()),
            Problem::kUsage);
}

TEST_F(ReportingTest, RefusesMailThatProvesNothing) {
  const User mallory(&deployment_, "mallory");
  Make(mallory);
  Plant(mallory, alice_, bob_);
  EXPECT_EQ(Refusal(), Problem::kVerification);
  EXPECT_THAT(std::string(bob_client_->AskReport(Draft()).status().message()),
              HasSubstr("proves nothing"));
}

TEST_F(ReportingTest, RefusesANoteThatIsTooLongOrNoText) {
  const auto problem = [&](const std::string& note) {
    return ProblemOf(bob_client_->AskReport(Draft(note)).status());
  };
  std::string most;
  for (int i = 0; i < 2000; ++i) most += "\u674e";
  EXPECT_EQ(problem(most), Problem::kNone);
  EXPECT_EQ(problem(most + "x"), Problem::kUsage);
  EXPECT_EQ(problem("latin: \xe9"), Problem::kUsage);
}

TEST_F(ReportingTest, SaysThatThereIsNoDesk) {
  deployment_.desk.handle = "";
  const absl::Status refused = bob_client_->AskReport(Draft()).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(ProblemOf(refused), Problem::kOther);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("no abuse desk"));
}

TEST_F(ReportingTest, TrustsNoDeskThatTheDirectoryDoesNotShow) {
  deployment_.desk.handle = "nobody";
  EXPECT_EQ(Refusal(), Problem::kNotFound);
  deployment_.desk.handle = "Not A Handle";
  EXPECT_EQ(Refusal(), Problem::kVerification);
  deployment_.desk.handle = "bob";
  EXPECT_EQ(Refusal(), Problem::kUsage) << "the desk itself";
}

TEST_F(ReportingTest, HoldsTheDeskToItsPin) {
  ASSERT_TRUE(bob_client_->AskReport(Draft()).ok());
  Rotate(desk_);
  const auto question = bob_client_->AskReport(Draft());
  ASSERT_TRUE(question.ok()) << question.status();
  EXPECT_TRUE(question->desk_changed);
  Rotate(desk_);
  Rotate(desk_);
  EXPECT_EQ(Refusal(), Problem::kVerification) << "the steps between can't be checked";
}

TEST_F(ReportingTest, RefusesASenderWhoseEntryNobodyCanCheckAnyMore) {
  ASSERT_TRUE(bob_client_->Read(Draft().id_prefix).ok());
  deployment_.world->Erase(alice_.member.handle, 2);
  deployment_.NewHead();
  EXPECT_EQ(Refusal(), Problem::kVerification);
}

TEST_F(ReportingTest, ReportsNothingAfterAnAlarm) {
  Rotate(bob_);
  EXPECT_EQ(Refusal(), Problem::kAlarm);
}

TEST_F(ReportingTest, SaysWhatTheServerRefuses) {
  struct Case {
    absl::StatusCode code;
    common::v1::ErrorReason reason;
    Problem problem;
    const char* says;
  };
  for (const Case& one : {
           Case{absl::StatusCode::kUnimplemented, common::v1::ERROR_REASON_NOT_SERVED,
                Problem::kOther, "no abuse desk"},
           Case{absl::StatusCode::kNotFound, common::v1::ERROR_REASON_NOT_FOUND, Problem::kNotFound,
                "no such message"},
           Case{absl::StatusCode::kAlreadyExists, common::v1::ERROR_REASON_ALREADY_REPORTED,
                Problem::kOther, "reported this message before"},
           Case{absl::StatusCode::kResourceExhausted, common::v1::ERROR_REASON_RATE,
                Problem::kOther, "as one day allows"},
           Case{absl::StatusCode::kResourceExhausted, common::v1::ERROR_REASON_MAILBOX_FULL,
                Problem::kOther, "takes no more"},
           Case{absl::StatusCode::kFailedPrecondition, common::v1::ERROR_REASON_RECIPIENT_KEY,
                Problem::kOther, "try again in a minute"},
       }) {
    deployment_.desk.errors = {rpc::Fail(one.code, one.reason, "refused")};
    const absl::Status refused = ReportAs(*bob_client_, Draft());
    EXPECT_EQ(refused.code(), one.code) << one.says;
    EXPECT_EQ(ProblemOf(refused), one.problem) << one.says;
    EXPECT_THAT(std::string(refused.message()), HasSubstr(one.says));
  }
}

TEST_F(ReportingTest, IsReportedOnceHoweverManyAnswersAreLost) {
  deployment_.desk.lost_answers = 1;
  EXPECT_TRUE(ReportAs(*bob_client_, Draft()).ok()) << "this very call has reported it";
  EXPECT_EQ(reports().size(), 1u);
  EXPECT_TRUE(absl::IsAlreadyExists(ReportAs(*bob_client_, Draft())));
  EXPECT_EQ(reports().size(), 1u);
}

}  // namespace
}  // namespace letterlock::client
