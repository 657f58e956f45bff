#include "attest/map_value.h"

#include <gtest/gtest.h>

#include "support/vectors.h"

namespace letterlock::attest {
namespace {

using testing::Hex;

TEST(MapValue, GivenHandlesAndEntriesHaveTheGivenPositionsAndValues) {
  const nlohmann::json cases = testing::ReadVectors("letterlock/map.json").at("directory");
  ASSERT_FALSE(cases.empty());
  for (const auto& test : cases) {
    const auto deployment = crypto::DeploymentId::FromBytes(Hex(test, "deployment")).value();
    const auto handle = crypto::Handle::Parse(test.at("handle").get<std::string>()).value();
    const auto version = test.at("version").get<uint64_t>();
    EXPECT_EQ(crypto::ToString(DirectoryPosition(deployment, handle)), Hex(test, "position"));
    const crypto::Digest commitment = DirectoryCommitment(Hex(test, "salt"), Hex(test, "entry"));
    EXPECT_EQ(crypto::ToString(commitment), Hex(test, "commitment"));
    EXPECT_EQ(crypto::ToString(MapValue(version, commitment)), Hex(test, "value"));
    EXPECT_EQ(crypto::ToString(MapValue(version, kErasedCommitment)), Hex(test, "erased_value"));
  }
}

// A monitor that sees deltas must be able to rely on the version in them.
TEST(MapValue, BindsTheVersion) {
  EXPECT_NE(MapValue(1, kErasedCommitment), MapValue(2, kErasedCommitment));
}

}  // namespace
}  // namespace letterlock::attest
