#include "server/directory/genesis.h"

#include <gtest/gtest.h>

#include "registry_fixture.h"

namespace letterlock::directory {
namespace {

using Statement = tlog::v1::GenesisStatement;

// The statement of a sound deployment, changed.
absl::StatusOr<Genesis> With(const std::function<void(Statement&)>& change) {
  Statement statement;
  EXPECT_TRUE(statement.ParseFromString(MakeGenesis().statement));
  change(statement);
  return Genesis::Parse(attest::SerializeCanonical(statement));
}

std::string SoundKey() { return std::string(crypto::SigningKey::Generate().public_key().bytes()); }

TEST(Genesis, NamesItsDeploymentByTheStatementAlone) {
  const Genesis genesis = MakeGenesis();
  EXPECT_EQ(genesis.deployment, crypto::DeploymentIdOf(genesis.statement));
  EXPECT_EQ(genesis.leaf, std::string("\1\1") + genesis.statement);
  EXPECT_NE(genesis.deployment, MakeGenesis({}, 'm').deployment);
}

TEST(Genesis, IsDevelopmentExactlyWhereNobodyVouches) {
  EXPECT_TRUE(MakeGenesis().development());
  EXPECT_FALSE(MakeGenesis({crypto::SigningKey::Generate().public_key()}).development());
  EXPECT_FALSE(With([](Statement& s) { s.set_development(false); }).ok());
  EXPECT_FALSE(With([](Statement& s) { s.add_registrar_keys(SoundKey()); }).ok());
}

TEST(Genesis, UnsoundStatementsAreRefused) {
  EXPECT_TRUE(With([](Statement&) {}).ok());
  EXPECT_FALSE(With([](Statement& s) { s.set_origin("another.example/log"); }).ok());
  EXPECT_FALSE(With([](Statement& s) { s.clear_log_key(); }).ok());
  EXPECT_FALSE(With([](Statement& s) { s.set_log_key("example.com/log+00000000+AAAA"); }).ok());
  EXPECT_FALSE(With([](Statement& s) { s.clear_policy_keys(); }).ok());
  EXPECT_FALSE(With([](Statement& s) { s.set_policy_keys(0, std::string(32, '\0')); }).ok());
  EXPECT_FALSE(With([](Statement& s) { s.set_policy_keys(0, "short"); }).ok());
  EXPECT_FALSE(With([](Statement& s) { s.set_policy_threshold(0); }).ok());
  EXPECT_FALSE(With([](Statement& s) { s.set_policy_threshold(2); }).ok());
  EXPECT_FALSE(With([](Statement& s) { s.add_witness_keys("no vkey"); }).ok());
  EXPECT_FALSE(With([](Statement& s) { s.clear_nonce(); }).ok());
  EXPECT_FALSE(With([](Statement& s) { s.set_nonce("short"); }).ok());
  EXPECT_FALSE(With([](Statement& s) { s.clear_created_unix_ms(); }).ok());
  EXPECT_FALSE(With([](Statement& s) {
                 s.set_development(false);
                 s.add_registrar_keys(std::string(32, '\0'));
               }).ok());
  EXPECT_FALSE(Genesis::Parse("").ok());
  EXPECT_FALSE(Genesis::Parse(MakeGenesis().statement + "x").ok());
}

}  // namespace
}  // namespace letterlock::directory
