// Bad calls about other members.
#include "bad_input.h"
#include "letterlock/mail/v1/mail_service.pb.h"

namespace letterlock::mail {
namespace {

std::string Answering(std::string member, int answer) {
  v1::RespondRequest request;
  request.set_member(std::move(member));
  request.set_answer(static_cast<v1::Answer>(answer));
  return request.SerializeAsString();
}

// Of ann's own id.
auto Herself(const char* method) {
  return [method](Client& client, TestUser& ann, TestUser&, const std::string& token, ServedMail&) {
    v1::BlockRequest request;
    request.set_member(std::string(ann.id().bytes()));
    return client.CallRaw(std::string("/letterlock.mail.v1.MailService/") + method,
                          request.SerializeAsString(), "Bearer " + crypto::Base64UrlEncode(token));
  };
}

std::string Member(std::string bytes) {
  v1::BlockRequest request;
  request.set_member(std::move(bytes));
  return request.SerializeAsString();
}

INSTANTIATE_TEST_SUITE_P(
    Contacts, BadInput,
    ::testing::Values(Bad{"block nobody", kInvalid, common::v1::ERROR_REASON_FIELD_MISSING,
                          "member", Raw("Block", "")},
                      Bad{"block a short id", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE,
                          "member", Raw("Block", Member("short"))},
                      Bad{"block oneself", kInvalid, common::v1::ERROR_REASON_FIELD_RANGE, "member",
                          Herself("Block")},
                      Bad{"unblock nobody", kInvalid, common::v1::ERROR_REASON_FIELD_MISSING,
                          "member", Raw("Unblock", "")},
                      Bad{"unblock a long id", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE,
                          "member", Raw("Unblock", Member(std::string(17, 'x')))},
                      Bad{"answer nobody", kInvalid, common::v1::ERROR_REASON_FIELD_MISSING,
                          "member", Raw("Respond", Answering("", v1::ANSWER_ACCEPT))},
                      Bad{"answer without an answer", kInvalid,
                          common::v1::ERROR_REASON_FIELD_MISSING, "answer",
                          Raw("Respond", Answering(std::string(16, 'x'), 0))},
                      Bad{"answer with what is none", kInvalid,
                          common::v1::ERROR_REASON_FIELD_RANGE, "answer",
                          Raw("Respond", Answering(std::string(16, 'x'), 7))},
                      Bad{"answer where nobody asked", absl::StatusCode::kFailedPrecondition,
                          common::v1::ERROR_REASON_NOT_A_REQUEST, nullptr,
                          Raw("Respond", Answering(std::string(16, 'x'), v1::ANSWER_DECLINE))}));

}  // namespace
}  // namespace letterlock::mail
