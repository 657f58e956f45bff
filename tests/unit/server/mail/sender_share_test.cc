// What a sender has in another's mailbox is counted to the message, also where the server forgets
// the contact between reading and writing.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mail_world.h"
#include "rules_world.h"
#include "server/mail/mailbox/engine_calls.h"
#include "support/fake_engine.h"

namespace letterlock::mail {
namespace {

// More than a lane remembers.
constexpr int kOtherSenders = 40;

// Does what a test wants between the next read of a contact and its answer.
class InterruptedEngine final : public engine::Engine {
 public:
  explicit InterruptedEngine(std::unique_ptr<engine::Engine> engine) : engine_(std::move(engine)) {}

  void InterruptNextContactRead(std::function<void()> meanwhile) {
    absl::MutexLock lock(&mu_);
    meanwhile_ = std::move(meanwhile);
  }
  bool interrupted() const {
    absl::MutexLock lock(&mu_);
    return meanwhile_ == nullptr;
  }

  void Read(engine::MailboxTag tag, absl::Span<const engine::RowKey> keys,
            engine::Done<engine::Rows> done) override {
    std::function<void()> meanwhile;
    if (keys.size() == 1 && keys[0].table == table::kContacts) {
      absl::MutexLock lock(&mu_);
      meanwhile = std::exchange(meanwhile_, nullptr);
    }
    if (meanwhile == nullptr) return engine_->Read(tag, keys, std::move(done));
    auto rows = ReadRows(*engine_, tag, keys, MailWorld::Soon());
    meanwhile();
    std::move(done)(std::move(rows));
  }
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
  void Scan(engine::MailboxTag tag, engine::Table table, engine::Range range,
            engine::Done<engine::Page> done) override {
    engine_->Scan(tag, table, std::move(range), std::move(done));
  }
  absl::Status Writable() const override { return engine_->Writable(); }

 private:
  const std::unique_ptr<engine::Engine> engine_;
  mutable absl::Mutex mu_;
  std::function<void()> meanwhile_ ABSL_GUARDED_BY(mu_);
};

class SenderShare : public ::testing::Test {
 protected:
  static Limits OneMessageEach() {
    Limits limits = MailWorld::NoRules();
    limits.sender_share_per_mille = 1;
    return limits;
  }
  absl::Status Send(TestUser& from, const crypto::MessageId& id) {
    return world_.Send(from, testing::EnvelopeOf(from, bob_, id)).status();
  }
  absl::Status Delete(TestUser& sender, const crypto::MessageId& id) {
    return world_.changes
        ->Delete(world_.MailboxOf(bob_), std::vector<MessageName>{{sender.id(), id}},
                 MailWorld::Soon())
        .status();
  }

  const std::shared_ptr<testing::FakeStorage> storage_ = std::make_shared<testing::FakeStorage>();
  InterruptedEngine* engine_ = nullptr;
  MailWorld world_{[this]() -> std::unique_ptr<engine::Engine> {
                     auto engine =
                         std::make_unique<InterruptedEngine>(std::make_unique<testing::FakeEngine>(
                             storage_, testing::FakeEngineOptions{.own_thread = true}));
                     engine_ = engine.get();
                     return engine;
                   },
                   {.messages = 1000, .bytes = 1 << 30},
                   OneMessageEach()};
  TestUser& ann_ = world_.AddMember("ann");
  TestUser& bob_ = world_.AddMember("bob");
};

TEST_F(SenderShare, ShrinksWithADeletionAlsoWhereTheLaneForgetsTheSenderMeanwhile) {
  std::vector<TestUser*> others;
  for (int i = 0; i < kOtherSenders; ++i) {
    others.push_back(&world_.AddMember("other" + std::to_string(i)));
  }
  const crypto::MessageId first = FreshMessageId();
  ASSERT_TRUE(Send(ann_, first).ok());
  EXPECT_EQ(ReasonOf(Send(ann_, FreshMessageId())), common::v1::ERROR_REASON_SENDER_SHARE);
  world_.Restart();  // the contact has to be read again
  engine_->InterruptNextContactRead([&] {
    for (TestUser* other : others) EXPECT_TRUE(Send(*other, FreshMessageId()).ok());
  });
  ASSERT_TRUE(Delete(ann_, first).ok());
  ASSERT_TRUE(engine_->interrupted());
  EXPECT_TRUE(Send(ann_, FreshMessageId()).ok()) << "the deleted message still counts";
  EXPECT_EQ(ReasonOf(Send(ann_, FreshMessageId())), common::v1::ERROR_REASON_SENDER_SHARE);
}

}  // namespace
}  // namespace letterlock::mail
