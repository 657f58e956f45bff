#include "server/directory/registry.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "attest/leaf.h"
#include "attest/map_store.h"
#include "attest/map_value.h"
#include "registry_fixture.h"

namespace letterlock::directory {
namespace {

using common::v1::ErrorReason;
using test::DirectoryMember;

TEST_F(RegistryTest, NewDeploymentLogsGenesisAndAnEmptyHead) {
  EXPECT_EQ(log_->tree()->size, 2u);
  EXPECT_EQ(registry_->head_sequence(), 1u);
  EXPECT_EQ(log::LogReader(&log_files_, log_->tree()).ReadEntries(0, 1)->at(0), genesis_.leaf);
  ExpectAbsent(Lookup("alice"), "alice");
}

TEST_F(RegistryTest, PublishedEntryVerifiesUnderTheHeadThatTookItIn) {
  DirectoryMember alice = NewMember("alice");
  const v1::SignedEntry entry = alice.Next();
  ExpectShows(Decide(entry), "alice", entry);
  EXPECT_EQ(registry_->head_sequence(), 2u);
  ExpectShows(Lookup("alice"), "alice", entry);
  ExpectAbsent(Lookup("bob"), "bob");
}

TEST_F(RegistryTest, AnswerWaitsForTheHead) {
  DirectoryMember alice = NewMember("alice");
  const auto answer = Submit(alice.Next());
  EXPECT_FALSE(answer->has_value());
  EXPECT_EQ(registry_->waiting(), 1u);
  ExpectAbsent(Lookup("alice"), "alice");
  ASSERT_TRUE(registry_->MakeHead(false).ok());
  EXPECT_TRUE(answer->has_value());
}

TEST_F(RegistryTest, OneHeadTakesInManyMembers) {
  std::map<std::string, std::pair<v1::SignedEntry, std::shared_ptr<std::optional<Answer>>>> all;
  for (int i = 0; i < 50; ++i) {
    DirectoryMember member = NewMember("member" + std::to_string(i));
    const v1::SignedEntry entry = member.Next();
    all[member.handle()] = {entry, Submit(entry)};
  }
  ASSERT_TRUE(registry_->MakeHead(false).ok());
  EXPECT_EQ(registry_->head_sequence(), 2u);
  for (const auto& [handle, one] : all) {
    ASSERT_TRUE(one.second->has_value());
    ExpectShows(**one.second, handle, one.first);
  }
}

TEST_F(RegistryTest, SameBytesAgainChangeNothingAndShowTheNewestHead) {
  DirectoryMember alice = NewMember("alice");
  const v1::SignedEntry entry = alice.Next();
  ASSERT_TRUE(Decide(entry).ok());
  ASSERT_TRUE(registry_->MakeHead(true).ok());
  const auto rows = store_.newest.rows;
  const auto answer = Submit(entry);
  ASSERT_TRUE(answer->has_value()) << "answered without a head";
  ExpectShows(**answer, "alice", entry);
  EXPECT_EQ((*answer)->value().head().index(), 3u);
  ASSERT_TRUE(registry_->MakeHead(false).ok());
  EXPECT_EQ(store_.newest.rows, rows);
  EXPECT_EQ(registry_->head_sequence(), 3u);
}

TEST_F(RegistryTest, SameBytesTwiceInOneHeadAreBothAnswered) {
  DirectoryMember alice = NewMember("alice");
  const v1::SignedEntry entry = alice.Next();
  const auto first = Submit(entry), second = Submit(entry);
  ASSERT_TRUE(registry_->MakeHead(false).ok());
  ASSERT_TRUE(first->has_value());
  ExpectShows(**first, "alice", entry);
  ASSERT_TRUE(registry_->MakeHead(false).ok());
  ASSERT_TRUE(second->has_value());
  ExpectShows(**second, "alice", entry);
  EXPECT_EQ(registry_->head_sequence(), 2u);
}

TEST_F(RegistryTest, OfTwoForOneHandleTheFirstWins) {
  DirectoryMember alice = NewMember("alice"), impostor = NewMember("alice");
  const v1::SignedEntry entry = alice.Next();
  const auto first = Submit(entry), second = Submit(impostor.Next());
  ASSERT_TRUE(registry_->MakeHead(false).ok());
  ASSERT_TRUE(registry_->MakeHead(false).ok());
  ExpectShows(**first, "alice", entry);
  ASSERT_TRUE(second->has_value());
  EXPECT_EQ((*second)->status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(rpc::ReasonOf((*second)->status()), common::v1::ERROR_REASON_HANDLE_TAKEN);
  ExpectShows(Lookup("alice"), "alice", entry);
}

TEST_F(RegistryTest, RotationAndRecoveryFollowEachOther) {
  DirectoryMember alice = NewMember("alice");
  ASSERT_TRUE(Decide(alice.Next()).ok());
  for (int i = 0; i < 3; ++i) {
    const v1::SignedEntry rotated = alice.Rotate();
    ExpectShows(Decide(rotated), "alice", rotated);
    const v1::SignedEntry recovered = alice.Recover();
    ExpectShows(Decide(recovered), "alice", recovered);
    const v1::SignedEntry changed = alice.Next();
    ExpectShows(Decide(changed), "alice", changed);
  }
}

TEST_F(RegistryTest, LookupShowsTheEarlierEntriesThatAreAskedFor) {
  DirectoryMember alice = NewMember("alice");
  std::vector<v1::SignedEntry> all;
  for (std::size_t i = 0; i < kMaxHistory + 3; ++i) {
    all.push_back(i % 2 == 0 ? alice.Next() : alice.Rotate());
    ASSERT_TRUE(Decide(all.back()).ok());
  }
  const auto history = [&](const char* handle, uint64_t from) {
    std::vector<v1::SignedEntry> entries;
    EXPECT_TRUE(registry_->Lookup(*crypto::Handle::Parse(handle), from, &entries).ok());
    std::vector<std::string> bytes;
    for (const v1::SignedEntry& entry : entries) bytes.push_back(entry.SerializeAsString());
    return bytes;
  };
  const auto expected = [&](std::size_t from, std::size_t to) {
    std::vector<std::string> bytes;
    for (std::size_t v = from; v <= to; ++v) bytes.push_back(all[v - 1].SerializeAsString());
    return bytes;
  };
  EXPECT_TRUE(history("alice", 0).empty());
  EXPECT_EQ(history("alice", 1), expected(1, kMaxHistory));
  EXPECT_EQ(history("alice", kMaxHistory + 1), expected(kMaxHistory + 1, kMaxHistory + 2));
  EXPECT_TRUE(history("alice", kMaxHistory + 3).empty());
  EXPECT_TRUE(history("alice", UINT64_MAX).empty());
  EXPECT_TRUE(history("nobody", 1).empty());
}

TEST_F(RegistryTest, OlderVersionAgainShowsWhatStandsNow) {
  DirectoryMember alice = NewMember("alice");
  const v1::SignedEntry first = alice.Next();
  ASSERT_TRUE(Decide(first).ok());
  const v1::SignedEntry second = alice.Rotate();
  ASSERT_TRUE(Decide(second).ok());
  ExpectShows(Decide(first), "alice", second);
}

TEST_F(RegistryTest, RequestWhoseDeadlinePassedIsNotTakenIn) {
  DirectoryMember alice = NewMember("alice");
  const auto answer = Submit(alice.Next(), clock_.Now() + absl::Seconds(1));
  clock_.Advance(absl::Seconds(2));
  ASSERT_TRUE(registry_->MakeHead(false).ok());
  ASSERT_TRUE(answer->has_value());
  EXPECT_EQ((*answer)->status().code(), absl::StatusCode::kDeadlineExceeded);
  ExpectAbsent(Lookup("alice"), "alice");
}

TEST_F(RegistryTest, FullQueueRefusesAtOnceAndSaysWhenToComeBack) {
  options_.max_waiting = 2;
  Start();
  for (const char* handle : {"one", "two"})
    EXPECT_FALSE(Submit(NewMember(handle).Next())->has_value());
  const auto refused = Submit(NewMember("three").Next());
  ASSERT_TRUE(refused->has_value());
  EXPECT_EQ((*refused)->status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(rpc::RetryAfterOf((*refused)->status()).has_value());
}

TEST_F(RegistryTest, WhoStillWaitsAtTheEndIsAnswered) {
  const auto answer = Submit(NewMember("alice").Next());
  Stop();
  ASSERT_TRUE(answer->has_value());
  EXPECT_TRUE(absl::IsUnavailable((*answer)->status()));
}

TEST_F(RegistryTest, ReadersSeeThePublishedHeadWhileTheNextIsStaged) {
  DirectoryMember alice = NewMember("alice");
  const v1::SignedEntry entry = alice.Next();
  int looked = 0;
  points_.at_point = [&](std::string_view) {
    const Answer proof = Lookup("alice");
    ASSERT_TRUE(proof.ok());
    EXPECT_FALSE(proof->has_signed_entry());
    EXPECT_TRUE(registry_->ListDeltas({})->deltas.empty());
    ++looked;
  };
  ASSERT_TRUE(Decide(entry).ok());
  EXPECT_EQ(looked, 7);
  points_.at_point = nullptr;
  ExpectShows(Lookup("alice"), "alice", entry);
}

TEST_F(RegistryTest, QuietDirectoryShowsAFreshHead) {
  const absl::Time before = registry_->head_time();
  clock_.Advance(absl::Minutes(1));
  ASSERT_TRUE(registry_->MakeHead(false).ok());
  EXPECT_EQ(registry_->head_time(), before) << "nothing changed, nothing due";
  ASSERT_TRUE(registry_->MakeHead(true).ok());
  EXPECT_EQ(registry_->head_time(), before + absl::Minutes(1));
}

TEST_F(RegistryTest, HeadsDoNotGoBackInTimeWithTheClock) {
  const absl::Time before = registry_->head_time();
  clock_.Set(before - absl::Hours(1));
  ASSERT_TRUE(registry_->MakeHead(true).ok());
  EXPECT_EQ(registry_->head_time(), before);
}

TEST_F(RegistryTest, DeltasComePageByPageAndOnlyForTheirOwnListing) {
  for (int head = 0; head < 3; ++head) {
    for (int i = 0; i < 5; ++i) Submit(NewMember("m" + std::to_string(head * 5 + i)).Next());
    ASSERT_TRUE(registry_->MakeHead(false).ok());
  }
  std::vector<MapDelta> all;
  DeltaQuery query{.after_head = 2, .page_size = 4};
  do {
    const auto page = registry_->ListDeltas(query);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_LE(page->deltas.size(), 4u);
    all.insert(all.end(), page->deltas.begin(), page->deltas.end());
    query.page_token = page->next_page_token;
    // The token of another listing, or a spoiled one.
    if (!query.page_token.empty()) {
      EXPECT_EQ(
          rpc::ReasonOf(
              registry_->ListDeltas({.after_head = 1, .page_token = query.page_token}).status()),
          common::v1::ERROR_REASON_PAGE_TOKEN);
      EXPECT_FALSE(
          registry_->ListDeltas({.after_head = 2, .page_token = query.page_token + "A"}).ok());
    }
  } while (!query.page_token.empty());
  ASSERT_EQ(all.size(), 10u);
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].head_sequence, i < 5 ? 3u : 4u);
    EXPECT_EQ(all[i].version, 1u);
  }
}

// Any history of many members: each answer verifies, each lookup shows the model's state, and the
// deltas rebuild the root, each with a step of one.
RC_GTEST_FIXTURE_PROP(RegistryTest, AnyHistoryIsWhatTheModelSays, ()) {
  struct Model {
    DirectoryMember member;
    std::optional<v1::SignedEntry> newest;
    uint64_t tombstone = 0;
  };
  std::map<std::string, Model> model;
  for (const char* handle : {"ann", "ben", "cat", "dan"}) {
    model.emplace(handle, Model{NewMember(handle), std::nullopt});
  }
  const auto steps =
      *rc::gen::resize(12, rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 20)));
  for (const int step : steps) {
    auto& [handle, one] = *std::next(model.begin(), step % 4);
    if (one.tombstone > 0) {
      RC_ASSERT(!Decide(one.member.Preview()).ok());
    } else if (step / 4 == 4 && one.newest) {
      const std::string statement = one.member.ErasureStatement();
      ExpectErased(
          Decide(ErasureRequest{
              statement, one.member.identity().Sign(context::kDirectoryErasure, {statement}), ""}),
          handle, one.member.version() + 1);
      one.tombstone = one.member.version() + 1;
      one.newest.reset();
    } else {
      one.newest = step / 4 == 1 && one.newest   ? one.member.Rotate()
                   : step / 4 == 2 && one.newest ? one.member.Recover()
                                                 : one.member.Next();
      ExpectShows(Decide(*one.newest), handle, *one.newest);
    }
    if (step / 4 == 3) Start();
  }
  for (auto& [handle, one] : model) {
    if (one.tombstone > 0) {
      ExpectErased(Lookup(handle), handle, one.tombstone);
    } else if (one.newest) {
      ExpectShows(Lookup(handle), handle, *one.newest);
    } else {
      ExpectAbsent(Lookup(handle), handle);
    }
  }
  attest::MemoryMap rebuilt;
  std::map<crypto::Digest, uint64_t> versions;
  const auto deltas = registry_->ListDeltas({});
  for (const MapDelta& delta : deltas->deltas) {
    RC_ASSERT(delta.version == ++versions[delta.position]);
    const attest::MapLeaf leaf{delta.position, attest::MapValue(delta.version, delta.commitment)};
    RC_ASSERT(rebuilt.Update({{leaf}}).ok());
  }
  tlog::v1::Head head;
  const auto last =
      log::LogReader(&log_files_, log_->tree()).ReadEntries(log_->tree()->size - 1, 1);
  RC_ASSERT(attest::ParseCanonical(attest::ParseLeaf(last->at(0))->body, &head).ok());
  RC_ASSERT(head.directory_root() == crypto::ToString(rebuilt.root()));
}

}  // namespace
}  // namespace letterlock::directory
