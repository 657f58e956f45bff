// A world in which the rules of correspondence hold, on either kind of engine.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/time/clock.h"
#include "letterlock/common/v1/errors.pb.h"
#include "mail_world.h"
#include "server/rpc/status.h"
#include "support/fake_engine.h"
#include "support/temporary_directory.h"

namespace letterlock::mail {

enum class Store { kTogether, kStepwise };

// Three credits that time does not add to, and no slow-down.
inline Limits FewCredits(std::uint32_t credits = 3) {
  Limits limits;
  limits.credits = {.initial = credits, .most = credits, .every = absl::Hours(24 * 365)};
  limits.slow_down.free = 1000;
  return limits;
}

class RulesWorld {
 public:
  explicit RulesWorld(Store store, Limits limits = FewCredits(), Quota quota = {})
      : world(
            [this, store]() -> std::unique_ptr<engine::Engine> {
              if (store == Store::kTogether) return RocksDbIn(directory_ / "store")();
              auto engine = std::make_unique<testing::FakeEngine>(
                  storage_, testing::FakeEngineOptions{.own_thread = true});
              fake = engine.get();
              return engine;
            },
            quota, limits) {}

  absl::StatusOr<SendResult> Send(const TestUser& from, const TestUser& to) {
    return world.Send(from, testing::EnvelopeOf(from, to, FreshMessageId()));
  }
  absl::Status Respond(const TestUser& from, const TestUser& to, Decision decision) {
    return world.sender->Respond(world.GrantOf(from), to.id(), decision, MailWorld::Soon());
  }
  absl::Status Block(const TestUser& from, const TestUser& whom) {
    return world.contacts->Block(world.GrantOf(from), whom.id(), MailWorld::Soon());
  }
  Contacts::Usage UsageOf(const TestUser& user) {
    return world.contacts->GetUsage(world.GrantOf(user), MailWorld::Soon()).value();
  }
  std::uint32_t CreditsOf(const TestUser& user) { return UsageOf(user).credits.available; }
  std::size_t Count(const TestUser& user, v1::Folder folder) {
    return world.ListAll(user, folder).size();
  }

  // Answers of three steps come before the last one.
  void WaitUntilSettled(std::size_t but = 0) {
    while (OutboxRows() > but) absl::SleepFor(absl::Milliseconds(1));
  }
  std::size_t OutboxRows() {
    absl::MutexLock lock(&storage_->mu);
    std::size_t rows = 0;
    for (const auto& [tag, partition] : storage_->partitions) {
      for (const auto& [key, value] : partition.rows) rows += key.table == table::kOutbox;
    }
    return rows;
  }

 private:
  test::TemporaryDirectory directory_;
  const std::shared_ptr<testing::FakeStorage> storage_ = std::make_shared<testing::FakeStorage>();

 public:
  testing::FakeEngine* fake = nullptr;  // of kStepwise
  MailWorld world;
};

inline std::optional<rpc::ErrorReason> ReasonOf(const absl::Status& status) {
  return rpc::ReasonOf(status);
}

}  // namespace letterlock::mail
