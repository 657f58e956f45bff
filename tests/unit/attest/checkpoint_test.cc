#include "attest/checkpoint.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "attest/merkle.h"
#include "crypto/base/encoding.h"
#include "support/note_signers.h"
#include "support/vectors.h"

namespace letterlock::attest {
namespace {

using testing::SignedCheckpoint;
using testing::TestLog;
using testing::TestWitness;

std::vector<VerifierKey> KeysOf(const nlohmann::json& vkeys) {
  std::vector<VerifierKey> keys;
  for (const auto& vkey : vkeys)
    keys.push_back(VerifierKey::Parse(vkey.get<std::string>()).value());
  return keys;
}

absl::StatusOr<OpenedCheckpoint> OpenCase(const nlohmann::json& test) {
  return OpenCheckpoint(test.at("note").get<std::string>(), KeysOf(test.at("logs")),
                        KeysOf(test.at("witnesses")));
}

TEST(Checkpoint, GivenCheckpointsOpenAsGiven) {
  const nlohmann::json vectors = testing::ReadVectors("letterlock/checkpoint.json");
  ASSERT_FALSE(vectors.at("checkpoints").empty());
  for (const auto& test : vectors.at("checkpoints")) {
    const auto opened = OpenCase(test);
    ASSERT_TRUE(opened.ok()) << test.at("name") << opened.status();
    EXPECT_EQ(opened->checkpoint.origin, test.at("origin").get<std::string>());
    EXPECT_EQ(opened->checkpoint.size, test.value("size", uint64_t{0})) << test.at("name");
    EXPECT_EQ(crypto::ToString(opened->checkpoint.root), testing::Hex(test, "root"));
    std::vector<VerifiedCosignature> expected;
    for (const auto& one : test.value("cosignatures", nlohmann::json::array())) {
      expected.push_back({one.at("witness").get<size_t>(), one.at("timestamp").get<uint64_t>()});
    }
    EXPECT_EQ(opened->cosignatures, expected) << test.at("name");
    const std::string text = ParseNote(test.at("note").get<std::string>())->text;
    EXPECT_EQ(FormatCheckpoint(opened->checkpoint).value(), text);
  }
}

TEST(Checkpoint, GivenRefusalsAreRefused) {
  const nlohmann::json vectors = testing::ReadVectors("letterlock/checkpoint.json");
  ASSERT_FALSE(vectors.at("refused").empty());
  for (const auto& test : vectors.at("refused"))
    EXPECT_FALSE(OpenCase(test).ok()) << test.at("name");
}

RC_GTEST_PROP(Checkpoint, AnyCheckpointComesBackFromItsText, ()) {
  const Checkpoint checkpoint{"log.example/main", *rc::gen::inRange<uint64_t>(1, ~uint64_t{0}),
                              *rc::gen::arbitrary<crypto::Digest>()};
  RC_ASSERT(ParseCheckpoint(FormatCheckpoint(checkpoint).value()).value() == checkpoint);
}

RC_GTEST_PROP(Checkpoint, AnyBitFlippedIsRefused, ()) {
  TestLog log("log.example/main");
  std::string note = SignedCheckpoint({"log.example/main", 77, LeafHash("x")}, {&log});
  RC_ASSERT(OpenCheckpoint(note, {log.key()}, {}).ok());
  const auto bit = *rc::gen::inRange<size_t>(0, note.size() * 8);
  note[bit / 8] = static_cast<char>(note[bit / 8] ^ (1 << (bit % 8)));
  RC_ASSERT(!OpenCheckpoint(note, {log.key()}, {}).ok());
}

TEST(Checkpoint, OriginThatWouldAddALineIsNotFormatted) {
  EXPECT_FALSE(FormatCheckpoint({"", 1, LeafHash("x")}).ok());
  EXPECT_FALSE(FormatCheckpoint({"a\nb", 1, LeafHash("x")}).ok());
  EXPECT_FALSE(FormatCheckpoint({"a\tb", 1, LeafHash("x")}).ok());
  EXPECT_FALSE(FormatCheckpoint({"log", 0, LeafHash("x")}).ok());
  EXPECT_TRUE(FormatCheckpoint({"log", 0, EmptyTreeRoot()}).ok());
}

TEST(Checkpoint, KeyInTheWrongRoleIsRefused) {
  TestLog log("log.example/main");
  TestWitness witness("witness.example/1", 5);
  const std::string note =
      SignedCheckpoint({"log.example/main", 1, LeafHash("x")}, {&log, &witness});
  EXPECT_EQ(OpenCheckpoint(note, {witness.key()}, {}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(OpenCheckpoint(note, {log.key()}, {log.key()}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// Two logs that a verifier knows: neither may speak under the other's name.
TEST(Checkpoint, KnownLogCannotSignForAnother) {
  TestLog log("log.example/main"), other("log.example/other");
  const std::string note = SignedCheckpoint({"log.example/main", 1, LeafHash("x")}, {&other});
  EXPECT_EQ(OpenCheckpoint(note, {log.key(), other.key()}, {}).status().code(),
            absl::StatusCode::kUnauthenticated);
  const std::string both = SignedCheckpoint({"log.example/main", 1, LeafHash("x")}, {&other, &log});
  EXPECT_EQ(OpenCheckpoint(both, {log.key(), other.key()}, {})->log, 0u);
}

TEST(Cosignature, RefusesOtherSizesAndLateTimes) {
  const std::string signature(64, 's');
  EXPECT_EQ(ParseCosignature(EncodeCosignature({7, signature}))->timestamp, 7u);
  EXPECT_TRUE(ParseCosignature(EncodeCosignature({kMaxCosignatureTime, signature})).ok());
  EXPECT_FALSE(ParseCosignature(EncodeCosignature({kMaxCosignatureTime + 1, signature})).ok());
  EXPECT_FALSE(ParseCosignature(EncodeCosignature({7, signature}) + "x").ok());
  EXPECT_FALSE(ParseCosignature(std::string(71, 'x')).ok());
}

}  // namespace
}  // namespace letterlock::attest
