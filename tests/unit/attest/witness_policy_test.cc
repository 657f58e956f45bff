#include "attest/witness_policy.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "support/note_signers.h"

namespace letterlock::attest {
namespace {

using testing::TestKey;
using testing::TestLog;
using testing::TestWitness;

std::string LogKey(const std::string& name) { return TestLog(name).key().Format(); }
std::string WitnessKey(const std::string& name) { return TestWitness(name).key().Format(); }

std::string WitnessLine(const std::string& name) {
  return "witness " + name + " " + WitnessKey(name) + "\n";
}

// The specification's example: two of three X and any one of three Y. Witnesses 0-2 are X, 3-5 are
// Y.
std::string Example() {
  std::string text = "log " + LogKey("log.example/main") + "\n\n";
  for (const char* name : {"X1", "X2", "X3"}) text += WitnessLine(name);
  text += "group X-witnesses 2 X1 X2 X3\n\n";
  for (const char* name : {"Y1", "Y2", "Y3"}) text += WitnessLine(name);
  return text +
         "group Y-witnesses any Y1 Y2 Y3\n\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum "
         "X-and-Y\n";
}

QuorumLevel LevelOf(const WitnessPolicy& policy, const std::vector<size_t>& witnesses) {
  std::vector<VerifiedCosignature> cosignatures;
  for (size_t witness : witnesses) cosignatures.push_back({witness, 1000});
  return policy.Evaluate(cosignatures).level;
}

TEST(WitnessPolicy, ReadsTheSpecificationsExample) {
  const auto policy = WitnessPolicy::Parse(Example());
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_FALSE(policy->unwitnessed());
  EXPECT_EQ(policy->log_keys().size(), 1u);
  EXPECT_EQ(policy->witness_keys().size(), 6u);
  EXPECT_EQ(LevelOf(*policy, {0, 1, 3}), QuorumLevel::kReached);
  EXPECT_EQ(LevelOf(*policy, {0, 1, 2, 3, 4, 5}), QuorumLevel::kReached);
  EXPECT_EQ(LevelOf(*policy, {0, 3, 4, 5}), QuorumLevel::kMissed);
  EXPECT_EQ(LevelOf(*policy, {0, 1, 2}), QuorumLevel::kMissed);
  EXPECT_EQ(LevelOf(*policy, {}), QuorumLevel::kMissed);
}

// One witness that signs often is still one.
TEST(WitnessPolicy, WitnessCountsOnce) {
  const auto policy = WitnessPolicy::Parse(Example()).value();
  const QuorumVerdict verdict = policy.Evaluate({{0, 500}, {0, 900}, {0, 700}, {3, 800}});
  EXPECT_EQ(verdict.level, QuorumLevel::kMissed);
  ASSERT_EQ(verdict.counted.size(), 2u);
  EXPECT_EQ(verdict.counted[0].name, "X1");
  EXPECT_EQ(verdict.counted[0].earliest, 500u);
  EXPECT_EQ(verdict.counted[0].latest, 900u);
}

TEST(WitnessPolicy, OnlyCosignaturesInTheWindowCount) {
  const auto policy = WitnessPolicy::Parse(WitnessLine("A") + WitnessLine("B") +
                                           "group both all A B\nquorum both\n")
                          .value();
  const std::vector<VerifiedCosignature> cosignatures = {{0, 1000}, {1, 2000}};
  EXPECT_EQ(policy.Evaluate(cosignatures, {1000, 2000}).level, QuorumLevel::kReached);
  EXPECT_EQ(policy.Evaluate(cosignatures, {1001, 2000}).level, QuorumLevel::kMissed);
  EXPECT_EQ(policy.Evaluate(cosignatures, {1000, 1999}).level, QuorumLevel::kMissed);
}

TEST(WitnessPolicy, QuorumNoneSaysUnwitnessedEvenWhenWitnessesSigned) {
  const auto policy = WitnessPolicy::Parse(WitnessLine("A") + "quorum none\n").value();
  EXPECT_TRUE(policy.unwitnessed());
  const QuorumVerdict verdict = policy.Evaluate({{0, 1000}});
  EXPECT_EQ(verdict.level, QuorumLevel::kUnwitnessed);
  EXPECT_EQ(verdict.counted.size(), 1u);
  EXPECT_TRUE(verdict.acceptable());
}

TEST(WitnessPolicy, SingleWitnessIsAQuorum) {
  const auto policy =
      WitnessPolicy::Parse(WitnessLine("A") + WitnessLine("B") + "quorum B\n").value();
  EXPECT_EQ(LevelOf(policy, {0}), QuorumLevel::kMissed);
  EXPECT_EQ(LevelOf(policy, {1}), QuorumLevel::kReached);
}

TEST(WitnessPolicy, SpacesTabsCommentsAndUrlsAreTakenAsTheSpecificationSays) {
  const auto policy =
      WitnessPolicy::Parse("# a comment \xc3\xa9\n\t # another\n \t \n  log\t" + LogKey("l") +
                           "  https://log.example/ \nwitness \xff " + WitnessKey("w") +
                           " https://w.example/\nquorum \xff\t\n");
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(policy->log_urls()[0], "https://log.example/");
  EXPECT_EQ(policy->witness_urls()[0], "https://w.example/");
}

TEST(WitnessPolicy, EveryBrokenRuleIsRefused) {
  const std::string a = WitnessLine("A"), b = WitnessLine("B");
  const std::string log = "log " + LogKey("l") + "\n";
  for (const std::string& text : {
           std::string(),
           a,                           // no quorum
           a + "quorum A\nquorum A\n",  // two
           a + "quorum none\nquorum A\n",
           std::string("quorum\n"),
           a + "quorum A B\n",
           std::string("quorum A\n") + a,             // defined later
           a + "group g any B\n" + b + "quorum g\n",  // member defined later
           a + "group g any g\nquorum g\n",           // itself
           a + "group g 0 A\nquorum g\n",
           a + "group g 2 A\nquorum g\n",
           a + "group g 01 A\nquorum g\n",
           a + "group g -1 A\nquorum g\n",
           a + "group g some A\nquorum g\n",
           a + "group g any\nquorum g\n",                         // no member
           a + "group g any A A\nquorum g\n",                     // twice
           a + b + "group g any A\ngroup h all A B\nquorum h\n",  // in two groups
           a + "group g any none\nquorum g\n",
           a + "group A any A\nquorum A\n",  // name taken
           a + "group none any A\nquorum none\n",
           a + "witness A " + WitnessKey("other") + "\nquorum A\n",
           a + "witness A2 " + WitnessKey("A") + "\nquorum A\n",  // key twice
           log + log + "quorum none\n",
           a + "quorum A",  // no newline
           a + "quorum A\r\n",
           "\x7f\n" + a + "quorum A\n",
           std::string("\0\n", 2) + a + "quorum A\n",
           a + "threshold 2\nquorum A\n",
           "log " + WitnessKey("w") + "\nquorum none\n",  // a witness's key for a log
           "witness w " + LogKey("l") + "\nquorum w\n",
           std::string("log nonsense\nquorum none\n"),
           std::string("log\nquorum none\n"),
           "log " + LogKey("l") + " url more\nquorum none\n",
           "witness A\nquorum none\n" + a,
           a + "quorum none # comment\n",
       }) {
    EXPECT_FALSE(WitnessPolicy::Parse(text).ok()) << text;
  }
}

TEST(WitnessPolicy, LogThatWatchesItselfIsNoWitness) {
  const crypto::PublicKey key = TestKey("one key").public_key();
  const std::string log = VerifierKey::Make(NoteKeyType::kEd25519, "log", key)->Format();
  const std::string witness =
      VerifierKey::Make(NoteKeyType::kCosignature, "other-name", key)->Format();
  EXPECT_FALSE(WitnessPolicy::Parse("log " + log + "\nwitness w " + witness + "\nquorum w\n").ok());
}

TEST(WitnessPolicy, TakesWhatTheSpecificationRecommendsAndHasBounds) {
  std::string text;
  for (int i = 0; i < 64; ++i) {
    text +=
        "log " + LogKey("log" + std::to_string(i)) + "\n" + WitnessLine("w" + std::to_string(i));
    text += "group g" + std::to_string(i) + " all w" + std::to_string(i) + "\n";
  }
  EXPECT_TRUE(WitnessPolicy::Parse(text + "quorum g63\n").ok());
  EXPECT_FALSE(WitnessPolicy::Parse(text + "group more any g1\nquorum g63\n").ok());
  EXPECT_FALSE(WitnessPolicy::Parse(text + WitnessLine("more") + "quorum g63\n").ok());
  EXPECT_FALSE(WitnessPolicy::Parse(text + "log " + LogKey("more") + "\nquorum g63\n").ok());
  EXPECT_FALSE(
      WitnessPolicy::Parse(std::string(WitnessPolicy::kMaxSize, '\n') + "quorum none\n").ok());
}

TEST(WitnessPolicy, ErrorNamesTheLine) {
  const absl::Status status = WitnessPolicy::Parse("\n# fine\nnonsense\n").status();
  EXPECT_NE(std::string(status.message()).find("line 3"), std::string::npos) << status;
}

}  // namespace
}  // namespace letterlock::attest
