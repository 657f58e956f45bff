// Whole directory proofs made by another hand (tests/vectors/letterlock/make_directory.py).
#include <gtest/gtest.h>

#include "attest/directory_proof.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "support/vectors.h"

namespace letterlock::attest {
namespace {

using testing::Hex;

class DirectoryVectors : public ::testing::Test {
 protected:
  TrustFile Trust(const nlohmann::json& test) const {
    const auto name = test.at("trust").get<std::string>();
    return TrustFile::Parse(vectors_.at("trusts").at(name).get<std::string>()).value();
  }

  absl::StatusOr<VerifiedLookup> Look(const nlohmann::json& test) const {
    directory::v1::EntryProof proof;
    EXPECT_TRUE(proof.ParseFromString(Hex(test, "proof")));
    const auto handle = crypto::Handle::Parse(test.at("handle").get<std::string>()).value();
    const auto ms = [](const nlohmann::json& json, const char* name) {
      return json.at(name).get<int64_t>();
    };
    const Freshness freshness{absl::FromUnixMillis(ms(test, "now_ms")),
                              absl::Milliseconds(ms(vectors_, "max_age_ms")),
                              absl::Milliseconds(ms(vectors_, "max_ahead_ms"))};
    return VerifyLookup(proof, handle, Trust(test), freshness);
  }

  const nlohmann::json vectors_ = testing::ReadVectors("letterlock/directory.json");
};

void ExpectEntry(const nlohmann::json& test, const VerifiedEntry& entry) {
  EXPECT_EQ(entry.member().bytes(), Hex(test, "member"));
  EXPECT_EQ(entry.content().version, test.at("version").get<uint64_t>());
  EXPECT_EQ(entry.content().identity_key.bytes(), Hex(test, "identity_key"));
  EXPECT_EQ(entry.content().encryption_key.bytes(), Hex(test, "encryption_key"));
  EXPECT_EQ(entry.attested(), test.at("attested").get<bool>());
}

TEST_F(DirectoryVectors, GivenLookupsVerifyAsGiven) {
  ASSERT_FALSE(vectors_.at("lookups").empty());
  for (const auto& test : vectors_.at("lookups")) {
    SCOPED_TRACE(test.at("name"));
    const auto lookup = Look(test);
    ASSERT_TRUE(lookup.ok()) << lookup.status();
    const auto state = test.at("state").get<std::string>();
    EXPECT_EQ(std::holds_alternative<VerifiedAbsence>(*lookup), state == "absent");
    EXPECT_EQ(std::holds_alternative<VerifiedErasure>(*lookup), state == "erased");
    if (const auto* entry = std::get_if<VerifiedEntry>(&*lookup)) ExpectEntry(test, *entry);
    if (const auto* erasure = std::get_if<VerifiedErasure>(&*lookup)) {
      EXPECT_EQ(erasure->version(), test.at("version").get<uint64_t>());
    }
    const VerifiedHead& head = HeadOf(*lookup);
    EXPECT_EQ(head.sequence(), test.at("head_sequence").get<uint64_t>());
    EXPECT_EQ(crypto::ToString(head.directory_root()), Hex(test, "head_root"));
    EXPECT_EQ(head.checkpoint().size, test.at("checkpoint_size").get<uint64_t>());
    EXPECT_EQ(head.quorum().level == QuorumLevel::kUnwitnessed, test.value("unwitnessed", false));
  }
}

TEST_F(DirectoryVectors, GivenRefusalsAreRefusedForTheGivenReason) {
  ASSERT_FALSE(vectors_.at("refused").empty());
  for (const auto& test : vectors_.at("refused")) {
    EXPECT_EQ(absl::StatusCodeToString(Look(test).status().code()),
              test.at("code").get<std::string>())
        << test.at("name");
  }
}

TEST_F(DirectoryVectors, GivenTransitionsAreJudgedAsGiven) {
  ASSERT_FALSE(vectors_.at("transitions").empty());
  const auto trust =
      TrustFile::Parse(vectors_.at("trusts").at("production").get<std::string>()).value();
  for (const auto& test : vectors_.at("transitions")) {
    directory::v1::SignedEntry next;
    ASSERT_TRUE(next.ParseFromString(Hex(test, "signed_entry")));
    const auto previous = ParseEntry(Hex(test, "previous"), trust.deployment());
    const auto checked = CheckEntry(next, trust.entries());
    ASSERT_TRUE(previous.ok() && checked.ok()) << test.at("name") << checked.status();
    EXPECT_EQ(absl::StatusCodeToString(CheckTransition(*previous, *checked).code()),
              test.at("code").get<std::string>())
        << test.at("name");
  }
}

// The text of a trust file has one form, comments aside.
TEST_F(DirectoryVectors, GivenTrustFilesAreWhatTheFieldsMake) {
  for (const auto& [name, value] : vectors_.at("trusts").items()) {
    const auto text = value.get<std::string>();
    const auto trust = TrustFile::Parse(text);
    ASSERT_TRUE(trust.ok()) << name << trust.status();
    const std::string policy = text.substr(text.find("tlog-policy\n") + 12);
    EXPECT_EQ(
        FormatTrustFile({trust->entries(), trust->policy_keys(), trust->policy_threshold(), policy})
            .value(),
        text);
  }
}

}  // namespace
}  // namespace letterlock::attest
