// An engine in memory that behaves like a distributed one on a bad day, and does so again from the
// same seed: it delays, answers independent mailboxes in any order, aborts for no reason, loses
// answers, and never commits across mailboxes. It keeps the contract of engine/engine.h all the
// while and passes tests/conformance.
//
// By default nothing happens until the test pumps (Step, RunUntilIdle): Dones run on the pumping
// thread. Otherwise a thread of the engine pumps.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "engine/engine.h"

namespace letterlock::testing {

// What lies on the fake's "disk": it outlives engines, for tests of restarts. One engine at a time.
struct FakeStorage {
  struct Partition {
    engine::Generation generation = engine::kNoPartition;
    std::map<engine::RowKey, std::string> rows;
  };
  absl::Mutex mu;
  std::map<engine::MailboxTag, Partition> partitions ABSL_GUARDED_BY(mu);
};

// What can go wrong with one write. The last two look the same to the caller.
enum class WriteFault {
  kNone,
  kAborts,                  // ABORTED though the generation fits; not applied
  kFailsAndDoesNotPersist,  // UNAVAILABLE, not applied
  kFailsButPersists,        // UNAVAILABLE, applied: the answer is lost
};

struct FakeEngineOptions {
  uint64_t seed = 1;
  size_t max_queued_writes = 4096;
  bool own_thread = false;
  // Probabilities for each write or read, 0 to 1.
  double aborts = 0;
  double fails_and_does_not_persist = 0;
  double fails_but_persists = 0;
  double read_fails = 0;
};

// Thread-safe. Dones must not pump.
class FakeEngine final : public engine::Engine {
 public:
  FakeEngine(std::shared_ptr<FakeStorage> storage, FakeEngineOptions options);
  ~FakeEngine() override;

  void Apply(engine::MailboxTag tag, engine::Generation expected, engine::Batch batch,
             engine::Done<engine::Generation> done) override;
  void ApplyTogether(std::vector<engine::MailboxWrite> writes,
                     engine::Done<std::vector<engine::Generation>> done) override;
  bool CommitsTogether() const override { return false; }
  void Drop(engine::MailboxTag tag, engine::Generation expected,
            engine::Done<engine::Generation> done) override;
  void Read(engine::MailboxTag tag, absl::Span<const engine::RowKey> keys,
            engine::Done<engine::Rows> done) override;
  void Scan(engine::MailboxTag tag, engine::Table table, engine::Range range,
            engine::Done<engine::Page> done) override;
  absl::Status Writable() const override;

  // Makes one thing happen: a write is applied, or a read looks, or somebody gets an answer. False
  // if there is nothing to do.
  bool Step();
  void RunUntilIdle();

  // The next writes that are queued suffer these faults, in this order, whatever the probabilities
  // say.
  void Inject(WriteFault fault);

  // The process dies: what is queued is lost, what is applied stays, and every write that has no
  // answer yet hears UNAVAILABLE, be it applied or not. Nothing is written any more; open another
  // engine on the same storage.
  void Crash();

  // Refuses writes with this status from now on, as an engine whose disk failed. What is queued is
  // refused, too.
  void BecomeReadOnly(absl::Status why);

 private:
  using Answer = absl::AnyInvocable<void() &&>;

  struct Write {
    engine::Generation expected = engine::kNoPartition;
    engine::Batch batch;
    bool drop = false;
    WriteFault fault = WriteFault::kNone;
    engine::Done<engine::Generation> done;
  };

  struct Applied {
    engine::Done<engine::Generation> done;
    absl::StatusOr<engine::Generation> result;
  };

  // One mailbox: writes are applied, and answered, in the order in which they were queued.
  struct Lane {
    std::deque<Write> queued;
    std::deque<Applied> applied;
  };

  void Queue(engine::MailboxTag tag, absl::Status checked, Write write);
  absl::StatusOr<engine::Generation> Perform(const engine::MailboxTag& tag, Write& write)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void ApplyFirst(const engine::MailboxTag& tag, Lane& lane) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Answer AnswerFirst(Lane& lane) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Of all that could happen now, picks one; an answer to run is returned, anything else is done.
  bool Pick(std::optional<Answer>& answer) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Answers a read at some later step with what it sees at another.
  template <typename T>
  void Look(absl::AnyInvocable<absl::StatusOr<T>()> look, engine::Done<T> done);
  bool Chance(double probability) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  WriteFault NextFault() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool HasNews() const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  void Pump();

  const std::shared_ptr<FakeStorage> storage_;
  const FakeEngineOptions options_;

  absl::Mutex pump_mu_ ABSL_ACQUIRED_BEFORE(mu_);  // one Done at a time
  mutable absl::Mutex mu_;
  std::mt19937_64 random_ ABSL_GUARDED_BY(mu_);
  std::map<engine::MailboxTag, Lane> lanes_ ABSL_GUARDED_BY(mu_);
  std::vector<absl::AnyInvocable<Answer() &&>> looks_ ABSL_GUARDED_BY(mu_);
  std::vector<Answer> other_answers_ ABSL_GUARDED_BY(mu_);  // of reads and refusals
  std::deque<WriteFault> injected_ ABSL_GUARDED_BY(mu_);
  size_t unanswered_writes_ ABSL_GUARDED_BY(mu_) = 0;
  absl::Status writable_ ABSL_GUARDED_BY(mu_);
  bool closing_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // last: it uses all above
};

}  // namespace letterlock::testing
