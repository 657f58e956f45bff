// kill -9 of the real daemon while a member marks, deletes and imports: what was acknowledged is so
// afterwards, what was not is whole or not at all, and a device that follows has what is there.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "letterlock/mail/v1/envelope.pb.h"
#include "support/served_maild.h"

namespace letterlock {
namespace {

using testing::MailUser;

constexpr int kKilled = 128 + 9;
constexpr int kMessages = 30;

using Held = std::map<std::string, std::string>;  // summaries by header

class Marked : public ::testing::Test {
 protected:
  void Begin() {
    ASSERT_TRUE(served_.Start().ok()) << served_.LogText();
    ASSERT_TRUE(served_.Enroll(ann_).ok());
    ASSERT_TRUE(served_.Enroll(bob_).ok());
    const std::string token = served_.client().OpenSession(ann_).value();
    for (int i = 0; i < kMessages; ++i) {
      mail::v1::SendRequest request;
      *request.mutable_envelope() = testing::EnvelopeOf(ann_, bob_, testing::FreshMessageId());
      ASSERT_TRUE(served_.client().Call(request, token).ok());
      headers_.push_back(request.envelope().header());
    }
    Follow();
    EXPECT_EQ(held_.size(), static_cast<std::size_t>(kMessages));
    EXPECT_EQ(served_.Stop().value_or(-1), 0);
  }

  // Calls `one` with 0, 1, ... until the daemon is killed at the point; how many were acknowledged.
  int CallUntilKilled(const char* point, const std::function<bool(int, const std::string&)>& one) {
    EXPECT_TRUE(served_.Start({"--crash-at", std::string(point) + ":10"}).ok());
    const std::string token = served_.client().OpenSession(bob_).value();
    int acknowledged = 0;
    while (acknowledged < kMessages && one(acknowledged, token)) ++acknowledged;
    EXPECT_EQ(served_.daemon().WaitForExit().value_or(0), kKilled) << served_.LogText();
    EXPECT_TRUE(served_.Start().ok()) << served_.LogText();
    return acknowledged;
  }

  // Goes on from the token that it had before the daemon was killed.
  void Follow() {
    const std::string session = served_.client().OpenSession(bob_).value();
    mail::v1::SyncRequest request;
    request.set_token(token_);
    bool more = true;
    while (more) {
      auto page = served_.client().Call(request, session);
      ASSERT_TRUE(page.ok()) << page.status();
      for (const auto& change : page->changes()) {
        if (change.has_destroyed()) {
          std::erase_if(held_, [&](const auto& one) {
            mail::v1::EnvelopeHeader header;
            header.ParseFromString(one.first);
            return header.sender() == change.destroyed().sender() &&
                   header.message_id() == change.destroyed().message_id();
          });
        } else {
          held_[change.message().header()] = change.message().SerializeAsString();
        }
      }
      request.set_token(page->token());
      more = page->more();
    }
    token_ = request.token();
  }
  Held Listed() {
    Held listed;
    const auto messages = served_.ListAll(bob_).value();
    for (const auto& message : messages) {
      EXPECT_TRUE(listed.emplace(message.header(), message.SerializeAsString()).second)
          << "a message is there twice";
    }
    return listed;
  }
  static mail::v1::MessageState StateIn(const Held& held, const std::string& header) {
    mail::v1::MessageSummary summary;
    summary.ParseFromString(held.at(header));
    return summary.state();
  }
  mail::v1::MessageReference ReferenceTo(int i) const {
    mail::v1::EnvelopeHeader header;
    header.ParseFromString(headers_[static_cast<std::size_t>(i)]);
    mail::v1::MessageReference reference;
    reference.set_sender(header.sender());
    reference.set_message_id(header.message_id());
    return reference;
  }

  test::ServedMaild served_;
  const MailUser ann_{"ann", served_.deployment()};
  const MailUser bob_{"bob", served_.deployment()};
  std::vector<std::string> headers_;
  std::string token_;
  Held held_;
};

class Killed : public Marked, public ::testing::WithParamInterface<const char*> {};

using KilledUpdating = Killed;
using KilledDeleting = Killed;
using KilledImporting = Killed;

TEST_P(KilledUpdating, KeepsWhatWasAcknowledged) {
  Begin();
  const auto mark = [&](int i, const std::string& token) {
    mail::v1::UpdateRequest request;
    auto* update = request.add_updates();
    *update->mutable_reference() = ReferenceTo(i);
    update->set_read(true);
    update->add_add_labels("seen");
    return served_.client().Call(request, token).ok();
  };
  const int marked = CallUntilKilled(GetParam(), mark);
  const Held listed = Listed();
  ASSERT_EQ(listed.size(), static_cast<std::size_t>(kMessages));
  for (int i = 0; i < kMessages; ++i) {
    const auto state = StateIn(listed, headers_[static_cast<std::size_t>(i)]);
    EXPECT_EQ(state.read(), state.labels_size() == 1) << "half a mark";
    if (i < marked) EXPECT_TRUE(state.read());
    if (i > marked) EXPECT_FALSE(state.read());
  }
  Follow();
  EXPECT_EQ(held_, listed);
  EXPECT_TRUE(mark(marked, served_.client().OpenSession(bob_).value()));
}
INSTANTIATE_TEST_SUITE_P(Each, KilledUpdating,
                         ::testing::Values("update-queued", "update-durable"));

TEST_P(KilledDeleting, KeepsWhatWasAcknowledged) {
  Begin();
  const auto remove = [&](int i, const std::string& token) {
    mail::v1::DeleteRequest request;
    *request.add_references() = ReferenceTo(i);
    return served_.client().Call(request, token).ok();
  };
  const int deleted = CallUntilKilled(GetParam(), remove);
  const Held listed = Listed();
  for (int i = 0; i < kMessages; ++i) {
    const bool there = listed.contains(headers_[static_cast<std::size_t>(i)]);
    if (i < deleted) EXPECT_FALSE(there);
    if (i > deleted) EXPECT_TRUE(there);
  }
  Follow();
  EXPECT_EQ(held_, listed);
  EXPECT_TRUE(remove(deleted, served_.client().OpenSession(bob_).value()));
  Follow();
  EXPECT_EQ(held_.size(), static_cast<std::size_t>(kMessages - deleted - 1));
}
INSTANTIATE_TEST_SUITE_P(Each, KilledDeleting,
                         ::testing::Values("delete-queued", "delete-durable"));

TEST_P(KilledImporting, AddsEachMessageOnce) {
  Begin();
  std::vector<mail::v1::ImportRequest> requests(kMessages);
  for (auto& request : requests) {
    *request.mutable_envelope() = testing::EnvelopeOf(bob_, bob_, testing::FreshMessageId());
  }
  const auto bring = [&](int i, const std::string& token) {
    return served_.client().Call(requests[static_cast<std::size_t>(i)], token).ok();
  };
  const int imported = CallUntilKilled(GetParam(), bring);
  const Held listed = Listed();
  for (int i = 0; i < kMessages; ++i) {
    const bool there = listed.contains(requests[static_cast<std::size_t>(i)].envelope().header());
    if (i < imported) EXPECT_TRUE(there);
    if (i > imported) EXPECT_FALSE(there);
  }
  Follow();
  EXPECT_EQ(held_, listed);
  // All of it again, as a client would.
  const std::string token = served_.client().OpenSession(bob_).value();
  for (int i = 0; i < kMessages; ++i) EXPECT_TRUE(bring(i, token));
  EXPECT_EQ(Listed().size(), static_cast<std::size_t>(2 * kMessages));
}
INSTANTIATE_TEST_SUITE_P(Each, KilledImporting,
                         ::testing::Values("import-queued", "import-durable"));

}  // namespace
}  // namespace letterlock
