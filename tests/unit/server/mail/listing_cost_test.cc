// What a page of a listing costs the store.
#include <gtest/gtest.h>

#include <atomic>

#include "mail_world.h"
#include "server/mail/mailbox/rows.h"
#include "support/fake_engine.h"

namespace letterlock::mail {
namespace {

using testing::FakeEngine;
using testing::FakeEngineOptions;
using testing::FakeStorage;

// Counts scans of messages.
class CountingEngine final : public engine::Engine {
 public:
  CountingEngine(std::unique_ptr<engine::Engine> engine, std::atomic<int>* scans)
      : engine_(std::move(engine)), scans_(*scans) {}

  void Apply(engine::MailboxTag tag, engine::Generation expected, engine::Batch batch,
             engine::Done<engine::Generation> done) override {
    engine_->Apply(tag, expected, std::move(batch), std::move(done));
  }
  void ApplyTogether(std::vector<engine::MailboxWrite> writes,
                     engine::Done<std::vector<engine::Generation>> done) override {
    engine_->ApplyTogether(std::move(writes), std::move(done));
  }
  bool CommitsTogether() const override { return engine_->CommitsTogether(); }
  void Drop(engine::MailboxTag tag, engine::Generation expected,
            engine::Done<engine::Generation> done) override {
    engine_->Drop(tag, expected, std::move(done));
  }
  void Read(engine::MailboxTag tag, absl::Span<const engine::RowKey> keys,
            engine::Done<engine::Rows> done) override {
    engine_->Read(tag, keys, std::move(done));
  }
  void ReadRow(engine::MailboxTag tag, const engine::RowKey& key,
               engine::Done<std::optional<std::string>> done) override {
    engine_->ReadRow(tag, key, std::move(done));
  }
  void Scan(engine::MailboxTag tag, engine::Table table, engine::Range range,
            engine::Done<engine::Page> done) override {
    if (table == table::kMessages) ++scans_;
    engine_->Scan(tag, table, std::move(range), std::move(done));
  }
  absl::Status Writable() const override { return engine_->Writable(); }

 private:
  const std::unique_ptr<engine::Engine> engine_;
  std::atomic<int>& scans_;
};

class ListingCost : public ::testing::Test {
 protected:
  void SendMany(const TestUser& from, const TestUser& to, int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(world_.Send(from, EnvelopeOf(from, to, FreshMessageId())).ok());
    }
  }
  // The scans that one page takes, and whether there is another.
  std::pair<int, bool> CostOf(v1::Folder folder, std::size_t page_size, std::size_t expected) {
    const Mailbox mailbox = world_.MailboxOf(bob_);
    scans_ = 0;
    const auto page = mailbox.List(folder, page_size, "", MailWorld::Soon());
    EXPECT_TRUE(page.ok()) << page.status();
    EXPECT_EQ(page->messages.size(), expected);
    return {scans_.load(), !page->next_page_token.empty()};
  }

  std::atomic<int> scans_{0};
  MailWorld world_{[this]() -> std::unique_ptr<engine::Engine> {
    return std::make_unique<CountingEngine>(
        std::make_unique<FakeEngine>(std::make_shared<FakeStorage>(),
                                     FakeEngineOptions{.own_thread = true}),
        &scans_);
  }};
  TestUser& ann_ = world_.AddMember("ann");
  TestUser& bob_ = world_.AddMember("bob");
};

TEST_F(ListingCost, AFullPageIsOneScanThoughThereIsMore) {
  SendMany(ann_, bob_, 5);
  EXPECT_EQ(CostOf(v1::FOLDER_UNSPECIFIED, 2, 2), (std::pair{1, true}));
  EXPECT_EQ(CostOf(v1::FOLDER_UNSPECIFIED, 5, 5), (std::pair{1, false}));
}

TEST_F(ListingCost, AFolderIsReadAHundredRowsAtATime) {
  SendMany(bob_, ann_, 1);
  SendMany(ann_, bob_, 150);
  // The one sent message lies behind 150 received ones.
  EXPECT_EQ(CostOf(v1::FOLDER_SENT, 1, 1), (std::pair{2, false}));
}

}  // namespace
}  // namespace letterlock::mail
