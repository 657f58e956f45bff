// Bad calls of MailService: sending and reading.
#include <gtest/gtest.h>

#include "bad_input.h"

namespace letterlock::mail {
namespace {

using testing::EnvelopeOf;

INSTANTIATE_TEST_SUITE_P(
    Send, BadInput,
    ::testing::Values(
        Bad{"no envelope", kInvalid, common::v1::ERROR_REASON_FIELD_MISSING, "envelope",
            Raw("Send", "")},
        Bad{"malformed header", kInvalid, common::v1::ERROR_REASON_NOT_CANONICAL, "envelope.header",
            Sending([](auto& e) { e.set_header("malformed"); })},
        Bad{"other deployment", kInvalid, common::v1::ERROR_REASON_WRONG_DEPLOYMENT,
            "envelope.header.deployment",
            SendingHeader([](auto& h) { h.set_deployment(std::string(16, 'x')); })},
        Bad{"unknown suite", kInvalid, common::v1::ERROR_REASON_UNKNOWN_SUITE,
            "envelope.header.suite", SendingHeader([](auto& h) { h.set_suite(7); })},
        Bad{"wrong size", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE, "envelope.header.nonce",
            SendingHeader([](auto& h) { h.set_nonce("short"); })},
        Bad{"over-long", kInvalid, common::v1::ERROR_REASON_TOO_LARGE,
            "envelope.header.padded_length",
            SendingHeader([](auto& h) { h.set_padded_length(65'536); })},
        // As long as gRPC lets a request through, the field is named.
        Bad{"ciphertext of 200 KiB", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE,
            "envelope.ciphertext",
            Sending([](auto& e) { e.set_ciphertext(std::string(200 * 1024, 'x')); })},
        Bad{"to oneself", kInvalid, common::v1::ERROR_REASON_FIELD_RANGE,
            "envelope.header.recipient",
            SendingHeader([](auto& h) { h.set_recipient(h.sender()); })},
        Bad{"another member's id", absl::StatusCode::kPermissionDenied,
            common::v1::ERROR_REASON_NOT_SENDER, "envelope.header.sender",
            [](Client& client, TestUser& ann, TestUser& bob, const std::string& token,
               ServedMail&) {
              v1::SendRequest request;
              *request.mutable_envelope() = EnvelopeOf(bob, ann, FreshMessageId());
              return client.Call(request, token).status();
            }},
        Bad{"sender's old identity key", absl::StatusCode::kFailedPrecondition,
            common::v1::ERROR_REASON_SENDER_KEY, "envelope.header.sender_identity_key_id",
            SendingHeader([](auto& h) { h.set_sender_identity_key_id("another."); })},
        Bad{"sender's old encryption key", absl::StatusCode::kFailedPrecondition,
            common::v1::ERROR_REASON_SENDER_KEY, "envelope.header.sender_encryption_key_id",
            SendingHeader([](auto& h) { h.set_sender_encryption_key_id("another."); })},
        Bad{"recipient's old key", absl::StatusCode::kFailedPrecondition,
            common::v1::ERROR_REASON_RECIPIENT_KEY, "envelope.header.recipient_encryption_key_id",
            SendingHeader([](auto& h) { h.set_recipient_encryption_key_id("another."); })},
        Bad{"unknown recipient", absl::StatusCode::kNotFound,
            common::v1::ERROR_REASON_UNKNOWN_RECIPIENT, "envelope.header.recipient",
            SendingHeader([](auto& h) { h.set_recipient(std::string(16, 'u')); })},
        Bad{"id used for other bytes", absl::StatusCode::kAlreadyExists,
            common::v1::ERROR_REASON_ID_REUSED, "envelope.header.message_id",
            [](Client& client, TestUser& ann, TestUser&, const std::string& token,
               ServedMail& served) {
              v1::SendRequest request;
              const auto sent = served.world.ListAll(ann, v1::FOLDER_SENT).at(0);
              request.mutable_envelope()->set_header(sent.header());
              request.mutable_envelope()->set_recipient_wrap(std::string(80, 'x'));
              request.mutable_envelope()->set_sender_wrap(std::string(80, 'x'));
              request.mutable_envelope()->set_ciphertext(std::string(256 + 16, 'x'));
              return client.Call(request, token).status();
            }}));

INSTANTIATE_TEST_SUITE_P(
    Read, BadInput,
    ::testing::Values(
        Bad{"no references", kInvalid, common::v1::ERROR_REASON_FIELD_MISSING, "references",
            Getting([](auto& r) { r.clear_references(); })},
        Bad{"too many references", kInvalid, common::v1::ERROR_REASON_TOO_MANY, "references",
            Getting([](auto& r) {
              for (int i = 0; i < 100; ++i) *r.add_references() = r.references(0);
            })},
        Bad{"a reference twice", kInvalid, common::v1::ERROR_REASON_TOO_MANY, "references[1]",
            Getting([](auto& r) { *r.add_references() = r.references(0); })},
        Bad{"short sender", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE, "references[0].sender",
            Getting([](auto& r) { r.mutable_references(0)->set_sender("x"); })},
        Bad{"long id", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE, "references[0].message_id",
            Getting([](auto& r) {
              r.mutable_references(0)->set_message_id(std::string(17, 'x'));
            })},
        Bad{"unknown folder", kInvalid, common::v1::ERROR_REASON_FIELD_RANGE, "folder",
            Listing([](auto& r) { r.set_folder(static_cast<v1::Folder>(9)); })},
        Bad{"page too large", kInvalid, common::v1::ERROR_REASON_FIELD_RANGE, "page_size",
            Listing([](auto& r) { r.set_page_size(201); })},
        Bad{"not a page token", kInvalid, common::v1::ERROR_REASON_PAGE_TOKEN, "page_token",
            Listing([](auto& r) { r.set_page_token("what is this"); })},
        Bad{"foreign page token", kInvalid, common::v1::ERROR_REASON_PAGE_TOKEN, "page_token",
            [](Client& client, TestUser&, TestUser& bob, const std::string& token,
               ServedMail& served) {
              // Another member's, good in her own mailbox.
              v1::ListRequest request;
              request.set_page_token(served.world.MailboxOf(bob)
                                         .List(v1::FOLDER_UNSPECIFIED, 1, "", MailWorld::Soon())
                                         ->next_page_token);
              return client.Call(request, token).status();
            }}));

}  // namespace
}  // namespace letterlock::mail
