// The embedded engine's commits beside their ceiling, and its reads. A commit is what a Send makes:
// one ApplyTogether of two mailboxes, a message row of 1 KiB and three small rows in each; its
// argument is how many are outstanding. The ceiling is the rate at which the disk takes the same
// bytes, so many commits' at a time, appended to a plain file and synced: measured just before and
// just after, because disks change their minds. `of_ceiling` is the ratio.

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "engine/rocksdb/rocksdb_engine.h"

namespace letterlock::engine {
namespace {

constexpr size_t kMailboxes = 2000;
constexpr size_t kBody = 1024;
constexpr size_t kSmallRow = 120;
constexpr int kSmallRows = 3;
constexpr size_t kCommitBytes = 2 * (kBody + kSmallRows * kSmallRow);

class Scratch {
 public:
  Scratch() : path_((std::filesystem::current_path() / "engine-bench-XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

MailboxTag TagOf(size_t mailbox) {
  MailboxTag::Bytes tag{};
  std::mt19937_64 scattered(mailbox);
  for (char& c : tag) c = static_cast<char>(scattered());
  return MailboxTag(tag);
}

std::string SequenceKey(Generation sequence) {
  std::string key(8, '\0');
  for (size_t i = 0; i < 8; ++i) key[7 - i] = static_cast<char>(sequence >> (8 * i));
  return key;
}

// Keeps `outstanding` commits on their way, each between two random mailboxes whose generations it
// counts on its own, as the mail server does.
class Load {
 public:
  Load(Engine& engine, size_t outstanding)
      : engine_(engine),
        free_(outstanding),
        generations_(kMailboxes, kNoPartition),
        body_(kBody, '\0') {
    for (char& c : body_) c = static_cast<char>(random_());
  }

  void Send() {
    const size_t from = random_() % kMailboxes;
    const size_t to = (from + 1 + random_() % (kMailboxes - 1)) % kMailboxes;
    std::vector<MailboxWrite> writes;
    {
      absl::MutexLock lock(&mu_, absl::Condition(this, &Load::HasRoom));
      --free_;
    }
    writes.push_back(WriteTo(from));
    writes.push_back(WriteTo(to));
    engine_.ApplyTogether(std::move(writes), [this](absl::StatusOr<std::vector<Generation>> done) {
      if (!done.ok()) std::abort();
      absl::MutexLock lock(&mu_);
      ++free_;
    });
  }

  void Drain(size_t outstanding) {
    const auto all_back = [this, outstanding] {
      mu_.AssertReaderHeld();
      return free_ == outstanding;
    };
    absl::MutexLock lock(&mu_, absl::Condition(&all_back));
  }

 private:
  bool HasRoom() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return free_ > 0; }

  MailboxWrite WriteTo(size_t mailbox) {
    const Generation expected = generations_[mailbox]++;
    MailboxWrite write{TagOf(mailbox), expected, {}};
    const std::string sequence = SequenceKey(expected);
    write.batch.puts.push_back({{Table{4}, sequence}, body_});
    write.batch.puts.push_back({{Table{5}, sequence + sequence}, body_.substr(0, kSmallRow)});
    for (int i = 1; i < kSmallRows; ++i) {
      write.batch.puts.push_back(
          {{Table{static_cast<uint8_t>(5 + i)}, ""}, body_.substr(0, kSmallRow)});
    }
    return write;
  }

  Engine& engine_;
  absl::Mutex mu_;
  size_t free_ ABSL_GUARDED_BY(mu_);
  std::vector<Generation> generations_;
  std::string body_;
  std::mt19937_64 random_;
};

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Commits a second that appending and syncing alone would allow.
double Ceiling(const Scratch& scratch, size_t group) {
  constexpr double kSeconds = 0.5;
  const std::string path = scratch.path() + "/ceiling";
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const std::string bytes(group * kCommitBytes, 'x');
  size_t commits = 0;
  const auto start = std::chrono::steady_clock::now();
  while (SecondsSince(start) < kSeconds) {
    if (write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
        fdatasync(fd) != 0) {
      std::abort();
    }
    commits += group;
  }
  const double rate = static_cast<double>(commits) / SecondsSince(start);
  close(fd);
  unlink(path.c_str());
  return rate;
}

void Commits(benchmark::State& state) {
  const Scratch scratch;
  RocksDbOptions options;
  options.directory = scratch.path() + "/store";
  auto engine = RocksDbEngine::Open(options);
  if (!engine.ok()) return state.SkipWithError("can't open");
  const auto outstanding = static_cast<size_t>(state.range(0));
  Load load(**engine, outstanding);
  const double ceiling_before = Ceiling(scratch, outstanding);
  const double cpu_before = CpuSeconds();
  const auto start = std::chrono::steady_clock::now();
  for (auto _ : state) load.Send();
  load.Drain(outstanding);
  const auto commits = static_cast<double>(state.iterations());
  const double rate = commits / SecondsSince(start);
  state.counters["cpu_us_per_commit"] = 1e6 * (CpuSeconds() - cpu_before) / commits;
  state.counters["of_ceiling"] = 2 * rate / (ceiling_before + Ceiling(scratch, outstanding));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(Commits)->Arg(1)->Arg(64)->Arg(256)->UseRealTime()->MinTime(4);

// Reads of a store of so many commits, several times its cache, in the page cache: the first 50
// message rows of one mailbox by their keys, or its newest 50 by a scan.
constexpr size_t kReadRows = 50;

std::unique_ptr<RocksDbEngine> Filled(const Scratch& scratch, size_t commits) {
  RocksDbOptions options;
  options.directory = scratch.path() + "/store";
  options.block_cache_bytes = 32u << 20;
  auto engine = RocksDbEngine::Open(options);
  if (!engine.ok()) std::abort();
  constexpr size_t kOutstanding = 1024;
  Load load(**engine, kOutstanding);
  for (size_t i = 0; i < commits; ++i) load.Send();
  load.Drain(kOutstanding);
  return *std::move(engine);
}

void Reads(benchmark::State& state) {
  const Scratch scratch;
  const auto engine = Filled(scratch, static_cast<size_t>(state.range(0)));
  std::mt19937_64 random;
  for (auto _ : state) {
    std::vector<RowKey> keys;
    for (Generation i = 0; i < kReadRows; ++i) keys.push_back({Table{4}, SequenceKey(i)});
    engine->Read(TagOf(random() % kMailboxes), keys, [](absl::StatusOr<Rows> rows) {
      if (!rows.ok() || !rows->values[10]) std::abort();
    });
  }
}
BENCHMARK(Reads)->Arg(100000)->Iterations(10000);

void Scans(benchmark::State& state) {
  const Scratch scratch;
  const auto engine = Filled(scratch, static_cast<size_t>(state.range(0)));
  std::mt19937_64 random;
  for (auto _ : state) {
    engine->Scan(TagOf(random() % kMailboxes), Table{4}, {.reverse = true, .limit = kReadRows},
                 [](absl::StatusOr<Page> page) {
                   if (!page.ok() || page->rows.size() < kReadRows) std::abort();
                 });
  }
}
BENCHMARK(Scans)->Arg(100000)->Iterations(10000);

}  // namespace
}  // namespace letterlock::engine

BENCHMARK_MAIN();
