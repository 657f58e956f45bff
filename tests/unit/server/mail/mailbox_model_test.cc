// Send, retry, Sync, Update, Delete, restarts and an engine that fails, in any order: nothing that
// was acknowledged is lost, undone or there twice, and devices that follow have what is there.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "letterlock/mail/v1/envelope.pb.h"
#include "mail_world.h"
#include "support/fake_engine.h"
#include "support/temporary_directory.h"

namespace letterlock::mail {
namespace {

using testing::FakeEngine;
using testing::FakeEngineOptions;
using testing::FakeStorage;

// One thing that happens. `what` is taken modulo its number of choices.
struct Action {
  enum Kind { kSend, kRetry, kUpdate, kDelete, kSync, kRestart, kCrash, kKinds };
  Kind kind = kSend;
  unsigned what = 0;
};

[[maybe_unused]] void showValue(const Action& action, std::ostream& out) {
  out << action.kind << ":" << action.what;
}

// What is known of a message in one mailbox.
struct Copy {
  enum Deleted { kNo, kPerhaps, kYes };
  Deleted deleted = kNo;
  std::optional<bool> read = false;  // nothing: the last Update's answer is not known
};

struct Letter {
  MessageName name;
  v1::Envelope envelope;
  std::optional<std::uint64_t> accepted_unix_ms{};
  bool delivered = false;
  Copy copies[2]{};  // the sender's, the recipient's
};

// A device of the owner of one mailbox.
struct Device {
  int owner = 0;
  std::map<std::string, std::string> held{};  // summaries by sender and id
  std::string token{};
};

class Model {
 public:
  // `engine` makes one on the same storage, without faults where told so; `crash` ends it as kill
  // -9 would, if it can be.
  Model(std::function<std::unique_ptr<engine::Engine>(bool faulty)> engine,
        std::function<void()> crash)
      : engine_(std::move(engine)), crash_(std::move(crash)) {
    users_[0] = &world_.AddMember("ann");
    users_[1] = &world_.AddMember("bob");
    faulty_ = true;
    world_.Restart();
  }

  void Do(const Action& action) {
    switch (action.kind) {
      case Action::kSend:
        for (unsigned i = 0; i <= action.what % 3; ++i) SendFresh();
        return;
      case Action::kRetry:
        if (!letters_.empty()) Send(letters_[action.what % letters_.size()]);
        return;
      case Action::kUpdate:
        return Update(action.what);
      case Action::kDelete:
        if (!letters_.empty()) Delete(letters_[action.what % letters_.size()], action.what / 7 % 2);
        return;
      case Action::kSync:
        SyncPage(devices_[action.what % 4], 1 + action.what % 5);
        return;
      case Action::kCrash:
        crash_();
        [[fallthrough]];
      default:
        world_.Restart();
    }
  }

  void Judge() {
    faulty_ = false;
    world_.Restart();
    for (Letter& letter : letters_) {
      Send(letter);
      RC_ASSERT(letter.delivered);
    }
    for (int owner = 0; owner < 2; ++owner) JudgeMailbox(owner);
    for (Device& device : devices_) {
      while (SyncPage(device, 4)) {
      }
      RC_ASSERT(device.held == Holdings(device.owner));
    }
  }

 private:
  static std::string KeyOf(std::string_view header_bytes) {
    v1::EnvelopeHeader header;
    header.ParseFromString(std::string(header_bytes));
    return header.sender() + header.message_id();
  }

  // What a failing engine may come to; never that something is wrong with the mailbox.
  static void Tolerate(const absl::Status& status) {
    RC_ASSERT(status.ok() || absl::IsAborted(status) || absl::IsUnavailable(status) ||
              absl::IsResourceExhausted(status) || absl::IsDeadlineExceeded(status));
  }

  void SendFresh() {
    Letter letter;
    letter.name = {users_[0]->id(), FreshMessageId()};
    letter.envelope = EnvelopeOf(*users_[0], *users_[1], letter.name.id);
    letters_.push_back(std::move(letter));
    Send(letters_.back());
  }

  void Send(Letter& letter) {
    world_.clock.Advance(absl::Milliseconds(1));
    auto sent = world_.Send(*users_[0], letter.envelope);
    Tolerate(sent.status());
    if (!sent.ok()) return;
    RC_ASSERT(sent->state != v1::DELIVERY_STATE_REFUSED);
    if (!letter.accepted_unix_ms) letter.accepted_unix_ms = sent->accepted_unix_ms;
    RC_ASSERT(*letter.accepted_unix_ms == sent->accepted_unix_ms);
    letter.delivered |= sent->state == v1::DELIVERY_STATE_DELIVERED;
  }

  // Several messages at once.
  void Update(unsigned what) {
    const int owner = static_cast<int>(what % 2);
    const bool read = what / 2 % 2 == 0;
    std::vector<MessageUpdate> updates;
    std::vector<Copy*> copies;
    for (std::size_t i = what % 3; i < letters_.size(); i += 3) {
      updates.push_back({.name = letters_[i].name, .read = read});
      copies.push_back(&letters_[i].copies[owner]);
      if (updates.size() == 5) break;
    }
    if (updates.empty()) return;
    auto mailbox = world_.mailboxes->Open(world_.GrantOf(*users_[owner]), MailWorld::Soon());
    if (!mailbox.ok()) return;
    auto states = world_.changes->Update(*mailbox, updates, MailWorld::Soon());
    Tolerate(states.status());
    for (std::size_t i = 0; i < copies.size(); ++i) {
      if (!states.ok()) {
        copies[i]->read = std::nullopt;
      } else if ((*states)[i]) {
        RC_ASSERT(copies[i]->deleted != Copy::kYes);
        RC_ASSERT((*states)[i]->read() == read);
        copies[i]->read = read;
        copies[i]->deleted = Copy::kNo;
      }
    }
  }

  void Delete(Letter& letter, unsigned owner) {
    auto mailbox = world_.mailboxes->Open(world_.GrantOf(*users_[owner]), MailWorld::Soon());
    if (!mailbox.ok()) return;
    auto deleted = world_.changes->Delete(*mailbox, {letter.name}, MailWorld::Soon());
    Tolerate(deleted.status());
    Copy& copy = letter.copies[owner];
    if (!deleted.ok()) {
      if (copy.deleted == Copy::kNo) copy.deleted = Copy::kPerhaps;
    } else if (deleted->at(0)) {
      RC_ASSERT(copy.deleted != Copy::kYes);
      copy.deleted = Copy::kYes;
    }
  }

  // Whether there is more.
  bool SyncPage(Device& device, std::size_t most) {
    auto mailbox = world_.mailboxes->Open(world_.GrantOf(*users_[device.owner]), MailWorld::Soon());
    if (!mailbox.ok()) return false;
    auto page = world_.changes->Sync(*mailbox, device.token, most, MailWorld::Soon());
    Tolerate(page.status());
    if (!page.ok()) return false;
    for (const v1::Change& change : page->changes) {
      if (change.has_destroyed()) {
        device.held.erase(change.destroyed().sender() + change.destroyed().message_id());
      } else {
        device.held[KeyOf(change.message().header())] = change.message().SerializeAsString();
      }
    }
    device.token = page->token;
    return page->more;
  }

  std::map<std::string, std::string> Holdings(int owner) {
    std::map<std::string, std::string> held;
    for (const auto& message : world_.ListAll(*users_[owner])) {
      RC_ASSERT(held.emplace(KeyOf(message.header()), message.SerializeAsString()).second);
    }
    return held;
  }

  void JudgeMailbox(int owner) {
    const auto held = Holdings(owner);
    std::size_t known = 0;
    for (const Letter& letter : letters_) {
      const Copy& copy = letter.copies[owner];
      const auto found = held.find(KeyOf(letter.envelope.header()));
      if (copy.deleted == Copy::kYes) RC_ASSERT(found == held.end());
      if (copy.deleted == Copy::kNo) RC_ASSERT(found != held.end());
      if (found == held.end()) continue;
      ++known;
      v1::MessageSummary summary;
      summary.ParseFromString(found->second);
      if (copy.read) RC_ASSERT(summary.state().read() == *copy.read);
    }
    RC_ASSERT(known == held.size());
  }

  const std::function<std::unique_ptr<engine::Engine>(bool faulty)> engine_;
  const std::function<void()> crash_;
  bool faulty_ = false;
  MailWorld world_{[this] { return engine_(faulty_); }};
  TestUser* users_[2]{};
  std::vector<Letter> letters_;
  Device devices_[4] = {{.owner = 0}, {.owner = 0}, {.owner = 1}, {.owner = 1}};
};

rc::Gen<Action> AnyAction() {
  return rc::gen::map(rc::gen::pair(rc::gen::inRange(0, static_cast<int>(Action::kKinds)),
                                    rc::gen::inRange(0u, 1000u)),
                      [](const std::pair<int, unsigned>& parts) {
                        return Action{static_cast<Action::Kind>(parts.first), parts.second};
                      });
}

RC_GTEST_PROP(MailboxModel, HoldsOnAnEngineThatFails, ()) {
  const auto storage = std::make_shared<FakeStorage>();
  std::uint64_t seed = *rc::gen::arbitrary<std::uint16_t>();
  FakeEngine* fake = nullptr;
  Model model(
      [&](bool faulty) -> std::unique_ptr<engine::Engine> {
        FakeEngineOptions options{.seed = seed++, .own_thread = true};
        if (faulty) {
          options.aborts = 0.1;
          options.fails_and_does_not_persist = 0.05;
          options.fails_but_persists = 0.05;
        }
        auto engine = std::make_unique<FakeEngine>(storage, options);
        fake = engine.get();
        return engine;
      },
      [&] { fake->Crash(); });
  for (const Action& action : *rc::gen::container<std::vector<Action>>(AnyAction())) {
    model.Do(action);
  }
  model.Judge();
}

// RocksDB fails in other tests; here it commits both mailboxes at once, and starts anew.
RC_GTEST_PROP(MailboxModel, HoldsOnRocksDb, ()) {
  // An engine takes a while to open, so few of them, with much to do.
  static int rounds = 0;
  if (++rounds > 4) return;
  const test::TemporaryDirectory directory;
  const auto open = RocksDbIn(directory / "store");
  Model model([&](bool) { return open(); }, [] {});
  std::mt19937 random(*rc::gen::arbitrary<std::uint32_t>());
  for (int i = 0; i < 80; ++i) {
    const unsigned kind = random() % (8 * Action::kKinds);
    model.Do({static_cast<Action::Kind>(kind < Action::kKinds ? kind : kind % Action::kRestart),
              static_cast<unsigned>(random() % 1000)});
  }
  model.Judge();
}

}  // namespace
}  // namespace letterlock::mail
