// Every bad request gets its code, reason and field, and leaves the store as it was.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "registry_fixture.h"

namespace letterlock::directory {

using absl::StatusCode;
using test::DirectoryMember;
namespace reasons = common::v1;

inline constexpr StatusCode kInvalid = StatusCode::kInvalidArgument;
inline const std::string kZeroKey(32, '\0');
// 2^255 - 18: a point of order 4 on Curve25519, and for Ed25519 an encoding above the prime.
inline const std::string kLowOrderKey = std::string(1, '\xee') + std::string(30, '\xff') + '\x7f';

struct Expected {
  StatusCode code;
  reasons::ErrorReason reason;
  std::string field;
};

class RulesTest : public RegistryTest {
 protected:
  void SetUp() override {
    RegistryTest::SetUp();
    ASSERT_TRUE(Decide(alice_.Next()).ok());
    ASSERT_TRUE(Decide(alice_.Rotate()).ok());
    before_ = store_.newest.rows;
  }
  void ExpectRefused(const std::string& what, const Answer& answer, const Expected& expected) {
    EXPECT_EQ(answer.status().code(), expected.code) << what << ": " << answer.status();
    EXPECT_EQ(rpc::ReasonOf(answer.status()), expected.reason) << what << ": " << answer.status();
    EXPECT_EQ(rpc::FieldOf(answer.status()).value_or(""), expected.field) << what;
    EXPECT_EQ(store_.newest.rows, before_) << what;
  }
  // A first entry of "bob" with something wrong.
  void ExpectFirstRefused(const std::string& what, const DirectoryMember::Change& change,
                          const Expected& expected) {
    ExpectRefused(what, Decide(NewMember("bob").Next(change)), expected);
  }
  // A change of "alice", signed by her, with something wrong.
  void ExpectNextRefused(const std::string& what, const DirectoryMember::Change& change,
                         const Expected& expected) {
    ExpectRefused(what, Decide(alice_.Preview(change)), expected);
  }

  DirectoryMember alice_ = NewMember("alice");
  std::map<std::string, std::string> before_;
};

}  // namespace letterlock::directory
