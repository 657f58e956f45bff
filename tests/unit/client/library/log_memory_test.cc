#include "client/log_memory.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "client/failure.h"
#include "test_log.h"

namespace letterlock::client {
namespace {

using Proof = absl::StatusOr<std::vector<crypto::Digest>>;

TestLog LogOf(std::uint64_t size, const std::string& word = "leaf") {
  TestLog log;
  for (std::uint64_t i = 0; i < size; ++i) log.Append(word + std::to_string(i));
  return log;
}

auto ProofsOf(const TestLog& log) {
  return [&log](std::uint64_t a, std::uint64_t b) -> Proof { return log.Consistency(a, b); };
}

Proof NoProofs(std::uint64_t, std::uint64_t) { return absl::InvalidArgumentError("beyond"); }

TEST(LogMemory, TakesTheFirstCheckpointAsItIs) {
  const TestLog log = LogOf(5);
  RememberedLog memory;
  ASSERT_TRUE(Continue(&memory, log.At(5), NoProofs).ok());
  EXPECT_EQ(memory.size, 5u);
  EXPECT_EQ(memory.checkpoint, "checkpoint 5");
}

RC_GTEST_PROP(LogMemory, FollowsALogThatGrows, ()) {
  const auto old_size = *rc::gen::inRange<std::uint64_t>(1, 40);
  const auto new_size = old_size + *rc::gen::inRange<std::uint64_t>(0, 40);
  const TestLog log = LogOf(new_size);
  RememberedLog memory = log.At(old_size);
  RC_ASSERT(Continue(&memory, log.At(new_size), ProofsOf(log)).ok());
  RC_ASSERT(memory.size == new_size);
}

RC_GTEST_PROP(LogMemory, RefusesEveryForkAndKeepsWhatItHas, ()) {
  const auto old_size = *rc::gen::inRange<std::uint64_t>(1, 40);
  const auto new_size = old_size + *rc::gen::inRange<std::uint64_t>(0, 40);
  const TestLog log = LogOf(old_size);
  const TestLog fork = LogOf(new_size, "other");
  RememberedLog memory = log.At(old_size);
  const absl::Status status = Continue(&memory, fork.At(new_size), ProofsOf(fork));
  RC_ASSERT(ProblemOf(status) == Problem::kAlarm);
  RC_ASSERT(memory.root == log.Root(old_size));
}

TEST(LogMemory, RefusesALogThatShrank) {
  const TestLog log = LogOf(9);
  RememberedLog memory = log.At(9);
  EXPECT_EQ(ProblemOf(Continue(&memory, log.At(8), ProofsOf(log))), Problem::kAlarm);
  EXPECT_EQ(memory.size, 9u);
}

TEST(LogMemory, RefusesALogThatGivesNoProof) {
  const TestLog log = LogOf(9);
  RememberedLog memory = log.At(5);
  EXPECT_EQ(ProblemOf(Continue(&memory, log.At(9), NoProofs)), Problem::kAlarm);
}

TEST(LogMemory, DoesNotTakeAnUnreachableServerForAFork) {
  const TestLog log = LogOf(9);
  RememberedLog memory = log.At(5);
  const auto down = [](std::uint64_t, std::uint64_t) -> Proof {
    return absl::UnavailableError("down");
  };
  EXPECT_EQ(ProblemOf(Continue(&memory, log.At(9), down)), Problem::kUnavailable);
  EXPECT_EQ(memory.size, 5u);
}

// An alarm that a full disk or a stopping server can raise would soon be ignored.
TEST(LogMemory, RefusesWithoutAnAlarmWhereTheServerFails) {
  const TestLog log = LogOf(9);
  RememberedLog memory = log.At(5);
  const auto broken = [](std::uint64_t, std::uint64_t) -> Proof {
    return absl::InternalError("broken");
  };
  const absl::Status status = Continue(&memory, log.At(9), broken);
  EXPECT_FALSE(status.ok());
  EXPECT_NE(ProblemOf(status), Problem::kAlarm);
  EXPECT_EQ(memory.size, 5u);
}

TEST(LogMemory, RefusesAnotherLog) {
  const TestLog log = LogOf(9);
  RememberedLog memory = log.At(5);
  RememberedLog offered = log.At(9);
  offered.origin = "other.example/log";
  EXPECT_EQ(ProblemOf(Continue(&memory, offered, ProofsOf(log))), Problem::kAlarm);
}

TEST(LogMemory, RefusesAnOldHeadUnderANewCheckpoint) {
  const TestLog log = LogOf(9);
  RememberedLog memory = log.At(5);
  RememberedLog offered = log.At(9);
  offered.head_sequence = 4;
  offered.head_index = 3;
  EXPECT_EQ(ProblemOf(Continue(&memory, offered, ProofsOf(log))), Problem::kAlarm);
}

TEST(LogMemory, RefusesTwoHeadsWithOneNumber) {
  const TestLog log = LogOf(9);
  RememberedLog memory = log.At(5);
  RememberedLog offered = log.At(9);
  offered.head_sequence = 5;
  EXPECT_EQ(ProblemOf(Continue(&memory, offered, ProofsOf(log))), Problem::kAlarm);
}

TEST(LogMemory, RefusesANewerHeadBeforeAnOlderOne) {
  const TestLog log = LogOf(9);
  RememberedLog memory = log.At(5);
  RememberedLog offered = log.At(9);
  offered.head_index = 2;
  EXPECT_EQ(ProblemOf(Continue(&memory, offered, ProofsOf(log))), Problem::kAlarm);
}

}  // namespace
}  // namespace letterlock::client
