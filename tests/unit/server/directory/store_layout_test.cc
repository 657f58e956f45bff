// The rows of the store.

#include <gtest/gtest.h>

#include "attest/map_value.h"
#include "registry_fixture.h"

namespace letterlock::directory {
namespace {

// docs/directory.md, "The store": every row of a small directory, as the page has it.
TEST_F(RegistryTest, RowsAreAsDocumented) {
  test::DirectoryMember alice = NewMember("alice");
  const Answer proof = Decide(alice.Next());
  const std::string position = crypto::ToString(
      attest::DirectoryPosition(genesis_.deployment, *crypto::Handle::Parse("alice")));
  const std::string commitment =
      crypto::ToString(attest::DirectoryCommitment(proof->salt(), proof->signed_entry().entry()));
  const auto& rows = store_.newest.rows;
  const auto u64 = [](uint64_t v) { return std::string(7, '\0') + static_cast<char>(v); };
  EXPECT_EQ(rows.at("\1"), genesis_.deployment.bytes());
  EXPECT_EQ(rows.at("\2" + position + u64(1)),
            "\1" + proof->salt() + attest::SerializeCanonical(proof->signed_entry()));
  EXPECT_EQ(rows.at("\3" + position), "\1" + u64(1) + std::string(1, '\0') + commitment);
  EXPECT_EQ(rows.at("\5" + u64(2) + position), "\1" + u64(1) + commitment);
  EXPECT_EQ(rows.at("\6").substr(0, 17), "\1" + u64(2) + u64(2));
  EXPECT_TRUE(rows.at("\6").ends_with(proof->head().head_leaf()));
  EXPECT_EQ(rows.at("\4" + std::string(34, '\0')).size(), 65u);  // the root
  EXPECT_EQ(rows.size(), 6u);
}

TEST_F(RegistryTest, DamagedRowsAreNoticed) {
  test::DirectoryMember alice = NewMember("alice");
  const v1::SignedEntry entry = alice.Next();
  ASSERT_TRUE(Decide(entry).ok());
  const auto good = store_.newest.rows;
  for (const auto& [key, value] : good) {
    if (key[0] == '\5') continue;  // deltas are read by ListDeltas alone
    store_.newest.rows = good;
    store_.newest.rows[key] = value + "x";
    const bool started = TryStart().ok();
    const bool shown = started && Lookup("alice").ok() &&
                       attest::VerifyLookup(*Lookup("alice"), *crypto::Handle::Parse("alice"),
                                            TrustIn(genesis_), std::nullopt)
                           .ok();
    EXPECT_FALSE(shown && Decide(alice.Preview()).ok()) << "table " << int{key[0]};
  }
}

}  // namespace
}  // namespace letterlock::directory
