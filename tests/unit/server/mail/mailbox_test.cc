// What a mailbox gives to its owner, and to nobody else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <type_traits>

#include "letterlock/common/v1/errors.pb.h"
#include "mail_world.h"
#include "server/mail/mailbox/rows.h"
#include "server/rpc/status.h"
#include "support/fake_engine.h"
#include "support/flip.h"

namespace letterlock::mail {
namespace {

using testing::FakeEngine;
using testing::FakeEngineOptions;
using testing::FakeStorage;

// Without a verified session there is no grant, without a grant no mailbox, and what may deliver
// can't read: by type.
static_assert(!std::is_default_constructible_v<MemberGrant>);
static_assert(!std::is_constructible_v<MemberGrant, crypto::MemberId, crypto::KeyId, absl::Time>);
static_assert(!std::is_default_constructible_v<MemberGrant::Maker>);
static_assert(!std::is_default_constructible_v<DeliveryGrant::Maker>);
static_assert(!std::is_default_constructible_v<EnrollmentGrant::Maker>);
static_assert(!std::is_constructible_v<DeliveryGrant, crypto::MemberId>);
static_assert(!std::is_constructible_v<Mailbox, Dropbox>);
static_assert(!std::is_convertible_v<Dropbox, Mailbox>);
static_assert(!std::is_constructible_v<MemberGrant, DeliveryGrant>);
template <typename T>
concept Reads = requires(const T& box, absl::Time deadline) { box.Get({}, deadline); } ||
                requires(const T& box, absl::Time deadline) { box.List({}, 1, {}, deadline); };
static_assert(Reads<Mailbox>);
static_assert(!Reads<Dropbox>);

class Mailboxing : public ::testing::Test {
 protected:
  Mailboxing() {
    for (int i = 0; i < 5; ++i) {
      sent_.push_back(FreshMessageId());
      EXPECT_TRUE(world_.Send(ann_, EnvelopeOf(ann_, bob_, sent_.back())).ok());
      world_.clock.Advance(absl::Seconds(1));
    }
    before_answer_ =
        world_.changes->Sync(world_.MailboxOf(bob_), "", 500, MailWorld::Soon()).value().token;
    EXPECT_TRUE(world_.Send(bob_, EnvelopeOf(bob_, ann_, FreshMessageId())).ok());
  }
  using Rows = std::map<engine::RowKey, std::string>;
  Rows& RowsOf(const TestUser& user) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    const auto index = world_.ring->IndexTagOf(user.id());
    const auto tag =
        *world_.ring->OpenIndex(index, storage_->partitions.at(index).rows.begin()->second);
    return storage_->partitions.at(tag).rows;
  }
  static engine::RowKey MessageKey(std::uint64_t sequence) {
    return {table::kMessages, SequenceKey(sequence)};
  }
  // What reading says after a thief or a broken disk moved rows.
  absl::StatusCode ListCode(const TestUser& user) {
    world_.Restart();
    auto mailbox = world_.mailboxes->Open(world_.GrantOf(user), MailWorld::Soon());
    if (!mailbox.ok()) return mailbox.status().code();
    return mailbox->List(v1::FOLDER_UNSPECIFIED, 200, "", MailWorld::Soon()).status().code();
  }

  std::shared_ptr<FakeStorage> storage_ = std::make_shared<FakeStorage>();
  MailWorld world_{[this] {
    return std::make_unique<FakeEngine>(storage_, FakeEngineOptions{.own_thread = true});
  }};
  TestUser& ann_ = world_.AddMember("ann");
  TestUser& bob_ = world_.AddMember("bob");
  TestUser& cat_ = world_.AddMember("cat");
  std::vector<crypto::MessageId> sent_;
  std::string before_answer_;  // bob's token of Sync
};

TEST_F(Mailboxing, ListsNewestFirst) {
  const auto messages = world_.ListAll(bob_);
  ASSERT_EQ(messages.size(), 6u);
  for (std::size_t i = 1; i < messages.size(); ++i) {
    EXPECT_GT(messages[i - 1].state().sequence(), messages[i].state().sequence());
    EXPECT_GE(messages[i - 1].state().accepted_unix_ms(), messages[i].state().accepted_unix_ms());
  }
  EXPECT_EQ(world_.ListAll(bob_, v1::FOLDER_INBOX).size(), 5u);
  EXPECT_EQ(world_.ListAll(bob_, v1::FOLDER_SENT).size(), 1u);
  EXPECT_TRUE(world_.ListAll(cat_).empty());
}

TEST_F(Mailboxing, PagesOfAnySizeMakeUpTheWhole) {
  const auto whole = world_.ListAll(bob_);
  const Mailbox mailbox = world_.MailboxOf(bob_);
  for (std::size_t size = 1; size <= 7; ++size) {
    std::vector<std::string> headers;
    std::string token;
    do {
      auto page = mailbox.List(v1::FOLDER_UNSPECIFIED, size, token, MailWorld::Soon());
      ASSERT_TRUE(page.ok());
      EXPECT_LE(page->messages.size(), size);
      for (const auto& message : page->messages) headers.push_back(message.header());
      token = page->next_page_token;
    } while (!token.empty());
    ASSERT_EQ(headers.size(), whole.size());
    for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_EQ(headers[i], whole[i].header());
  }
}

TEST_F(Mailboxing, APageTokenIsForOneMailboxAndFolderAndUnchanged) {
  const Mailbox bobs = world_.MailboxOf(bob_);
  const std::string token = bobs.List(v1::FOLDER_INBOX, 2, "", MailWorld::Soon())->next_page_token;
  ASSERT_FALSE(token.empty());
  EXPECT_TRUE(bobs.List(v1::FOLDER_INBOX, 2, token, MailWorld::Soon()).ok());
  const auto refused = [&](const Mailbox& mailbox, v1::Folder folder, const std::string& text) {
    const absl::Status status = mailbox.List(folder, 2, text, MailWorld::Soon()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(rpc::ReasonOf(status), common::v1::ERROR_REASON_PAGE_TOKEN);
    EXPECT_EQ(rpc::FieldOf(status), "page_token");
  };
  refused(world_.MailboxOf(ann_), v1::FOLDER_INBOX, token);
  refused(bobs, v1::FOLDER_SENT, token);
  refused(bobs, v1::FOLDER_UNSPECIFIED, token);
  refused(bobs, v1::FOLDER_INBOX, token + "A");
  refused(bobs, v1::FOLDER_INBOX, "not base64!");
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    refused(bobs, v1::FOLDER_INBOX, changed);
  }
}

TEST_F(Mailboxing, GetsWhatIsThereInTheOrderAskedFor) {
  const Mailbox mailbox = world_.MailboxOf(bob_);
  const auto missing = FreshMessageId();
  auto got = mailbox.Get({{ann_.id(), sent_[3]}, {ann_.id(), missing}, {ann_.id(), sent_[0]}},
                         MailWorld::Soon());
  ASSERT_TRUE(got.ok());
  ASSERT_EQ(got->size(), 3u);
  EXPECT_THAT(got->at(0).header(), ::testing::HasSubstr(std::string(sent_[3].bytes())));
  EXPECT_TRUE(got->at(1).header().empty());
  EXPECT_THAT(got->at(2).header(), ::testing::HasSubstr(std::string(sent_[0].bytes())));
}

TEST_F(Mailboxing, OthersMessagesAreNotThere) {
  const Mailbox cats = world_.MailboxOf(cat_);
  for (const auto& id : sent_) {
    EXPECT_TRUE(cats.Get({{ann_.id(), id}}, MailWorld::Soon())->at(0).header().empty());
    // The id is scoped to its sender.
    EXPECT_TRUE(
        world_.MailboxOf(bob_).Get({{cat_.id(), id}}, MailWorld::Soon())->at(0).header().empty());
  }
}

TEST_F(Mailboxing, AMessageMovedWithinItsMailboxDoesNotOpen) {
  Rows& rows = RowsOf(bob_);
  std::swap(rows.at(MessageKey(1)), rows.at(MessageKey(2)));
  EXPECT_EQ(ListCode(bob_), absl::StatusCode::kDataLoss);
}

TEST_F(Mailboxing, AMessageMovedToAnotherMailboxDoesNotOpen) {
  // Both hold a row of the same table and key.
  RowsOf(cat_)[MessageKey(1)] = RowsOf(bob_).at(MessageKey(1));
  EXPECT_EQ(ListCode(cat_), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ListCode(bob_), absl::StatusCode::kOk);
}

TEST_F(Mailboxing, AMailboxKeyMovedToAnotherMailboxDoesNotOpen) {
  RowsOf(cat_).at({table::kMailboxKey, ""}) = RowsOf(bob_).at({table::kMailboxKey, ""});
  EXPECT_EQ(ListCode(cat_), absl::StatusCode::kDataLoss);
}

TEST_F(Mailboxing, AWholeMailboxPutInPlaceOfAnotherDoesNotOpen) {
  RowsOf(cat_) = RowsOf(bob_);
  EXPECT_EQ(ListCode(cat_), absl::StatusCode::kDataLoss);
}

TEST_F(Mailboxing, AnIndexRowMovedToAnotherMemberDoesNotOpen) {
  absl::MutexLock lock(&storage_->mu);
  storage_->partitions.at(world_.ring->IndexTagOf(cat_.id())).rows =
      storage_->partitions.at(world_.ring->IndexTagOf(bob_.id())).rows;
  storage_->mu.Unlock();
  EXPECT_EQ(ListCode(cat_), absl::StatusCode::kDataLoss);
  storage_->mu.Lock();
}

TEST_F(Mailboxing, ABitChangedInAnyRowIsNoticed) {
  world_.Restart();  // what goes on behind an answer has ended
  const Rows rows = RowsOf(bob_);
  for (const auto& [key, value] : rows) {
    if (key.table == engine::Table{0x06}) continue;
    RowsOf(bob_).at(key) = testing::Flip(value, value.size() * 8 - 1);
    if (key.table == table::kDeliveries) {
      world_.Restart();
      int lost = 0;
      for (const auto& id : sent_) {
        lost += absl::IsDataLoss(
            world_.MailboxOf(bob_).Get({{ann_.id(), id}}, MailWorld::Soon()).status());
      }
      EXPECT_LE(lost, 1);
    } else if (key.table == table::kThreads) {
      world_.Restart();
      int lost = 0;
      for (const auto& id : sent_) {
        lost += absl::IsDataLoss(
            world_.MailboxOf(bob_).ListThread(id.bytes(), 9, "", MailWorld::Soon()).status());
      }
      EXPECT_LE(lost, 1);
    } else if (key.table == table::kChanges) {
      world_.Restart();
      const auto changes =
          world_.changes->Sync(world_.MailboxOf(bob_), before_answer_, 500, MailWorld::Soon());
      EXPECT_EQ(changes.status().code(), absl::StatusCode::kDataLoss);
    } else if (key.table == table::kContacts) {
      // Nobody reads it but who writes to him.
      world_.Restart();
      const auto sent = world_.Send(ann_, EnvelopeOf(ann_, bob_, FreshMessageId()));
      EXPECT_EQ(sent.status().code(), absl::StatusCode::kDataLoss);
    } else {
      EXPECT_EQ(ListCode(bob_), absl::StatusCode::kDataLoss)
          << "table " << static_cast<int>(key.table);
    }
    RowsOf(bob_).at(key) = value;
  }
  EXPECT_EQ(ListCode(bob_), absl::StatusCode::kOk);
}

TEST_F(Mailboxing, ASessionOfSomebodyWithoutAMailboxOpensNone) {
  const TestUser stranger("stranger", world_.directory.deployment());
  const absl::Status status =
      world_.mailboxes->Open(world_.GrantOf(stranger), MailWorld::Soon()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(rpc::ReasonOf(status), common::v1::ERROR_REASON_NOT_ENROLLED);
}

}  // namespace
}  // namespace letterlock::mail
