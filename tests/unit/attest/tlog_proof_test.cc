#include "attest/tlog_proof.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "attest/merkle.h"
#include "attest/subtree_hashes.h"
#include "support/note_signers.h"
#include "unit/attest/test_trees.h"

namespace letterlock::attest {
namespace {

using testing::SignedCheckpoint;
using testing::TestLog;
using testing::TestWitness;

constexpr uint64_t kSize = 20, kIndex = 13;

class TlogProofTest : public ::testing::Test {
 protected:
  TlogProof Proof() {
    LeafHashes hashes(TestLeafHashes(kSize));
    const Checkpoint checkpoint{"log.example/main", kSize, TreeRoot(TestLeafHashes(kSize))};
    return {std::nullopt, kIndex, ProveInclusion(hashes, kIndex, kSize).value(),
            SignedCheckpoint(checkpoint, {&log_, &witness_})};
  }
  WitnessPolicy Policy(const std::string& quorum) {
    return WitnessPolicy::Parse("log " + log_.key().Format() + "\nwitness w " +
                                witness_.key().Format() + "\nwitness absent " +
                                TestWitness("absent").key().Format() + "\nquorum " + quorum + "\n")
        .value();
  }

  TestLog log_{"log.example/main"};
  TestWitness witness_{"witness.example/1", 1000};
};

TEST_F(TlogProofTest, VerifiesTheLeafItWasMadeFor) {
  const auto verified = VerifyTlogProof(Proof(), TestLeaf(kIndex), Policy("w"));
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->index, kIndex);
  EXPECT_EQ(verified->checkpoint.size, kSize);
  EXPECT_EQ(verified->quorum.level, QuorumLevel::kReached);
  EXPECT_EQ(VerifyTlogProof(Proof(), TestLeaf(kIndex), Policy("none"))->quorum.level,
            QuorumLevel::kUnwitnessed);
}

TEST_F(TlogProofTest, AnotherLeafOrIndexDoesNotVerify) {
  EXPECT_FALSE(VerifyTlogProof(Proof(), TestLeaf(kIndex + 1), Policy("w")).ok());
  for (uint64_t index = 0; index < kSize + 5; ++index) {
    TlogProof proof = Proof();
    proof.index = index;
    EXPECT_EQ(VerifyTlogProof(proof, TestLeaf(kIndex), Policy("w")).ok(), index == kIndex);
  }
}

TEST_F(TlogProofTest, MissedQuorumIsAFailedPrecondition) {
  EXPECT_EQ(VerifyTlogProof(Proof(), TestLeaf(kIndex), Policy("absent")).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(VerifyTlogProof(Proof(), TestLeaf(kIndex), Policy("w"), {1001}).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(TlogProofTest, UnknownLogDoesNotVerify) {
  const auto policy = WitnessPolicy::Parse("log " + TestLog("log.example/other").key().Format() +
                                           "\nquorum none\n");
  EXPECT_EQ(VerifyTlogProof(Proof(), TestLeaf(kIndex), *policy).status().code(),
            absl::StatusCode::kUnauthenticated);
}

TEST_F(TlogProofTest, TextIsTheSpecificationsToTheByte) {
  TlogProof proof = Proof();
  proof.extra = "more";
  proof.inclusion = {crypto::Digest{}};
  const std::string text = FormatTlogProof(proof).value();
  EXPECT_EQ(text,
            "c2sp.org/tlog-proof@v1\nextra bW9yZQ==\nindex "
            "13\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
            "\n" +
                proof.checkpoint);
  EXPECT_EQ(ParseTlogProof(text).value(), proof);
}

TEST_F(TlogProofTest, OtherFormsAreRefused) {
  const std::string good = FormatTlogProof(Proof()).value();
  ASSERT_TRUE(ParseTlogProof(good).ok());
  const auto with = [&](const std::string& old, const std::string& instead) {
    std::string text = good;
    return text.replace(text.find(old), old.size(), instead);
  };
  for (const std::string& text :
       {std::string(), with("@v1", "@v2"), with("index 13", "index 013"), with("index 13", "index"),
        with("index 13", "index 13 "), with("index 13", "index -1"),
        with("index 13", "extra \nindex 13"), with("index 13", "extra AA==\nextra AA==\nindex 13"),
        with("index 13", "index 13\nindex 13"), with("index 13\n", ""), with("\n\n", "\n"),
        with("\n\n", "\n\n\n"), with("\n\n", "\nAAAA\n\n"), with("index", "Index"), "\n" + good,
        good + "x", good.substr(0, good.size() - 1)}) {
    EXPECT_FALSE(ParseTlogProof(text).ok()) << text;
  }
  TlogProof long_proof = Proof();
  long_proof.inclusion.assign(kMaxProofNodes + 1, crypto::Digest{});
  EXPECT_FALSE(FormatTlogProof(long_proof).ok());
}

RC_GTEST_FIXTURE_PROP(TlogProofTest, AnyBitFlippedIsRefusedOrLosesTheQuorum, ()) {
  std::string text = FormatTlogProof(Proof()).value();
  const auto bit = *rc::gen::inRange<size_t>(0, text.size() * 8);
  text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << (bit % 8)));
  const auto proof = ParseTlogProof(text);
  const bool verified = proof.ok() && VerifyTlogProof(*proof, TestLeaf(kIndex), Policy("w")).ok();
  RC_ASSERT(!verified);
}

}  // namespace
}  // namespace letterlock::attest
