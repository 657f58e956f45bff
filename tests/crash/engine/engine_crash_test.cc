// kill -9 at random moments: what was acknowledged is there, and nothing is there by half.

#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "crash/engine/history.h"
#include "engine/rocksdb/rocksdb_engine.h"
#include "support/temporary_directory.h"

namespace letterlock::engine {
namespace {

constexpr int kKills = 15;
constexpr size_t kMostAcknowledged = 1500;

// Runs the writer from write `first` on, kills it once `acknowledged` writes were acknowledged, and
// returns all that it had acknowledged by then.
std::vector<uint64_t> WriteAndKill(const std::string& directory, uint64_t first,
                                   size_t acknowledged) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  std::string program = ENGINE_CRASH_WRITER;
  std::string path = directory;
  std::string number = std::to_string(first);
  char* const arguments[] = {program.data(), path.data(), number.data(), nullptr};
  pid_t child = 0;
  EXPECT_EQ(posix_spawn(&child, program.c_str(), &actions, nullptr, arguments, environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);

  std::vector<uint64_t> seen;
  bool killed = false;
  while (true) {
    if (!killed && seen.size() >= acknowledged) {
      kill(child, SIGKILL);
      killed = true;
    }
    uint64_t n = 0;
    if (read(ends[0], &n, sizeof n) != sizeof n) break;
    seen.push_back(n);
  }
  close(ends[0]);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself: " << WEXITSTATUS(status);
  return seen;
}

std::vector<Row> AllRows(Engine& engine, int mailbox, Table table, Generation* generation) {
  std::vector<Row> rows;
  Range range;
  bool more = true;
  while (more) {
    engine.Scan(HistoryTag(mailbox), table, range, [&](absl::StatusOr<Page> page) {
      more = page.ok() && page->more;
      if (!page.ok()) {
        ADD_FAILURE() << page.status();
        return;
      }
      if (more) range = Behind(range, *page);
      *generation = page->generation;
      rows.insert(rows.end(), page->rows.begin(), page->rows.end());
    });
  }
  return rows;
}

// The writes that the store holds, having checked that each is whole and the generations count
// them.
std::set<uint64_t> WholeWrites(Engine& engine) {
  std::set<std::pair<uint64_t, int>> found[kHistoryTables.size()];
  for (int mailbox = 0; mailbox < kHistoryMailboxes; ++mailbox) {
    for (size_t t = 0; t < kHistoryTables.size(); ++t) {
      Generation generation = 0;
      const std::vector<Row> rows = AllRows(engine, mailbox, kHistoryTables[t], &generation);
      EXPECT_EQ(rows.size(), generation);
      for (const Row& row : rows) {
        const uint64_t n = std::stoull(row.key.key);
        EXPECT_EQ(row.value, HistoryValue(n));
        found[t].insert({n, mailbox});
      }
    }
  }
  EXPECT_EQ(found[0], found[1]);
  std::set<uint64_t> writes;
  for (const auto& [n, mailbox] : found[0]) {
    for (const int expected : MailboxesOf(n)) EXPECT_TRUE(found[0].contains({n, expected})) << n;
    writes.insert(n);
  }
  EXPECT_EQ(found[0].size(), 2 * writes.size());
  return writes;
}

TEST(EngineCrash, KilledAtRandomItKeepsEveryAcknowledgedWriteAndNoHalfOfOne) {
  const test::TemporaryDirectory temporary;
  const std::string directory = temporary / "store";
  const auto seed = std::random_device()();
  RecordProperty("seed", std::to_string(seed));
  std::mt19937 random(seed);
  std::set<uint64_t> acknowledged;
  uint64_t next = 0;
  for (int i = 0; i < kKills; ++i) {
    // Every fifth time at once: within making, opening or recovering the store.
    const size_t kill_after = i % 5 == 0 ? 0 : random() % kMostAcknowledged;
    for (const uint64_t n : WriteAndKill(directory, next, kill_after)) acknowledged.insert(n);

    auto engine = RocksDbEngine::Open(HistoryOptions(directory));
    ASSERT_TRUE(engine.ok()) << engine.status() << " seed " << seed;
    const std::set<uint64_t> held = WholeWrites(**engine);
    EXPECT_TRUE(std::includes(held.begin(), held.end(), acknowledged.begin(), acknowledged.end()))
        << "seed " << seed;
    // One pipeline: what is there is all that was sent up to some point.
    next = held.empty() ? 0 : *held.rbegin() + 1;
    EXPECT_EQ(held.size(), next) << "seed " << seed;
  }
  EXPECT_GT(acknowledged.size(), 100u) << "seed " << seed;
}

}  // namespace
}  // namespace letterlock::engine
