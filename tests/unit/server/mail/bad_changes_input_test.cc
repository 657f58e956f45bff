// Bad calls of MailService: marking, deleting, following, importing.
#include <gtest/gtest.h>

#include "bad_input.h"

namespace letterlock::mail {
namespace {

using testing::EnvelopeOf;

v1::MessageReference SomeReference(const TestUser& sender) {
  v1::MessageReference reference;
  reference.set_sender(std::string(sender.id().bytes()));
  reference.set_message_id(std::string(16, 'm'));
  return reference;
}

auto Updating(std::function<void(v1::UpdateRequest&)> spoil) {
  return [spoil](Client& client, TestUser& ann, TestUser&, const std::string& token, ServedMail&) {
    v1::UpdateRequest request;
    *request.add_updates()->mutable_reference() = SomeReference(ann);
    spoil(request);
    return client.Call(request, token).status();
  };
}
auto Deleting(std::function<void(v1::DeleteRequest&)> spoil) {
  return [spoil](Client& client, TestUser& ann, TestUser&, const std::string& token, ServedMail&) {
    v1::DeleteRequest request;
    *request.add_references() = SomeReference(ann);
    spoil(request);
    return client.Call(request, token).status();
  };
}
auto Syncing(std::function<void(v1::SyncRequest&)> spoil) {
  return [spoil](Client& client, TestUser&, TestUser&, const std::string& token, ServedMail&) {
    v1::SyncRequest request;
    spoil(request);
    return client.Call(request, token).status();
  };
}
auto Watching(const std::string& sync_token) {
  return [sync_token](Client& client, TestUser&, TestUser&, const std::string& token, ServedMail&) {
    v1::WatchRequest request;
    request.set_token(sync_token);
    return client.Open(request, token)->Finish();
  };
}
auto Importing(std::function<void(v1::EnvelopeHeader&)> spoil) {
  return [spoil](Client& client, TestUser& ann, TestUser&, const std::string& token, ServedMail&) {
    v1::ImportRequest request;
    *request.mutable_envelope() = EnvelopeOf(ann, ann, FreshMessageId());
    EditHeader(request.mutable_envelope(), spoil);
    return client.Call(request, token).status();
  };
}
// A token of the other one's mailbox, good there.
std::string TokenOf(ServedMail& served, const TestUser& user) {
  return served.world.changes->Sync(served.world.MailboxOf(user), "", 500, MailWorld::Soon())
      ->token;
}

INSTANTIATE_TEST_SUITE_P(
    Update, BadInput,
    ::testing::Values(Bad{"no updates", kInvalid, common::v1::ERROR_REASON_FIELD_MISSING, "updates",
                          Updating([](auto& r) { r.clear_updates(); })},
                      Bad{"too many updates", kInvalid, common::v1::ERROR_REASON_TOO_MANY,
                          "updates", Updating([](auto& r) {
                            for (int i = 0; i < 100; ++i) *r.add_updates() = r.updates(0);
                          })},
                      Bad{"a message twice", kInvalid, common::v1::ERROR_REASON_TOO_MANY,
                          "updates[1].reference",
                          Updating([](auto& r) { *r.add_updates() = r.updates(0); })},
                      Bad{"no reference", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE,
                          "updates[0].reference.sender",
                          Updating([](auto& r) { r.mutable_updates(0)->clear_reference(); })},
                      Bad{"long id", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE,
                          "updates[0].reference.message_id", Updating([](auto& r) {
                            r.mutable_updates(0)->mutable_reference()->set_message_id(
                                std::string(17, 'x'));
                          })},
                      Bad{"empty label", kInvalid, common::v1::ERROR_REASON_FIELD_FORMAT,
                          "updates[0].add_labels[0]",
                          Updating([](auto& r) { r.mutable_updates(0)->add_add_labels(""); })},
                      Bad{"capital label", kInvalid, common::v1::ERROR_REASON_FIELD_FORMAT,
                          "updates[0].add_labels[1]", Updating([](auto& r) {
                            r.mutable_updates(0)->add_add_labels("work");
                            r.mutable_updates(0)->add_add_labels("Work");
                          })},
                      Bad{"long label", kInvalid, common::v1::ERROR_REASON_FIELD_FORMAT,
                          "updates[0].remove_labels[0]", Updating([](auto& r) {
                            r.mutable_updates(0)->add_remove_labels(std::string(33, 'a'));
                          })},
                      Bad{"label with a dot first", kInvalid, common::v1::ERROR_REASON_FIELD_FORMAT,
                          "updates[0].add_labels[0]",
                          Updating([](auto& r) { r.mutable_updates(0)->add_add_labels(".a"); })},
                      Bad{"too many labels", kInvalid, common::v1::ERROR_REASON_TOO_MANY,
                          "updates[0].add_labels", Updating([](auto& r) {
                            for (char c = 'a'; c < 'a' + 17; ++c) {
                              r.mutable_updates(0)->add_add_labels(std::string(1, c));
                            }
                          })},
                      Bad{"a label both ways", kInvalid, common::v1::ERROR_REASON_FIELD_RANGE,
                          "updates[0].remove_labels[0]", Updating([](auto& r) {
                            r.mutable_updates(0)->add_add_labels("a");
                            r.mutable_updates(0)->add_remove_labels("a");
                          })}));

INSTANTIATE_TEST_SUITE_P(
    Delete, BadInput,
    ::testing::Values(Bad{"no references", kInvalid, common::v1::ERROR_REASON_FIELD_MISSING,
                          "references", Deleting([](auto& r) { r.clear_references(); })},
                      Bad{"too many references", kInvalid, common::v1::ERROR_REASON_TOO_MANY,
                          "references", Deleting([](auto& r) {
                            for (int i = 0; i < 100; ++i) *r.add_references() = r.references(0);
                          })},
                      Bad{"a reference twice", kInvalid, common::v1::ERROR_REASON_TOO_MANY,
                          "references[1]",
                          Deleting([](auto& r) { *r.add_references() = r.references(0); })},
                      Bad{"short sender", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE,
                          "references[0].sender",
                          Deleting([](auto& r) { r.mutable_references(0)->set_sender("x"); })}));

INSTANTIATE_TEST_SUITE_P(
    Follow, BadInput,
    ::testing::Values(
        Bad{"too many changes", kInvalid, common::v1::ERROR_REASON_FIELD_RANGE, "max_changes",
            Syncing([](auto& r) { r.set_max_changes(501); })},
        Bad{"no sync token", kInvalid, common::v1::ERROR_REASON_PAGE_TOKEN, "token",
            Syncing([](auto& r) { r.set_token("what is this"); })},
        Bad{"foreign sync token", kInvalid, common::v1::ERROR_REASON_PAGE_TOKEN, "token",
            [](Client& client, TestUser&, TestUser& bob, const std::string& token,
               ServedMail& served) {
              v1::SyncRequest request;
              request.set_token(TokenOf(served, bob));
              return client.Call(request, token).status();
            }},
        Bad{"watch from nowhere", kInvalid, common::v1::ERROR_REASON_FIELD_MISSING, "token",
            Watching("")},
        Bad{"watch with no token", kInvalid, common::v1::ERROR_REASON_PAGE_TOKEN, "token",
            Watching("what is this")},
        Bad{"watch with a foreign token", kInvalid, common::v1::ERROR_REASON_PAGE_TOKEN, "token",
            [](Client& client, TestUser&, TestUser& bob, const std::string& token,
               ServedMail& served) {
              v1::WatchRequest request;
              request.set_token(TokenOf(served, bob));
              return client.Open(request, token)->Finish();
            }},
        Bad{"watch without a session", kUnauthenticated, common::v1::ERROR_REASON_TOKEN_MISSING,
            nullptr,
            [](Client& client, TestUser&, TestUser&, const std::string&, ServedMail&) {
              return client.Open(v1::WatchRequest(), "")->Finish();
            }},
        Bad{"fetch of no folder", kInvalid, common::v1::ERROR_REASON_FIELD_RANGE, "folder",
            [](Client& client, TestUser&, TestUser&, const std::string& token, ServedMail&) {
              v1::FetchRequest request;
              request.set_folder(static_cast<v1::Folder>(9));
              return client.Open(request, token)->Finish();
            }},
        Bad{"fetch without a session", kUnauthenticated, common::v1::ERROR_REASON_TOKEN_MISSING,
            nullptr,
            [](Client& client, TestUser&, TestUser&, const std::string&, ServedMail&) {
              return client.Open(v1::FetchRequest(), "")->Finish();
            }},
        Bad{"short thread", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE, "thread_id",
            Listing([](auto& r) { r.set_thread_id("short"); })},
        Bad{"thread in a folder", kInvalid, common::v1::ERROR_REASON_FIELD_RANGE, "folder",
            Listing([](auto& r) {
              r.set_thread_id(std::string(16, 't'));
              r.set_folder(v1::FOLDER_INBOX);
            })}));

INSTANTIATE_TEST_SUITE_P(
    Import, BadInput,
    ::testing::Values(
        Bad{"no envelope", kInvalid, common::v1::ERROR_REASON_FIELD_MISSING, "envelope",
            Raw("Import", "")},
        Bad{"to another", kInvalid, common::v1::ERROR_REASON_FIELD_RANGE,
            "envelope.header.recipient",
            Importing([](auto& h) { h.set_recipient(std::string(16, 'x')); })},
        Bad{"another's", absl::StatusCode::kPermissionDenied, common::v1::ERROR_REASON_NOT_SENDER,
            "envelope.header.sender", Importing([](auto& h) {
              h.set_sender(std::string(16, 'x'));
              h.set_recipient(h.sender());
            })},
        Bad{"wrong size", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE, "envelope.header.nonce",
            Importing([](auto& h) { h.set_nonce("short"); })},
        Bad{"old identity key", absl::StatusCode::kFailedPrecondition,
            common::v1::ERROR_REASON_SENDER_KEY, "envelope.header.sender_identity_key_id",
            Importing([](auto& h) { h.set_sender_identity_key_id("another."); })},
        Bad{"old key", absl::StatusCode::kFailedPrecondition, common::v1::ERROR_REASON_SENDER_KEY,
            "envelope.header.sender_encryption_key_id",
            Importing([](auto& h) { h.set_sender_encryption_key_id("another."); })},
        Bad{"old key for the recipient", absl::StatusCode::kFailedPrecondition,
            common::v1::ERROR_REASON_RECIPIENT_KEY, "envelope.header.recipient_encryption_key_id",
            Importing([](auto& h) { h.set_recipient_encryption_key_id("another."); })}));

}  // namespace
}  // namespace letterlock::mail
