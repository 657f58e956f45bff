// An erased member's bytes are gone: from the newest state, and from the files.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "attest/map_value.h"
#include "engine/rocksdb/rocksdb_ordered_store.h"
#include "registry_fixture.h"
#include "support/temporary_directory.h"

namespace letterlock::directory {
namespace {

using test::DirectoryMember;

class ErasureTest : public RegistryTest {
 protected:
  ErasureRequest ErasureOf(const DirectoryMember& member) {
    const std::string statement = member.ErasureStatement();
    return {statement, member.identity().Sign(context::kDirectoryErasure, {statement}), ""};
  }
};

// Whether any row holds the text.
bool Holds(const std::map<std::string, std::string>& rows, const std::string& text) {
  for (const auto& [key, value] : rows) {
    if (key.find(text) != std::string::npos || value.find(text) != std::string::npos) return true;
  }
  return false;
}

TEST_F(ErasureTest, LeavesATombstoneAndNoEntryOrSaltOfAnyVersion) {
  DirectoryMember alice = NewMember("alice-the-erased");
  std::vector<std::string> secrets;
  const Answer first = Decide(alice.Next());
  const Answer second = Decide(alice.Rotate());
  for (const Answer* proof : {&first, &second}) {
    secrets.push_back((*proof)->salt());
    secrets.push_back((*proof)->signed_entry().entry());
  }
  secrets.push_back(alice.handle());
  for (const std::string& secret : secrets) EXPECT_TRUE(Holds(store_.newest.rows, secret));

  ExpectErased(Decide(ErasureOf(alice)), alice.handle(), 3);
  for (const std::string& secret : secrets) EXPECT_FALSE(Holds(store_.newest.rows, secret));
  ExpectErased(Lookup(alice.handle()), alice.handle(), 3);
  std::vector<v1::SignedEntry> history;
  ASSERT_TRUE(registry_->Lookup(*crypto::Handle::Parse(alice.handle()), 1, &history).ok());
  EXPECT_TRUE(history.empty());
}

TEST_F(ErasureTest, LogAndMapVerifyAsBefore) {
  DirectoryMember alice = NewMember("alice"), bob = NewMember("bob");
  ASSERT_TRUE(Decide(alice.Next()).ok());
  const v1::SignedEntry stays = bob.Next();
  ASSERT_TRUE(Decide(stays).ok());
  ExpectErased(Decide(ErasureOf(alice)), "alice", 2);
  ExpectShows(Lookup("bob"), "bob", stays);
  Start();  // with the whole log hashed
  ExpectErased(Lookup("alice"), "alice", 2);
  ExpectShows(Lookup("bob"), "bob", stays);
}

TEST_F(ErasureTest, CompactsWhatItErasedOnceNobodyReadsOlderHeads) {
  DirectoryMember alice = NewMember("alice");
  ASSERT_TRUE(Decide(alice.Next()).ok());
  ASSERT_TRUE(registry_->CompactErased().ok());
  EXPECT_TRUE(store_.compacted.empty());
  ASSERT_TRUE(Decide(ErasureOf(alice)).ok());
  ASSERT_TRUE(registry_->CompactErased().ok());
  ASSERT_EQ(store_.compacted.size(), 1u);
  ASSERT_TRUE(registry_->CompactErased().ok());
  EXPECT_EQ(store_.compacted.size(), 1u) << "once is enough";
}

TEST_F(ErasureTest, KilledBeforeItCompactedCompactsAfterTheNextStart) {
  DirectoryMember alice = NewMember("alice");
  ASSERT_TRUE(Decide(alice.Next()).ok());
  ASSERT_TRUE(Decide(ErasureOf(alice)).ok());
  Start();
  ASSERT_TRUE(registry_->CompactErased().ok());
  EXPECT_EQ(store_.compacted.size(), 1u);
}

// All bytes of all files below.
std::string BytesBelow(const std::string& directory) {
  std::string bytes;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    bytes.append(std::istreambuf_iterator<char>(file), {});
  }
  return bytes;
}

TEST_F(ErasureTest, BytesAreGoneFromTheFilesOfTheRealStore) {
  const test::TemporaryDirectory directory;
  engine::RocksDbOptions options;
  options.directory = directory / "store";
  auto store = engine::OpenRocksDbOrderedStore(options);
  ASSERT_TRUE(store.ok()) << store.status();
  Stop();
  log_files_.files.clear();
  lock_.note.clear();
  auto sequencer =
      log::Sequencer::Open(&log_files_, &lock_, &signer_, &points_, log::StartCheck::kAll);
  log_ = *std::move(sequencer);
  auto registry = Registry::Open(
      {&genesis_, store->get(), log_.get(), &log_files_, &clock_, &random_, &points_}, options_);
  ASSERT_TRUE(registry.ok()) << registry.status();
  registry_ = *std::move(registry);

  DirectoryMember alice = NewMember("alice-the-erased"), bob = NewMember("bob-who-stays");
  const Answer erased = Decide(alice.Next()), stays = Decide(bob.Next());
  const std::string before = BytesBelow(options.directory);
  ASSERT_NE(before.find(erased->signed_entry().entry()), std::string::npos);
  ASSERT_NE(before.find(erased->salt()), std::string::npos);

  ASSERT_TRUE(Decide(ErasureOf(alice)).ok());
  ASSERT_TRUE(registry_->CompactErased().ok());
  const std::string after = BytesBelow(options.directory);
  EXPECT_EQ(after.find(erased->signed_entry().entry()), std::string::npos);
  EXPECT_EQ(after.find(erased->signed_entry().signature()), std::string::npos);
  EXPECT_EQ(after.find(erased->salt()), std::string::npos);
  EXPECT_EQ(after.find(alice.handle()), std::string::npos);
  EXPECT_NE(after.find(stays->salt()), std::string::npos);  // the search does find what is there
  registry_.reset();
}

}  // namespace
}  // namespace letterlock::directory
