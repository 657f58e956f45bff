// Devices that follow a mailbox have what it holds, from whatever token they start.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "letterlock/common/v1/errors.pb.h"
#include "letterlock/mail/v1/envelope.pb.h"
#include "mail_world.h"
#include "server/mail/mailbox/rows.h"
#include "server/mail/sync/changes.h"
#include "server/rpc/status.h"
#include "support/fake_engine.h"

namespace letterlock::mail {
namespace {

using testing::FakeEngine;
using testing::FakeEngineOptions;
using testing::FakeStorage;

// A message by sender and id.
using Name = std::pair<std::string, std::string>;
using Held = std::map<Name, std::string>;  // the summary's bytes

Name NameOf(const v1::MessageSummary& message) {
  v1::EnvelopeHeader header;
  header.ParseFromString(message.header());
  return {header.sender(), header.message_id()};
}

// What a client keeps: messages, and how far it got.
struct Device {
  Held held;
  std::string token;
  std::vector<std::string> earlier{};  // tokens since it last started

  void Apply(const Changes::Page& page) {
    std::set<Name> named;
    for (const v1::Change& change : page.changes) {
      Name name;
      if (change.has_destroyed()) {
        name = {change.destroyed().sender(), change.destroyed().message_id()};
        held.erase(name);
      } else {
        name = NameOf(change.message());
        held[name] = change.message().SerializeAsString();
      }
      EXPECT_TRUE(named.insert(name).second) << "a message twice in one page";
    }
    token = page.token;
  }
};

Held TrueState(MailWorld& world, const TestUser& user) {
  Held held;
  for (const auto& message : world.ListAll(user)) {
    held[NameOf(message)] = message.SerializeAsString();
  }
  return held;
}

class Syncing : public ::testing::Test {
 protected:
  absl::StatusOr<Changes::Page> Sync(const TestUser& user, const std::string& token,
                                     std::size_t most = 500) {
    return world_.changes->Sync(world_.MailboxOf(user), token, most, MailWorld::Soon());
  }
  void Follow(const TestUser& user, Device* device, std::size_t most = 500) {
    bool more = true;
    while (more) {
      auto page = Sync(user, device->token, most);
      ASSERT_TRUE(page.ok()) << page.status();
      ASSERT_LE(page->changes.size(), most);
      device->Apply(*page);
      more = page->more;
    }
  }
  MessageName Send() {
    const crypto::MessageId id = FreshMessageId();
    EXPECT_TRUE(world_.Send(ann_, EnvelopeOf(ann_, bob_, id)).ok());
    return {ann_.id(), id};
  }
  void Mark(const MessageName& name, const std::string& label) {
    EXPECT_TRUE(world_.changes
                    ->Update(world_.MailboxOf(bob_), {{.name = name, .add_labels = {label}}},
                             MailWorld::Soon())
                    .ok());
  }
  void Delete(const MessageName& name) {
    EXPECT_TRUE(world_.changes->Delete(world_.MailboxOf(bob_), {name}, MailWorld::Soon())->at(0));
  }
  void ExpectResync(const std::string& token) {
    const absl::Status status = Sync(bob_, token).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(rpc::ReasonOf(status), common::v1::ERROR_REASON_RESYNC);
    EXPECT_EQ(rpc::FieldOf(status), "token");
  }

  std::shared_ptr<FakeStorage> storage_ = std::make_shared<FakeStorage>();
  MailWorld world_{[this] {
    return std::make_unique<FakeEngine>(storage_, FakeEngineOptions{.own_thread = true});
  }};
  TestUser& ann_ = world_.AddMember("ann");
  TestUser& bob_ = world_.AddMember("bob");
};

TEST_F(Syncing, AnEmptyMailboxGivesATokenToGoOnWith) {
  Device device;
  Follow(bob_, &device);
  EXPECT_FALSE(device.token.empty());
  const auto same = Sync(bob_, device.token);
  EXPECT_TRUE(same->changes.empty());
  EXPECT_FALSE(same->more);
  EXPECT_EQ(same->token, device.token);
  Send();
  EXPECT_EQ(Sync(bob_, device.token)->changes.size(), 1u);
}

TEST_F(Syncing, TellsEachMessageOnceAsItIsNow) {
  const MessageName first = Send();
  Device device;
  Follow(bob_, &device);
  const MessageName second = Send();
  for (const char* label : {"a", "b", "c"}) {
    Mark(first, label);
    Mark(second, label);
  }
  const auto page = Sync(bob_, device.token);
  ASSERT_EQ(page->changes.size(), 2u);
  for (const v1::Change& change : page->changes) {
    EXPECT_EQ(change.message().state().labels_size(), 3);
  }
}

TEST_F(Syncing, ADeletionIsToldAlsoToWhoNeverSawTheMessage) {
  Device device;
  Follow(bob_, &device);
  const MessageName name = Send();
  // Somebody who applied a page and then lost its token.
  Device ahead = device;
  Follow(bob_, &ahead);
  ahead.token = device.token;
  Delete(name);
  Follow(bob_, &device);
  Follow(bob_, &ahead);
  EXPECT_TRUE(device.held.empty());
  EXPECT_TRUE(ahead.held.empty());
}

TEST_F(Syncing, ChangesDuringTheFirstWayThroughAreTold) {
  std::vector<MessageName> sent;
  for (int i = 0; i < 6; ++i) sent.push_back(Send());
  Device device;
  device.Apply(*Sync(bob_, "", 3));
  EXPECT_EQ(device.held.size(), 3u);
  Mark(sent[0], "given");
  Mark(sent[5], "not-given-yet");
  Delete(sent[1]);
  Delete(sent[4]);
  Send();
  Follow(bob_, &device, 2);
  EXPECT_EQ(device.held, TrueState(world_, bob_));
}

TEST_F(Syncing, ATokenIsForOneMailboxAndUnchanged) {
  Send();
  const std::string token = Sync(bob_, "")->token;
  for (const auto& [user, text] : std::vector<std::pair<const TestUser*, std::string>>{
           {&ann_, token}, {&bob_, token + "A"}, {&bob_, "not base64!"}, {&bob_, "AAAA"}}) {
    const absl::Status status = Sync(*user, text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(rpc::ReasonOf(status), common::v1::ERROR_REASON_PAGE_TOKEN);
    EXPECT_EQ(rpc::FieldOf(status), "token");
  }
}

TEST_F(Syncing, ATokenFromTheFutureOfARestoredStoreStartsAgain) {
  Send();
  world_.Stop();
  const auto backup = [&] {
    absl::MutexLock lock(&storage_->mu);
    return storage_->partitions;
  }();
  world_.Restart();
  Send();
  const std::string token = Sync(bob_, "")->token;
  world_.Stop();
  {
    absl::MutexLock lock(&storage_->mu);
    storage_->partitions = backup;
  }
  world_.Restart();
  ExpectResync(token);
}

TEST_F(Syncing, OldDeletionsAreForgottenAndOldTokensStartAgain) {
  const auto deletions = [&] {
    const char kind = static_cast<char>(ChangeKind::kDestroyed);
    std::size_t count = 0;
    absl::MutexLock lock(&storage_->mu);
    for (const auto& [tag, partition] : storage_->partitions) {
      for (const auto& [key, value] : partition.rows) {
        count += key.table == table::kChanges && key.key.front() == kind;
      }
    }
    return count;
  };
  std::vector<MessageName> sent;
  for (int i = 0; i < 30; ++i) sent.push_back(Send());
  const std::string old = Sync(bob_, "")->token;
  for (int i = 0; i < 20; ++i) Delete(sent[static_cast<std::size_t>(i)]);
  const std::string told = Sync(bob_, old)->token;
  Mark(sent[29], "kept");
  EXPECT_EQ(deletions(), 20u);

  world_.clock.Advance(absl::Hours(30 * 24) - absl::Minutes(1));
  EXPECT_EQ(Sync(bob_, old)->changes.size(), 21u);
  EXPECT_EQ(deletions(), 20u);

  world_.clock.Advance(absl::Hours(2));
  // Each call forgets a few.
  for (int calls = 0; deletions() > 0; ++calls) {
    ASSERT_LT(calls, 1000);
    ASSERT_TRUE(Sync(bob_, told).ok());
  }
  ExpectResync(old);
  // Who heard of all deletions misses nothing.
  const auto page = Sync(bob_, told);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->changes.size(), 1u);
  EXPECT_EQ(page->changes[0].message().state().labels(0), "kept");
}

TEST_F(Syncing, WhatBecameOfASentMessageIsTold) {
  // The fake engine sends in three steps; the last one says DELIVERED in the sender's mailbox.
  Send();
  Device device;
  const auto delivered = [&] {
    for (const auto& [name, bytes] : device.held) {
      v1::MessageSummary summary;
      summary.ParseFromString(bytes);
      if (summary.state().delivery() == v1::DELIVERY_STATE_DELIVERED) return true;
    }
    return false;
  };
  while (!delivered()) Follow(ann_, &device);
}

// What happens between two looks at the mailbox. `what` is taken modulo its number of choices.
struct Action {
  enum Kind {
    kSend,
    kMark,
    kArchive,
    kDelete,
    kPage,
    kWholeWay,
    kLoseToken,
    kStartAgain,
    kRestart,
    kKinds
  };
  Kind kind = kSend;
  unsigned what = 0;
};

[[maybe_unused]] void showValue(const Action& action, std::ostream& out) {
  out << action.kind << ":" << action.what;
}

rc::Gen<Action> AnyAction() {
  return rc::gen::map(rc::gen::pair(rc::gen::inRange(0, static_cast<int>(Action::kKinds)),
                                    rc::gen::inRange(0u, 1000u)),
                      [](const std::pair<int, unsigned>& parts) {
                        return Action{static_cast<Action::Kind>(parts.first), parts.second};
                      });
}

// Two devices and the owner's hand on the mailbox.
class Followed {
 public:
  Followed() {
    ann_ = &world_.AddMember("ann");
    bob_ = &world_.AddMember("bob");
  }

  void Do(const Action& action) {
    Device& device = devices_[action.what % 2];
    switch (action.kind) {
      case Action::kSend:
        for (unsigned i = 0; i <= action.what % 4; ++i) Send();
        return;
      case Action::kMark:
      case Action::kArchive:
      case Action::kDelete:
        return sent_.empty() ? void() : Change(action);
      case Action::kPage:
        device.Apply(*Sync(device.token, 1 + action.what % 5));
        device.earlier.push_back(device.token);
        return;
      case Action::kWholeWay:
        return Follow(&device);
      case Action::kLoseToken:
        // A client that stored what it was told, but an older token of its own.
        if (!device.earlier.empty()) {
          device.token = device.earlier[action.what % device.earlier.size()];
        }
        return;
      case Action::kStartAgain:
        device = Device();
        return;
      default:
        world_.Restart();
    }
  }

  void Judge() {
    for (Device& device : devices_) {
      Follow(&device);
      RC_ASSERT(device.held == TrueState(world_, *bob_));
    }
    Device fresh;
    Follow(&fresh);
    RC_ASSERT(fresh.held == TrueState(world_, *bob_));
  }

 private:
  void Send() {
    const crypto::MessageId id = FreshMessageId();
    RC_ASSERT(world_.Send(*ann_, EnvelopeOf(*ann_, *bob_, id)).ok());
    sent_.push_back({ann_->id(), id});
  }
  void Change(const Action& action) {
    const MessageName& name = sent_[action.what % sent_.size()];
    const Mailbox mailbox = world_.MailboxOf(*bob_);
    if (action.kind == Action::kDelete) {
      RC_ASSERT(world_.changes->Delete(mailbox, {name}, MailWorld::Soon()).ok());
      return;
    }
    MessageUpdate update{.name = name};
    if (action.kind == Action::kArchive) {
      update.archived = action.what % 2 == 0;
    } else {
      update.add_labels = {std::string(1, static_cast<char>('a' + action.what % 3))};
    }
    RC_ASSERT(world_.changes->Update(mailbox, {update}, MailWorld::Soon()).ok());
  }
  absl::StatusOr<Changes::Page> Sync(const std::string& token, std::size_t most) {
    auto page = world_.changes->Sync(world_.MailboxOf(*bob_), token, most, MailWorld::Soon());
    RC_ASSERT(page.ok());
    return page;
  }
  void Follow(Device* device) {
    for (bool more = true; more;) {
      const auto page = *Sync(device->token, 3);
      device->Apply(page);
      more = page.more;
    }
  }

  std::shared_ptr<FakeStorage> storage_ = std::make_shared<FakeStorage>();
  MailWorld world_{[this] {
    return std::make_unique<FakeEngine>(storage_, FakeEngineOptions{.own_thread = true});
  }};
  TestUser* ann_ = nullptr;
  TestUser* bob_ = nullptr;
  std::vector<MessageName> sent_;
  Device devices_[2];
};

RC_GTEST_PROP(Sync, ConvergesFromAnyToken, ()) {
  Followed followed;
  for (const Action& action : *rc::gen::container<std::vector<Action>>(AnyAction())) {
    followed.Do(action);
  }
  followed.Judge();
}

}  // namespace
}  // namespace letterlock::mail
