#include "committer.h"

#include <utility>

#include "database.h"
#include "group_batch.h"

namespace letterlock::engine {

Committer::Committer(rocksdb::DB& db, WriteQueue& queue, CompletionThread& completions)
    : db_(db), queue_(queue), completions_(completions), generations_(db), thread_([this] {
        Run();
      }) {}

Committer::~Committer() {
  queue_.Close();
  thread_.join();
}

absl::Status Committer::Writable() const {
  absl::MutexLock lock(&mu_);
  return writable_;
}

void Committer::Run() {
  while (true) {
    std::vector<PendingWrite> group = queue_.TakeGroup();
    if (group.empty()) return;
    if (Writable().ok()) {
      Commit(std::move(group));
    } else {
      RefuseAll(std::move(group));
    }
  }
}

void Committer::Commit(std::vector<PendingWrite> group) {
  generations_.Load(group);
  GroupBatch rows;
  std::vector<CompletedWrite> completed;
  completed.reserve(group.size());  // so that what is in it stays in its place
  for (PendingWrite& pending : group) {
    absl::Status status = generations_.Advance(pending);
    completed.push_back({std::move(pending), std::move(status)});
    if (completed.back().status.ok()) rows.Add(completed.back().write);
  }
  rows.Build(merged_);

  if (merged_.Count() > 0) {
    rocksdb::WriteOptions synced;
    synced.sync = true;
    if (rocksdb::Status status = db_.Write(synced, &merged_); !status.ok()) {
      BecomeReadOnly(status, completed);
      // What is on disk after a failed write or sync is open until the log is read again.
      for (CompletedWrite& write : completed) {
        if (write.status.ok()) write.status = absl::UnavailableError("storage failed: unknown");
      }
    }
  }
  // Refusals, too, wait for the sync: whoever is told that a mailbox has moved on must find it
  // moved.
  completions_.Post(std::move(completed));
}

void Committer::BecomeReadOnly(const rocksdb::Status& cause,
                               const std::vector<CompletedWrite>& group) {
  generations_.Forget();
  for (const CompletedWrite& completed : group) {
    for (const MailboxWrite& write : completed.write.writes) broken_chains_.insert(write.tag);
  }
  absl::MutexLock lock(&mu_);
  writable_ = cause.IsNoSpace()
                  ? absl::ResourceExhaustedError("storage is full: read-only until reopened")
                  : absl::UnavailableError("storage failed: read-only until reopened");
}

void Committer::RefuseAll(std::vector<PendingWrite> group) {
  const absl::Status refusal = Writable();
  std::vector<CompletedWrite> completed;
  completed.reserve(group.size());
  for (PendingWrite& pending : group) {
    bool chained = false;
    for (const MailboxWrite& write : pending.writes) {
      chained |= broken_chains_.contains(write.tag);
    }
    if (chained) {
      for (const MailboxWrite& write : pending.writes) broken_chains_.insert(write.tag);
    }
    completed.push_back({std::move(pending), chained ? absl::AbortedError("generation") : refusal});
  }
  completions_.Post(std::move(completed));
}

}  // namespace letterlock::engine
