// Writes the history until it is killed: engine_crash_writer DIRECTORY FIRST. Each write that the
// engine acknowledged is reported on standard output, as 8 bytes, only after that.

#include <unistd.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "crash/engine/history.h"
#include "engine/rocksdb/rocksdb_engine.h"

namespace letterlock::engine {
namespace {

constexpr int kOutstanding = 64;

class Outstanding {
 public:
  void Begin() {
    absl::MutexLock lock(&mu_, absl::Condition(this, &Outstanding::HasRoom));
    ++count_;
  }
  void End() {
    absl::MutexLock lock(&mu_);
    --count_;
  }

 private:
  bool HasRoom() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return count_ < kOutstanding; }

  absl::Mutex mu_;
  int count_ ABSL_GUARDED_BY(mu_) = 0;
};

Generation GenerationOf(Engine& engine, int mailbox) {
  Generation generation = kNoPartition;
  engine.Read(HistoryTag(mailbox), {}, [&](absl::StatusOr<Rows> rows) {
    if (!rows.ok()) std::exit(3);
    generation = rows->generation;
  });
  return generation;
}

void WriteForever(Engine& engine, uint64_t n) {
  std::vector<Generation> generations;
  for (int m = 0; m < kHistoryMailboxes; ++m) generations.push_back(GenerationOf(engine, m));
  Outstanding outstanding;
  for (;; ++n) {
    std::vector<MailboxWrite> writes;
    for (const int mailbox : MailboxesOf(n)) {
      MailboxWrite write{HistoryTag(mailbox), generations[static_cast<size_t>(mailbox)]++, {}};
      for (const Table table : kHistoryTables) {
        write.batch.puts.push_back({{table, std::to_string(n)}, HistoryValue(n)});
      }
      writes.push_back(std::move(write));
    }
    outstanding.Begin();
    engine.ApplyTogether(std::move(writes),
                         [&outstanding, n](absl::StatusOr<std::vector<Generation>> answer) {
                           if (!answer.ok()) std::_Exit(4);
                           if (write(STDOUT_FILENO, &n, sizeof n) != sizeof n) std::_Exit(5);
                           outstanding.End();
                         });
  }
}

}  // namespace
}  // namespace letterlock::engine

int main(int argc, char** argv) {
  if (argc != 3) return 1;
  auto engine =
      letterlock::engine::RocksDbEngine::Open(letterlock::engine::HistoryOptions(argv[1]));
  if (!engine.ok()) return 2;
  letterlock::engine::WriteForever(**engine, std::stoull(argv[2]));
}
