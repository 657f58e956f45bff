#include "attest/trust.h"

#include <gtest/gtest.h>

#include "crypto/base/encoding.h"
#include "support/attested_directory.h"

namespace letterlock::attest {
namespace {

using testing::AttestedDirectory;
using testing::TestKey;
using testing::TestLog;

std::string KeyText(const std::string& name) {
  return crypto::Base64Encode(TestKey(name).public_key().bytes());
}

// Production, two registrars, two policy keys.
std::string Production() {
  return "letterlock-trust/v1\ndeployment 000102030405060708090a0b0c0d0e0f\nregistrar " +
         KeyText("r1") + "\nregistrar " + KeyText("r2") + "\npolicy-key " + KeyText("p1") +
         "\npolicy-key " + KeyText("p2") + "\npolicy-threshold 2\ntlog-policy\nlog " +
         TestLog("log.example").key().Format() + "\nquorum none\n";
}

std::string With(const std::string& old, const std::string& instead) {
  std::string text = Production();
  const size_t at = text.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return text.replace(at, old.size(), instead);
}

TEST(TrustFile, IsReadAsItStands) {
  const auto trust = TrustFile::Parse(Production());
  ASSERT_TRUE(trust.ok()) << trust.status();
  EXPECT_EQ(crypto::HexEncode(trust->deployment().bytes()), "000102030405060708090a0b0c0d0e0f");
  EXPECT_FALSE(trust->development());
  EXPECT_EQ(trust->entries().registrars.size(), 2u);
  EXPECT_EQ(trust->policy_keys().size(), 2u);
  EXPECT_EQ(trust->policy_threshold(), 2u);
  EXPECT_EQ(trust->origin(), "log.example");
  EXPECT_TRUE(trust->witness_policy().unwitnessed());
}

TEST(TrustFile, CommentsMayStandBetweenTheLines) {
  EXPECT_TRUE(TrustFile::Parse(With("deployment", "# ours\n#\ndeployment")).ok());
  EXPECT_TRUE(
      TrustFile::Parse(With("tlog-policy\n", "#x\ntlog-policy\n# the policy's own\n\n")).ok());
}

TEST(TrustFile, WhatIsFormattedIsRead) {
  for (const bool development : {false, true}) {
    const TrustFields fields = AttestedDirectory({development, "w"}).trust_fields();
    const auto trust = TrustFile::Parse(FormatTrustFile(fields).value());
    ASSERT_TRUE(trust.ok()) << trust.status();
    EXPECT_EQ(trust->development(), development);
    EXPECT_EQ(trust->deployment(), fields.entries.deployment);
    EXPECT_EQ(trust->entries().registrars, fields.entries.registrars);
    EXPECT_FALSE(trust->witness_policy().unwitnessed());
  }
  TrustFields broken = AttestedDirectory().trust_fields();
  broken.policy_threshold = 2;
  EXPECT_FALSE(FormatTrustFile(broken).ok());
}

TEST(TrustFile, EveryOtherFormIsRefused) {
  const std::string r1 = "registrar " + KeyText("r1") + "\n",
                    r2 = "registrar " + KeyText("r2") + "\n";
  const std::string p1 = "policy-key " + KeyText("p1") + "\n";
  const std::string log = "log " + TestLog("log.example").key().Format() + "\n";
  const std::string other = "log " + TestLog("other.example").key().Format() + "\n";
  for (const std::string& text : {
           std::string(),
           std::string("letterlock-trust/v1\n"),
           With("trust/v1", "trust/v2"),
           With("trust/v1", "trust/v10"),
           "# before\n" + Production(),
           "\n" + Production(),
           With("deployment 00", "deployment "),
           With("0e0f", "0E0F"),
           With("deployment 000102030405060708090a0b0c0d0e0f\n", ""),
           With("registrar", "development\nregistrar"),                 // both
           With(r1, "").replace(With(r1, "").find(r2), r2.size(), ""),  // neither
           With(r1, r2),                                                // twice
           With(r1, r1 + "\n"),                                         // an empty line
           With(r1, "registrar  " + KeyText("r1") + "\n"),
           With(r1, "registrar AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"),
           With(r1, "registrar short\n"),
           With(r1, p1),  // out of order, and then twice
           With("policy-threshold 2", "policy-threshold 0"),
           With("policy-threshold 2", "policy-threshold 3"),
           With("policy-threshold 2", "policy-threshold 02"),
           With("policy-threshold 2\n", ""),
           With("tlog-policy\n", ""),
           With("tlog-policy", "tlog-policy "),
           With(log, ""),
           With(log, log + other),  // two logs
           With("quorum none\n", ""),
           With("quorum none\n", "quorum none"),
       }) {
    EXPECT_FALSE(TrustFile::Parse(text).ok()) << text;
  }
}

TEST(TrustFile, LogMayHaveSeveralKeysForRotation) {
  const auto second =
      VerifierKey::Make(NoteKeyType::kEd25519, "log.example", TestKey("new").public_key());
  EXPECT_TRUE(TrustFile::Parse(With("quorum", "log " + second->Format() + "\nquorum")).ok());
}

}  // namespace
}  // namespace letterlock::attest
