// Logs written with attest's tiles, read by Go's sumdb/note and sumdb/tlog.
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "attest/checkpoint.h"
#include "attest/merkle.h"
#include "attest/tile_edge.h"
#include "attest/tiles.h"
#include "support/flip.h"
#include "support/note_signers.h"
#include "support/temporary_directory.h"

namespace letterlock::attest {
namespace {

using test::TemporaryDirectory;
using testing::Flip;
using testing::TestLog;

constexpr char kOrigin[] = "log.example/interop";

// Leaves of many sizes, the empty and the longest among them.
std::string LeafAt(uint64_t index) {
  if (index == 3) return "";
  if (index == 7) return std::string(kMaxLeafSize, 'x');
  return "leaf " + std::to_string(index) + std::string(index % 50, '.');
}

class TestLogDirectory {
 public:
  explicit TestLogDirectory(uint64_t size) {
    std::vector<std::string> bundle;
    TileEdge edge;
    for (uint64_t index = 0; index < size; ++index) {
      bundle.push_back(LeafAt(index));
      edge.Append(LeafHash(bundle.back()));
      if (bundle.size() == kTileWidth || index + 1 == size) {
        Write(BundlePath({index / kTileWidth, bundle.size()}), EncodeBundle(bundle).value());
        bundle.clear();
      }
    }
    for (const TileBytes& tile : edge.TakeChanged()) Write(TilePath(tile.id), tile.bytes);
    Write(kCheckpointPath, testing::SignedCheckpoint({kOrigin, size, edge.Root()}, {&log_}));
  }

  void Write(std::string_view name, const std::string& bytes) {
    const std::filesystem::path path = directory_ / std::string(name);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
  }

  std::string Read(const std::string& name) const {
    std::ifstream file(directory_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  void Remove(const std::string& name) { std::filesystem::remove(directory_ / name); }

  // Whether Go's packages accept the log, under this key.
  bool IsVerified(const std::string& vkey) const {
    std::string program = LETTERLOCK_VERIFY_LOG, path = directory_.path(), key = vkey;
    char* const arguments[] = {program.data(), path.data(), key.data(), nullptr};
    pid_t child = 0;
    if (posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments, environ) != 0)
      std::abort();
    int status = 0;
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) std::abort();
    EXPECT_LE(WEXITSTATUS(status), 1) << "verify-log did not run as it should";
    return WEXITSTATUS(status) == 0;
  }
  bool IsVerified() const { return IsVerified(log_.key().Format()); }

 private:
  TestLog log_{kOrigin};
  TemporaryDirectory directory_;
};

TEST(GoSumdb, VerifiesLogsOfEveryShape) {
  for (const uint64_t size : {0, 1, 2, 3, 8, 255, 256, 257, 511, 512, 1000, 65537}) {
    EXPECT_TRUE(TestLogDirectory(size).IsVerified()) << size;
  }
}

TEST(GoSumdb, RefusesAFlippedBitInAnyFile) {
  TestLogDirectory log(66000);
  for (const std::string name :
       {"checkpoint", "tile/0/000", "tile/0/100", "tile/0/257.p/208", "tile/1/000",
        "tile/1/001.p/1", "tile/2/000.p/1", "tile/entries/000", "tile/entries/100",
        "tile/entries/257.p/208"}) {
    const std::string bytes = log.Read(name);
    ASSERT_FALSE(bytes.empty()) << name;
    log.Write(name, Flip(bytes, bytes.size() * 4));
    EXPECT_FALSE(log.IsVerified()) << name;
    log.Write(name, bytes);
  }
  EXPECT_TRUE(log.IsVerified());
}

TEST(GoSumdb, RefusesAMissingFileAndAnotherKey) {
  TestLogDirectory log(300);
  EXPECT_FALSE(log.IsVerified(TestLog("log.example/other").key().Format()));
  log.Remove("tile/entries/001.p/44");
  EXPECT_FALSE(log.IsVerified());
}

}  // namespace
}  // namespace letterlock::attest
