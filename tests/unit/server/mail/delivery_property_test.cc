// Whatever fails, and in whatever order: nothing that was acknowledged is lost, nothing is there
// twice.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "mail_world.h"
#include "support/fake_engine.h"

namespace letterlock::mail {
namespace {

using testing::FakeEngine;
using testing::FakeEngineOptions;
using testing::FakeStorage;

// One thing that happens. `what` is taken modulo its number of choices.
struct Action {
  enum Kind { kSendSome, kRetrySome, kRestart, kCrash, kList, kKinds };
  Kind kind = kSendSome;
  unsigned what = 0;
};

[[maybe_unused]] void showValue(const Action& action, std::ostream& out) {
  out << action.kind << ":" << action.what;
}

struct Letter {
  int from = 0;
  v1::Envelope envelope;
  std::optional<std::uint64_t> accepted_unix_ms;  // of the first answer
  bool delivered = false;                         // somebody was told so
};

class Post {
 public:
  explicit Post(std::uint64_t seed) : seed_(seed) {
    for (const char* handle : {"ann", "bob", "cat"}) {
      users_.push_back(&world_.AddMember(handle));
    }
    faulty_ = true;
    world_.Restart();
  }

  void Do(const Action& action) {
    switch (action.kind) {
      case Action::kSendSome:
        return SendAll(FreshLetters(1 + action.what % 8));
      case Action::kRetrySome:
        return SendAll(OldLetters(action.what));
      case Action::kCrash:
        fake_->Crash();
        [[fallthrough]];
      case Action::kRestart:
        return world_.Restart();
      default:
        // Reading may fail, but wakes what is pending.
        auto mailbox = world_.mailboxes->Open(world_.GrantOf(*users_[action.what % users_.size()]),
                                              MailWorld::Soon());
        if (mailbox.ok()) world_.sender->SettleOutbox(*mailbox);
    }
  }

  void Judge() {
    faulty_ = false;
    world_.Restart();
    for (auto& [name, letter] : letters_) {
      if (letter.delivered) RC_ASSERT(Inbox(To(letter)).count(name) == 1);
      auto sent = world_.Send(*users_[letter.from], letter.envelope);
      RC_ASSERT(sent.ok());
      RC_ASSERT(sent->state == v1::DELIVERY_STATE_DELIVERED);
      if (letter.accepted_unix_ms) RC_ASSERT(*letter.accepted_unix_ms == sent->accepted_unix_ms);
    }
    for (int user = 0; user < static_cast<int>(users_.size()); ++user) JudgeMailbox(user);
  }

 private:
  // A header names its message: it holds sender and id.
  using Name = std::string;

  int To(const Letter& letter) const { return (letter.from + 1) % static_cast<int>(users_.size()); }

  std::vector<Name> FreshLetters(unsigned count) {
    std::vector<Name> names;
    for (unsigned i = 0; i < count; ++i) {
      Letter letter;
      letter.from = static_cast<int>((letters_.size() + i * seed_) % users_.size());
      letter.envelope = EnvelopeOf(*users_[letter.from], *users_[To(letter)], FreshMessageId());
      names.push_back(letter.envelope.header());
      letters_.emplace(names.back(), std::move(letter));
    }
    return names;
  }

  // Some of the letters, some of them twice: the second call finds the first one under way.
  std::vector<Name> OldLetters(unsigned what) const {
    std::vector<Name> names;
    for (const auto& [name, letter] : letters_) {
      if (++what % 3 == 0) continue;
      names.push_back(name);
      if (what % 3 == 1) names.push_back(name);
    }
    return names;
  }

  void SendAll(const std::vector<Name>& names) {
    std::vector<absl::StatusOr<SendResult>> results(names.size());
    absl::BlockingCounter answered(static_cast<int>(names.size()));
    for (std::size_t i = 0; i < names.size(); ++i) {
      const Letter& letter = letters_.at(names[i]);
      world_.clock.Advance(absl::Milliseconds(1));
      world_.sender->Send(world_.GrantOf(*users_[letter.from]), letter.envelope, MailWorld::Soon(),
                          [&results, &answered, i](absl::StatusOr<SendResult> result) {
                            results[i] = std::move(result);
                            answered.DecrementCount();
                          });
    }
    answered.Wait();
    for (std::size_t i = 0; i < names.size(); ++i) Note(letters_.at(names[i]), results[i]);
  }

  static void Note(Letter& letter, const absl::StatusOr<SendResult>& result) {
    if (!result.ok()) return;
    RC_ASSERT(result->state != v1::DELIVERY_STATE_REFUSED);
    if (!letter.accepted_unix_ms) letter.accepted_unix_ms = result->accepted_unix_ms;
    RC_ASSERT(*letter.accepted_unix_ms == result->accepted_unix_ms);
    letter.delivered |= result->state == v1::DELIVERY_STATE_DELIVERED;
  }

  std::multiset<Name> Inbox(int user) {
    std::multiset<Name> names;
    for (const auto& message : world_.ListAll(*users_[user], v1::FOLDER_INBOX)) {
      names.insert(message.header());
    }
    return names;
  }

  void JudgeMailbox(int user) {
    std::multiset<Name> received, sent, expected_received, expected_sent;
    for (const auto& message : world_.ListAll(*users_[user])) {
      const bool inbox = message.state().folder() == v1::FOLDER_INBOX;
      (inbox ? received : sent).insert(message.header());
    }
    for (const auto& [name, letter] : letters_) {
      if (letter.from == user) expected_sent.insert(name);
      if (To(letter) == user) expected_received.insert(name);
    }
    RC_ASSERT(received == expected_received);
    RC_ASSERT(sent == expected_sent);
  }

  const std::uint64_t seed_;
  std::uint64_t engines_ = 0;
  bool faulty_ = false;
  std::shared_ptr<FakeStorage> storage_ = std::make_shared<FakeStorage>();
  FakeEngine* fake_ = nullptr;
  MailWorld world_{[this]() -> std::unique_ptr<engine::Engine> {
    FakeEngineOptions options{.seed = seed_ + engines_++, .own_thread = true};
    if (faulty_) {
      options.aborts = 0.1;
      options.fails_and_does_not_persist = 0.05;
      options.fails_but_persists = 0.05;
      // Reads of a start must not fail: the world would not come up.
      options.read_fails = 0;
    }
    auto engine = std::make_unique<FakeEngine>(storage_, options);
    fake_ = engine.get();
    return engine;
  }};
  std::vector<TestUser*> users_;
  std::map<Name, Letter> letters_;
};

rc::Gen<Action> AnyAction() {
  return rc::gen::map(rc::gen::pair(rc::gen::inRange(0, static_cast<int>(Action::kKinds)),
                                    rc::gen::inRange(0u, 1000u)),
                      [](const std::pair<int, unsigned>& parts) {
                        return Action{static_cast<Action::Kind>(parts.first), parts.second};
                      });
}

RC_GTEST_PROP(Delivery, NothingAcknowledgedIsLostAndNothingIsThereTwice, ()) {
  Post post(*rc::gen::arbitrary<std::uint16_t>());
  for (const Action& action : *rc::gen::container<std::vector<Action>>(AnyAction())) {
    post.Do(action);
  }
  post.Judge();
}

}  // namespace
}  // namespace letterlock::mail
