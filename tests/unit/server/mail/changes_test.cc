// Marks, deletions and threads in one mailbox, and what they leave in its rows.
#include "server/mail/sync/changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "letterlock/common/v1/errors.pb.h"
#include "mail_world.h"
#include "server/mail/mailbox/rows.h"
#include "server/rpc/status.h"
#include "support/fake_engine.h"

namespace letterlock::mail {
namespace {

using ::testing::ElementsAre;
using testing::FakeEngine;
using testing::FakeEngineOptions;
using testing::FakeStorage;
using testing::WriteFault;

class Changing : public ::testing::Test {
 protected:
  Changing() {
    for (int i = 0; i < 5; ++i) {
      const crypto::MessageId id = FreshMessageId();
      envelopes_.push_back(EnvelopeOf(ann_, bob_, id, "sealed", 512));
      // The first three are one thread.
      if (i == 1 || i == 2) {
        EditHeader(&envelopes_.back(), [&](v1::EnvelopeHeader& header) {
          header.set_thread_id(std::string(sent_[0].id.bytes()));
        });
      }
      EXPECT_TRUE(world_.Send(ann_, envelopes_.back()).ok());
      sent_.push_back({ann_.id(), id});
    }
  }

  absl::StatusOr<std::vector<std::optional<v1::MessageState>>> Update(
      const TestUser& user, const std::vector<MessageUpdate>& updates) {
    return world_.changes->Update(world_.MailboxOf(user), updates, MailWorld::Soon());
  }
  absl::StatusOr<std::vector<bool>> Delete(const TestUser& user,
                                           const std::vector<MessageName>& names) {
    return world_.changes->Delete(world_.MailboxOf(user), names, MailWorld::Soon());
  }
  std::set<std::string> HeadersIn(const TestUser& user, v1::Folder folder) {
    std::set<std::string> headers;
    for (const auto& message : world_.ListAll(user, folder)) headers.insert(message.header());
    return headers;
  }
  using Rows = std::map<engine::RowKey, std::string>;
  Rows RowsOf(const TestUser& user) {
    absl::MutexLock lock(&storage_->mu);
    const auto index = world_.ring->IndexTagOf(user.id());
    const auto tag =
        *world_.ring->OpenIndex(index, storage_->partitions.at(index).rows.begin()->second);
    return storage_->partitions.at(tag).rows;
  }
  std::size_t CountRows(const TestUser& user, engine::Table table) {
    const Rows rows = RowsOf(user);
    return static_cast<std::size_t>(std::count_if(
        rows.begin(), rows.end(), [&](const auto& row) { return row.first.table == table; }));
  }

  std::shared_ptr<FakeStorage> storage_ = std::make_shared<FakeStorage>();
  FakeEngine* fake_ = nullptr;
  MailWorld world_{[this] {
    auto engine = std::make_unique<FakeEngine>(storage_, FakeEngineOptions{.own_thread = true});
    fake_ = engine.get();
    return engine;
  }};
  TestUser& ann_ = world_.AddMember("ann");
  TestUser& bob_ = world_.AddMember("bob");
  std::vector<v1::Envelope> envelopes_;
  std::vector<MessageName> sent_;
};

TEST_F(Changing, AMarkIsThereAfterARestartAndInEveryView) {
  auto states = Update(bob_, {{.name = sent_[1], .read = true, .add_labels = {"work", "a.b"}}});
  ASSERT_TRUE(states.ok()) << states.status();
  ASSERT_TRUE(states->at(0));
  EXPECT_TRUE(states->at(0)->read());
  world_.Restart();
  const auto got = world_.GetOne(bob_, ann_.id(), sent_[1].id);
  EXPECT_TRUE(got.state().read());
  EXPECT_FALSE(got.state().archived());
  EXPECT_THAT(got.state().labels(), ElementsAre("a.b", "work"));
  EXPECT_EQ(got.state().sequence(), states->at(0)->sequence());
  for (const auto& message : world_.ListAll(bob_)) {
    EXPECT_EQ(message.state().read(), message.header() == got.header());
  }
  // The sender's copy is another mailbox's.
  EXPECT_FALSE(world_.GetOne(ann_, ann_.id(), sent_[1].id).state().read());
}

TEST_F(Changing, WhatIsNotNamedStays) {
  ASSERT_TRUE(Update(bob_, {{.name = sent_[0], .read = true, .add_labels = {"a", "b"}}}).ok());
  auto states = Update(bob_, {{.name = sent_[0], .archived = true, .remove_labels = {"a", "c"}}});
  ASSERT_TRUE(states.ok());
  EXPECT_TRUE(states->at(0)->read());
  EXPECT_TRUE(states->at(0)->archived());
  EXPECT_THAT(states->at(0)->labels(), ElementsAre("b"));
  states = Update(bob_, {{.name = sent_[0], .read = false, .archived = false}});
  EXPECT_FALSE(states->at(0)->read());
  EXPECT_FALSE(states->at(0)->archived());
}

TEST_F(Changing, AMarkThatChangesNothingWritesNothing) {
  ASSERT_TRUE(Update(bob_, {{.name = sent_[0], .read = true}}).ok());
  const Rows before = RowsOf(bob_);
  ASSERT_TRUE(Update(bob_, {{.name = sent_[0], .read = true}, {.name = sent_[1]}}).ok());
  EXPECT_TRUE(RowsOf(bob_) == before);
}

TEST_F(Changing, ArchivedMessagesAreInTheArchiveAndNowhereElse) {
  ASSERT_TRUE(Update(bob_, {{.name = sent_[0], .archived = true}}).ok());
  EXPECT_EQ(HeadersIn(bob_, v1::FOLDER_ARCHIVE), (std::set<std::string>{envelopes_[0].header()}));
  EXPECT_EQ(HeadersIn(bob_, v1::FOLDER_INBOX).count(envelopes_[0].header()), 0u);
  EXPECT_EQ(HeadersIn(bob_, v1::FOLDER_UNSPECIFIED).size(), 5u);
  EXPECT_TRUE(HeadersIn(ann_, v1::FOLDER_ARCHIVE).empty());
}

TEST_F(Changing, AMessageHoldsSixteenLabelsAndNoMore) {
  std::vector<std::string> labels;
  for (char c = 'a'; c < 'a' + 16; ++c) labels.emplace_back(1, c);
  ASSERT_TRUE(Update(bob_, {{.name = sent_[1], .add_labels = labels}}).ok());
  const Rows before = RowsOf(bob_);
  const absl::Status status =
      Update(bob_, {{.name = sent_[0], .read = true}, {.name = sent_[1], .add_labels = {"z"}}})
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(rpc::FieldOf(status), "updates[1].add_labels");
  EXPECT_EQ(rpc::ReasonOf(status), common::v1::ERROR_REASON_TOO_MANY);
  EXPECT_TRUE(RowsOf(bob_) == before);
  EXPECT_TRUE(Update(bob_, {{.name = sent_[1], .add_labels = {"z"}, .remove_labels = {"a"}}}).ok());
}

TEST_F(Changing, ChangeRowsAreBoundedByMessages) {
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(Update(bob_, {{.name = sent_[0], .read = i % 2 == 0}}).ok());
  }
  EXPECT_EQ(CountRows(bob_, table::kChanges), 1u);
  EXPECT_EQ(CountRows(bob_, table::kFlags), 1u);
}

TEST_F(Changing, MarkingDoesNotRewriteTheMessage) {
  const engine::RowKey place{table::kMessages, SequenceKey(1)};
  const std::string before = RowsOf(bob_).at(place);
  ASSERT_TRUE(Update(bob_, {{.name = sent_[0], .read = true}}).ok());
  EXPECT_EQ(RowsOf(bob_).at(place), before);
}

TEST_F(Changing, ADeletedMessageIsGoneFromEveryView) {
  ASSERT_TRUE(Update(bob_, {{.name = sent_[0], .archived = true}}).ok());
  auto deleted = Delete(bob_, {sent_[0], {bob_.id(), sent_[0].id}, sent_[4]});
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_THAT(*deleted, ElementsAre(true, false, true));
  EXPECT_TRUE(world_.GetOne(bob_, ann_.id(), sent_[0].id).header().empty());
  EXPECT_TRUE(HeadersIn(bob_, v1::FOLDER_ARCHIVE).empty());
  EXPECT_EQ(HeadersIn(bob_, v1::FOLDER_UNSPECIFIED).size(), 3u);
  EXPECT_FALSE(Update(bob_, {{.name = sent_[0], .read = true}})->at(0));
  EXPECT_THAT(*Delete(bob_, {sent_[0]}), ElementsAre(false));
  // Nothing of it is left but that it was there.
  EXPECT_EQ(CountRows(bob_, table::kMessages), 3u);
  EXPECT_EQ(CountRows(bob_, table::kThreads), 3u);
  EXPECT_EQ(CountRows(bob_, table::kFlags), 0u);
  // The sender's copy is hers.
  EXPECT_EQ(HeadersIn(ann_, v1::FOLDER_SENT).size(), 5u);
}

TEST_F(Changing, TheSameEnvelopeAgainIsNoSecondDelivery) {
  ASSERT_TRUE(Delete(bob_, {sent_[0]}).ok());
  ASSERT_TRUE(Delete(ann_, {sent_[0]}).ok());
  for (int restart = 0; restart < 2; ++restart) {
    auto again = world_.Send(ann_, envelopes_[0]);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->state, v1::DELIVERY_STATE_DELIVERED);
    EXPECT_EQ(HeadersIn(bob_, v1::FOLDER_UNSPECIFIED).count(envelopes_[0].header()), 0u);
    EXPECT_EQ(HeadersIn(ann_, v1::FOLDER_UNSPECIFIED).count(envelopes_[0].header()), 0u);
    world_.Restart();
  }
}

TEST_F(Changing, DeletingMakesRoom) {
  MailWorld small{[] {
                    return std::make_unique<FakeEngine>(std::make_shared<FakeStorage>(),
                                                        FakeEngineOptions{.own_thread = true});
                  },
                  Quota{.messages = 1}};
  const TestUser& ann = small.AddMember("ann");
  const TestUser& bob = small.AddMember("bob");
  const crypto::MessageId id = FreshMessageId();
  ASSERT_TRUE(small.Send(ann, EnvelopeOf(ann, bob, id)).ok());
  const auto second = EnvelopeOf(ann, bob, FreshMessageId());
  EXPECT_EQ(rpc::ReasonOf(small.Send(ann, second).status()), common::v1::ERROR_REASON_MAILBOX_FULL);
  for (const TestUser* user : {&ann, &bob}) {
    ASSERT_TRUE(
        small.changes->Delete(small.MailboxOf(*user), {{ann.id(), id}}, MailWorld::Soon()).ok());
  }
  EXPECT_TRUE(small.Send(ann, second).ok());
}

TEST_F(Changing, AnAnswerThatGotLostIsMadeUpFor) {
  for (const WriteFault fault :
       {WriteFault::kAborts, WriteFault::kFailsAndDoesNotPersist, WriteFault::kFailsButPersists}) {
    const auto i = static_cast<std::size_t>(fault);
    fake_->Inject(fault);
    auto states = Update(bob_, {{.name = sent_[i], .read = true}});
    ASSERT_TRUE(states.ok()) << states.status();
    EXPECT_TRUE(world_.GetOne(bob_, ann_.id(), sent_[i].id).state().read());
    fake_->Inject(fault);
    auto deleted = Delete(bob_, {sent_[i]});
    ASSERT_TRUE(deleted.ok()) << deleted.status();
    EXPECT_TRUE(deleted->at(0));
    EXPECT_TRUE(world_.GetOne(bob_, ann_.id(), sent_[i].id).header().empty());
  }
}

TEST_F(Changing, AThreadIsListedFromAllFoldersInPagesOfAnySize) {
  // Bob answers in the thread.
  v1::Envelope answer = EnvelopeOf(bob_, ann_, FreshMessageId());
  EditHeader(&answer, [&](v1::EnvelopeHeader& header) {
    header.set_thread_id(std::string(sent_[0].id.bytes()));
  });
  ASSERT_TRUE(world_.Send(bob_, answer).ok());
  ASSERT_TRUE(Update(bob_, {{.name = sent_[1], .archived = true}}).ok());
  const Mailbox bobs = world_.MailboxOf(bob_);
  for (std::size_t size = 1; size <= 5; ++size) {
    std::vector<std::string> headers;
    std::string token;
    do {
      auto page = bobs.ListThread(sent_[0].id.bytes(), size, token, MailWorld::Soon());
      ASSERT_TRUE(page.ok()) << page.status();
      EXPECT_LE(page->messages.size(), size);
      for (const auto& message : page->messages) headers.push_back(message.header());
      token = page->next_page_token;
    } while (!token.empty());
    EXPECT_THAT(headers, ElementsAre(answer.header(), envelopes_[2].header(),
                                     envelopes_[1].header(), envelopes_[0].header()));
  }
  EXPECT_TRUE(bobs.ListThread(std::string(16, 'x'), 5, "", MailWorld::Soon())->messages.empty());
}

TEST_F(Changing, APageTokenOfAThreadIsForThatThreadAlone) {
  const Mailbox bobs = world_.MailboxOf(bob_);
  const std::string thread(sent_[0].id.bytes());
  const std::string token = bobs.ListThread(thread, 1, "", MailWorld::Soon())->next_page_token;
  ASSERT_FALSE(token.empty());
  const std::string folder_token =
      bobs.List(v1::FOLDER_UNSPECIFIED, 1, "", MailWorld::Soon())->next_page_token;
  for (const absl::Status& status :
       {bobs.ListThread(sent_[3].id.bytes(), 1, token, MailWorld::Soon()).status(),
        bobs.List(v1::FOLDER_UNSPECIFIED, 1, token, MailWorld::Soon()).status(),
        bobs.ListThread(thread, 1, folder_token, MailWorld::Soon()).status(),
        world_.MailboxOf(ann_).ListThread(thread, 1, token, MailWorld::Soon()).status()}) {
    EXPECT_EQ(rpc::ReasonOf(status), common::v1::ERROR_REASON_PAGE_TOKEN) << status;
  }
}

}  // namespace
}  // namespace letterlock::mail
