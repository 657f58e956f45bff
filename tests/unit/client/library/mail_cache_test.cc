#include "cache/mail_cache.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cache/search_terms.h"
#include "crypto/base/key_access.h"
#include "support/temporary_directory.h"

namespace letterlock::client {
namespace {

using crypto::KeyAccess;
using crypto::SecretBuffer;

crypto::SecretBytes<32> Key(std::uint8_t fill = 7) {
  auto key = crypto::SecretBytes<32>::Zero();
  const auto bytes = key.RevealMutable(KeyAccess{});
  std::fill(bytes.begin(), bytes.end(), fill);
  return key;
}

MessageKey KeyOf(int number) {
  std::string id(16, '\0');
  id[14] = static_cast<char>(number >> 8);
  id[15] = static_cast<char>(number);
  return {*crypto::MemberId::FromBytes(std::string(16, 's')), *crypto::MessageId::FromBytes(id)};
}

MailCache::Addition Addition(int number, const std::string& text) {
  const MessageKey key = KeyOf(number);
  CachedMessage cached{.place = {},
                       .header_hash = crypto::Sha256(text),
                       .signing_key = {},
                       .message = {.folder = Folder::kInbox,
                                   .id = key.id,
                                   .thread = {},
                                   .from = *crypto::Handle::Parse("alice"),
                                   .to = *crypto::Handle::Parse("bob"),
                                   .sender = key.sender,
                                   .subject = SecretBuffer::Copy(text),
                                   .body = {},
                                   .attachments = 3,
                                   .sent_unix_ms = 5,
                                   .accepted_unix_ms = 6,
                                   .delivery = Delivery::kRefused,
                                   .sequence = static_cast<std::uint64_t>(number),
                                   .read = true,
                                   .archived = true,
                                   .labels = {"work", "later"}}};
  return {key, std::move(cached), "copy of " + text, TermsOf(text)};
}

class MailCacheTest : public ::testing::Test {
 protected:
  MailCache Cache() const { return MailCache(folder_, Key()); }

  void Keep(const std::map<int, std::string>& texts) {
    auto transaction = Cache().Begin();
    ASSERT_TRUE(transaction.ok()) << transaction.status();
    std::vector<MailCache::Addition> additions;
    for (const auto& [number, text] : texts) additions.push_back(Addition(number, text));
    ASSERT_TRUE(transaction->Add(std::move(additions)).ok());
    const absl::Status kept = transaction->Commit();
    ASSERT_TRUE(kept.ok()) << kept;
  }
  std::vector<int> Search(const std::string& words) const {
    auto transaction = Cache().Begin();
    const auto found = transaction->Search(TermsOf(words));
    EXPECT_TRUE(found.ok()) << found.status();
    std::vector<int> numbers;
    for (const MessageKey& key : *found) {
      numbers.push_back(static_cast<int>(transaction->table().messages.at(key).message.sequence));
    }
    return numbers;
  }
  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(folder_)) {
      if (file.path().filename() != "lock") names.push_back(file.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  std::string Bytes(const std::string& name) const {
    std::ifstream file(folder_ + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << bytes;
  }
  // Uses all that is there; whether it was found to be damaged.
  bool FoundDamaged() const {
    auto transaction = Cache().Begin();
    EXPECT_TRUE(transaction.ok()) << transaction.status();
    std::vector<SegmentPlace> places;
    for (const auto& [key, cached] : transaction->table().messages) places.push_back(cached.place);
    bool refused = transaction->thrown_away();
    for (const SegmentPlace& place : places) {
      if (refused) break;
      CachedMessage cached = std::move(Addition(1, "").cached);
      cached.place = place;
      refused = absl::IsDataLoss(transaction->Copy(cached).status());
    }
    if (!refused) refused = absl::IsDataLoss(transaction->Search(TermsOf("seal")).status());
    if (!refused) return false;
    EXPECT_TRUE(transaction->thrown_away());
    EXPECT_TRUE(transaction->table().messages.empty());
    EXPECT_EQ(Files(), std::vector<std::string>());
    return true;
  }

  test::TemporaryDirectory directory_;
  const std::string folder_ = directory_.path() + "/cache";
};

TEST_F(MailCacheTest, IsEmptyWhereThereIsNone) {
  auto transaction = Cache().Begin();
  ASSERT_TRUE(transaction.ok()) << transaction.status();
  EXPECT_TRUE(transaction->table().messages.empty());
  EXPECT_EQ(transaction->table().as_of_unix_ms, 0u);
  EXPECT_FALSE(transaction->thrown_away());
}

TEST_F(MailCacheTest, GivesBackWhatWasKept) {
  {
    auto transaction = Cache().Begin();
    std::vector<MailCache::Addition> additions;
    additions.push_back(Addition(1, "On sealed letters"));
    ASSERT_TRUE(transaction->Add(std::move(additions)).ok());
    transaction->table().sync_token = "token";
    transaction->table().as_of_unix_ms = 99;
    transaction->table().refusals[KeyOf(2)] = {Folder::kSent, 2, 16, 4, "why"};
    ASSERT_TRUE(transaction->Commit().ok());
  }
  auto transaction = Cache().Begin();
  const MessageTable& table = transaction->table();
  EXPECT_EQ(table.sync_token, "token");
  EXPECT_EQ(table.as_of_unix_ms, 99u);
  EXPECT_EQ(table.refusals.at(KeyOf(2)).why, "why");
  const CachedMessage& cached = table.messages.at(KeyOf(1));
  EXPECT_EQ(cached.header_hash, crypto::Sha256("On sealed letters"));
  EXPECT_EQ(cached.message.subject.RevealView(KeyAccess{}), "On sealed letters");
  EXPECT_EQ(cached.message.from.str(), "alice");
  EXPECT_EQ(cached.message.delivery, Delivery::kRefused);
  EXPECT_EQ(cached.message.labels, (std::vector<std::string>{"work", "later"}));
  EXPECT_TRUE(cached.message.read);
  EXPECT_TRUE(cached.message.archived);
  EXPECT_EQ(transaction->Copy(cached)->RevealView(KeyAccess{}), "copy of On sealed letters");
}

TEST_F(MailCacheTest, ChangesNothingWithoutACommit) {
  Keep({{1, "one"}});
  {
    auto transaction = Cache().Begin();
    std::vector<MailCache::Addition> additions;
    additions.push_back(Addition(2, "two"));
    ASSERT_TRUE(transaction->Add(std::move(additions)).ok());
    transaction->table().messages.erase(KeyOf(1));
  }
  EXPECT_EQ(Search("one"), std::vector<int>{1});
  EXPECT_EQ(Search("two"), std::vector<int>());
  Keep({});
  EXPECT_EQ(Files().size(), 3u) << "what was left of it is swept up";
}

TEST_F(MailCacheTest, ShowsNothingInTheClear) {
  Keep({{1, "On sealed letters"}});
  for (const std::string& name : Files()) {
    const std::string bytes = Bytes(name);
    for (const char* secret : {"sealed", "alice", "copy of", "work"}) {
      EXPECT_EQ(bytes.find(secret), std::string::npos) << name << ": " << secret;
    }
  }
}

TEST_F(MailCacheTest, IsThrownAwayWhereAnyFileWasChanged) {
  Keep({{1, "a seal"}});
  const auto names = Files();
  std::map<std::string, std::string> good;
  for (const std::string& name : names) good[name] = Bytes(name);
  const auto restore = [&] {
    for (const auto& [name, bytes] : good) Write(name, bytes);
    ASSERT_FALSE(FoundDamaged());
  };
  for (const std::string& name : names) {
    for (std::size_t at = 0; at < good[name].size(); at += 17) {
      std::string bad = good[name];
      bad[at] = static_cast<char>(bad[at] ^ 1);
      Write(name, bad);
      EXPECT_TRUE(FoundDamaged()) << name << " at " << at;
      restore();
    }
    Write(name, good[name].substr(0, good[name].size() / 2));
    EXPECT_TRUE(FoundDamaged()) << name << " cut";
    restore();
    std::filesystem::remove(folder_ + "/" + name);
    if (name != "table") {
      EXPECT_TRUE(FoundDamaged()) << name << " missing";
    }
    restore();
  }
}

TEST_F(MailCacheTest, IsThrownAwayWhereFilesStandInEachOthersPlace) {
  Keep({{1, "a seal"}});
  Keep({{2, "another seal"}});
  const auto names = Files();
  ASSERT_EQ(names.size(), 5u);  // two of copies, table, two of terms
  const std::string first = Bytes(names[0]);
  Write(names[0], Bytes(names[1]));
  Write(names[1], first);
  EXPECT_TRUE(FoundDamaged());
}

TEST_F(MailCacheTest, OfAnotherAccountDoesNotOpen) {
  Keep({{1, "a seal"}});
  auto transaction = MailCache(folder_, Key(8)).Begin();
  EXPECT_TRUE(transaction->thrown_away());
}

TEST_F(MailCacheTest, FindsWholeWordsNewestFirst) {
  Keep({{1, "the seal is red"}, {2, "no wax"}, {3, "red wax, red seal"}});
  Keep({{4, "a red letter"}});
  EXPECT_EQ(Search("RED"), (std::vector<int>{4, 3, 1}));
  EXPECT_EQ(Search("red seal"), (std::vector<int>{3, 1}));
  EXPECT_EQ(Search("blue"), std::vector<int>());
  EXPECT_EQ(Search(""), std::vector<int>());
}

TEST_F(MailCacheTest, ReplacesAMessageThatIsKeptAgain) {
  Keep({{1, "first"}});
  Keep({{1, "second"}});
  EXPECT_EQ(Search("first"), std::vector<int>());
  EXPECT_EQ(Search("second"), std::vector<int>{1});
  EXPECT_EQ(Files().size(), 3u);
}

TEST_F(MailCacheTest, MakesManySmallSegmentsFewer) {
  for (int i = 1; i <= 30; ++i) Keep({{i, "word" + std::to_string(i) + " same"}});
  EXPECT_LE(Files().size(), 2 * (MailCache::kMostSparse + 1) + 1);
  EXPECT_EQ(Search("same").size(), 30u);
  for (int i = 1; i <= 30; ++i) {
    EXPECT_EQ(Search("word" + std::to_string(i)), std::vector<int>{i});
  }
  auto transaction = Cache().Begin();
  for (int i = 1; i <= 30; ++i) {
    const auto copy = transaction->Copy(transaction->table().messages.at(KeyOf(i)));
    EXPECT_EQ(copy->RevealView(KeyAccess{}), "copy of word" + std::to_string(i) + " same");
  }
}

TEST_F(MailCacheTest, LeavesTheOldestOutBeyondItsBoundAndSaysSo) {
  auto transaction = Cache().Begin();
  std::vector<MailCache::Addition> additions;
  const int most = static_cast<int>(MailCache::kMostMessages);
  for (int i = 1; i <= most + 5; ++i) additions.push_back(Addition(i, "x"));
  ASSERT_TRUE(transaction->Add(std::move(additions)).ok());
  EXPECT_FALSE(transaction->table().truncated);
  ASSERT_TRUE(transaction->Commit().ok());
  const MessageTable& table = transaction->table();
  EXPECT_EQ(table.messages.size(), MailCache::kMostMessages);
  EXPECT_TRUE(table.truncated);
  for (int i = 1; i <= 5; ++i) EXPECT_FALSE(table.messages.contains(KeyOf(i))) << i;
  EXPECT_TRUE(table.messages.contains(KeyOf(6)));
}

TEST_F(MailCacheTest, SeveralAtATimeLoseNothingOfEachOther) {
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([this, writer] {
      for (int i = 0; i < 5; ++i) Keep({{writer * 100 + i, "same"}});
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(Search("same").size(), 20u);
}

TEST_F(MailCacheTest, WaitsForTheLockOnlyForSoLong) {
  const auto held = Cache().Begin();
  EXPECT_TRUE(absl::IsUnavailable(Cache().Begin(absl::Milliseconds(30)).status()));
}

RC_GTEST_FIXTURE_PROP(MailCacheTest, FindsWhatAPlainSearchWouldFindHoweverItCameToBe, ()) {
  static const std::vector<std::string> kWords = {"red", "wax", "seal", "letter"};
  std::map<int, std::set<std::string>> model;
  const auto steps = *rc::gen::inRange(1, 3);
  for (int step = 0; step < steps; ++step) {
    auto transaction = Cache().Begin();
    std::vector<MailCache::Addition> additions;
    for (int number = 0; number < 8; ++number) {
      const int choice = *rc::gen::inRange(0, 18);
      if (choice == 16) continue;
      transaction->table().messages.erase(KeyOf(number));
      model.erase(number);
      if (choice == 17) continue;
      std::string text;
      for (std::size_t i = 0; i < kWords.size(); ++i) {
        if ((choice >> i & 1) == 0) continue;
        text += kWords[i] + " ";
        model[number].insert(kWords[i]);
      }
      additions.push_back(Addition(number, text));
    }
    RC_ASSERT(transaction->Add(std::move(additions)).ok());
    RC_ASSERT(transaction->Commit().ok());
  }
  for (const std::string& one : kWords) {
    for (const std::string& other : kWords) {
      std::vector<int> expected;
      for (const auto& [number, words] : model) {
        if (words.contains(one) && words.contains(other)) expected.insert(expected.begin(), number);
      }
      RC_ASSERT(Search(one + " " + other) == expected);
    }
  }
  std::filesystem::remove_all(folder_);
}

}  // namespace
}  // namespace letterlock::client
