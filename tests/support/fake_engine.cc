#include "fake_engine.h"

#include "fake_reads.h"

namespace letterlock::testing {

using engine::Batch;
using engine::Done;
using engine::Generation;
using engine::MailboxTag;
using engine::MailboxWrite;
using engine::Page;
using engine::Range;
using engine::RowKey;
using engine::Rows;
using engine::Table;

FakeEngine::FakeEngine(std::shared_ptr<FakeStorage> storage, FakeEngineOptions options)
    : storage_(std::move(storage)), options_(options), random_(options.seed) {
  if (options_.own_thread) thread_ = std::thread([this] { Pump(); });
}

FakeEngine::~FakeEngine() {
  {
    absl::MutexLock lock(&mu_);
    closing_ = true;
  }
  if (thread_.joinable()) thread_.join();
  RunUntilIdle();
}

void FakeEngine::Apply(MailboxTag tag, Generation expected, Batch batch, Done<Generation> done) {
  absl::Status checked = CheckBatch(batch);
  Queue(tag, std::move(checked),
        {.expected = expected, .batch = std::move(batch), .done = std::move(done)});
}

void FakeEngine::Drop(MailboxTag tag, Generation expected, Done<Generation> done) {
  Queue(tag, absl::OkStatus(),
        {.expected = expected, .batch = {}, .drop = true, .done = std::move(done)});
}

void FakeEngine::ApplyTogether(std::vector<MailboxWrite>, Done<std::vector<Generation>> done) {
  absl::MutexLock lock(&mu_);
  other_answers_.push_back([done = std::move(done)]() mutable {
    std::move(done)(absl::UnimplementedError("this engine commits one mailbox at a time"));
  });
}

void FakeEngine::Queue(MailboxTag tag, absl::Status checked, Write write) {
  absl::MutexLock lock(&mu_);
  if (checked.ok()) checked = writable_;
  if (checked.ok() && unanswered_writes_ >= options_.max_queued_writes) {
    checked = absl::ResourceExhaustedError("the engine's queue is full");
  }
  if (!checked.ok()) {
    other_answers_.push_back(
        [done = std::move(write.done), checked]() mutable { std::move(done)(std::move(checked)); });
    return;
  }
  write.fault = NextFault();
  ++unanswered_writes_;
  lanes_[tag].queued.push_back(std::move(write));
}

WriteFault FakeEngine::NextFault() {
  if (!injected_.empty()) {
    const WriteFault fault = injected_.front();
    injected_.pop_front();
    return fault;
  }
  if (Chance(options_.aborts)) return WriteFault::kAborts;
  if (Chance(options_.fails_and_does_not_persist)) return WriteFault::kFailsAndDoesNotPersist;
  if (Chance(options_.fails_but_persists)) return WriteFault::kFailsButPersists;
  return WriteFault::kNone;
}

template <typename T>
void FakeEngine::Look(absl::AnyInvocable<absl::StatusOr<T>()> look, Done<T> done) {
  absl::MutexLock lock(&mu_);
  const bool fails = Chance(options_.read_fails);
  looks_.push_back([look = std::move(look), done = std::move(done), fails]() mutable -> Answer {
    absl::StatusOr<T> seen = fails ? absl::UnavailableError("injected") : look();
    return [done = std::move(done), seen = std::move(seen)]() mutable {
      std::move(done)(std::move(seen));
    };
  });
}

void FakeEngine::Read(MailboxTag tag, absl::Span<const RowKey> keys, Done<Rows> done) {
  Look<Rows>(
      [this, tag, kept = std::vector<RowKey>(keys.begin(), keys.end())] {
        return ReadFake(*storage_, tag, kept);
      },
      std::move(done));
}

void FakeEngine::Scan(MailboxTag tag, Table table, Range range, Done<Page> done) {
  Look<Page>([this, tag, table, range] { return ScanFake(*storage_, tag, table, range); },
             std::move(done));
}

absl::Status FakeEngine::Writable() const {
  absl::MutexLock lock(&mu_);
  return writable_;
}

absl::StatusOr<Generation> FakeEngine::Perform(const MailboxTag& tag, Write& write) {
  if (!writable_.ok()) return writable_;
  absl::MutexLock lock(&storage_->mu);
  const auto found = storage_->partitions.find(tag);
  const Generation current =
      found == storage_->partitions.end() ? engine::kNoPartition : found->second.generation;
  if (current != write.expected) return absl::AbortedError("generation");
  if (write.fault == WriteFault::kAborts) return absl::AbortedError("injected");
  if (write.fault == WriteFault::kFailsAndDoesNotPersist) {
    return absl::UnavailableError("injected");
  }

  Generation after = engine::kNoPartition;
  if (write.drop) {
    storage_->partitions.erase(tag);
  } else {
    FakeStorage::Partition& partition = storage_->partitions[tag];
    after = ++partition.generation;
    for (engine::Row& row : write.batch.puts) partition.rows[row.key] = std::move(row.value);
    for (const RowKey& key : write.batch.deletes) partition.rows.erase(key);
  }
  if (write.fault == WriteFault::kFailsButPersists) return absl::UnavailableError("injected");
  return after;
}

void FakeEngine::ApplyFirst(const MailboxTag& tag, Lane& lane) {
  Write write = std::move(lane.queued.front());
  lane.queued.pop_front();
  absl::StatusOr<Generation> result = Perform(tag, write);
  lane.applied.push_back({std::move(write.done), std::move(result)});
}

FakeEngine::Answer FakeEngine::AnswerFirst(Lane& lane) {
  Applied applied = std::move(lane.applied.front());
  lane.applied.pop_front();
  --unanswered_writes_;
  return [applied = std::move(applied)]() mutable {
    std::move(applied.done)(std::move(applied.result));
  };
}

bool FakeEngine::Pick(std::optional<Answer>& answer) {
  struct Choice {
    enum { kApply, kAnswerWrite, kLook, kAnswerOther } what;
    std::map<MailboxTag, Lane>::iterator lane;
    size_t index;
  };
  std::vector<Choice> choices;
  for (auto it = lanes_.begin(); it != lanes_.end(); ++it) {
    if (!it->second.queued.empty()) choices.push_back({Choice::kApply, it, 0});
    if (!it->second.applied.empty()) choices.push_back({Choice::kAnswerWrite, it, 0});
  }
  for (size_t i = 0; i < looks_.size(); ++i) {
    choices.push_back({Choice::kLook, lanes_.end(), i});
  }
  for (size_t i = 0; i < other_answers_.size(); ++i) {
    choices.push_back({Choice::kAnswerOther, lanes_.end(), i});
  }
  if (choices.empty()) return false;

  // Not a std:: distribution: those differ from one standard library to the next.
  const Choice& choice = choices[random_() % choices.size()];
  const auto at = static_cast<std::ptrdiff_t>(choice.index);
  switch (choice.what) {
    case Choice::kApply:
      ApplyFirst(choice.lane->first, choice.lane->second);
      break;
    case Choice::kAnswerWrite:
      answer = AnswerFirst(choice.lane->second);
      if (choice.lane->second.queued.empty() && choice.lane->second.applied.empty()) {
        lanes_.erase(choice.lane);
      }
      break;
    case Choice::kLook:
      other_answers_.push_back(std::move(looks_[choice.index])());
      looks_.erase(looks_.begin() + at);
      break;
    case Choice::kAnswerOther:
      answer = std::move(other_answers_[choice.index]);
      other_answers_.erase(other_answers_.begin() + at);
      break;
  }
  return true;
}

bool FakeEngine::Step() {
  absl::MutexLock pump_lock(&pump_mu_);
  std::optional<Answer> answer;
  {
    absl::MutexLock lock(&mu_);
    if (!Pick(answer)) return false;
  }
  if (answer) (*std::move(answer))();
  return true;
}

void FakeEngine::RunUntilIdle() {
  while (Step()) {
  }
}

void FakeEngine::Inject(WriteFault fault) {
  absl::MutexLock lock(&mu_);
  injected_.push_back(fault);
}

void FakeEngine::Crash() {
  absl::MutexLock pump_lock(&pump_mu_);
  std::vector<Done<Generation>> unanswered;
  {
    absl::MutexLock lock(&mu_);
    writable_ = absl::UnavailableError("crashed");
    for (auto& [tag, lane] : lanes_) {
      for (Applied& applied : lane.applied) unanswered.push_back(std::move(applied.done));
      for (Write& write : lane.queued) unanswered.push_back(std::move(write.done));
    }
    lanes_.clear();
    unanswered_writes_ = 0;
  }
  for (Done<Generation>& done : unanswered) std::move(done)(absl::UnavailableError("crashed"));
}

void FakeEngine::BecomeReadOnly(absl::Status why) {
  absl::MutexLock lock(&mu_);
  writable_ = std::move(why);
}

bool FakeEngine::Chance(double probability) {
  if (probability <= 0) return false;
  constexpr double kScale = 1.0 / 18446744073709551616.0;  // 2^-64
  return static_cast<double>(random_()) * kScale < probability;
}

bool FakeEngine::HasNews() const {
  return closing_ || !lanes_.empty() || !looks_.empty() || !other_answers_.empty();
}

void FakeEngine::Pump() {
  while (true) {
    {
      absl::MutexLock lock(&mu_, absl::Condition(this, &FakeEngine::HasNews));
      if (closing_) return;
    }
    Step();
  }
}

}  // namespace letterlock::testing
