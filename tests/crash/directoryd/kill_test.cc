// kill -9 of the real daemon: what was acknowledged verifies afterwards, under a checkpoint that
// extends the last one handed out.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "support/daemon.h"
#include "support/directory_member.h"
#include "support/served_directory.h"

namespace letterlock {
namespace {

using test::DirectoryMember;
using test::ServedDirectory;

constexpr int kKilled = 128 + 9;
const std::vector<std::string> kFast = {"--head_interval", "10ms"};

struct Registration {
  directory::v1::SignedEntry entry;
  absl::StatusOr<directory::v1::EntryProof> answer = absl::UnknownError("not asked");
};
using Registrations = std::map<std::string, Registration>;  // by handle

// Everybody who was answered is there with exactly her bytes; everybody else is whole or absent,
// and is answered when she asks again.
void ExpectKept(ServedDirectory& directory, Registrations& registrations) {
  for (auto& [handle, one] : registrations) {
    if (one.answer.ok()) {
      // The answer that was handed out before the kill: its checkpoint must be a prefix of today's.
      const auto then = directory.Verify(*one.answer, handle);
      ASSERT_TRUE(then.ok()) << handle << ": " << then.status();
    }
    const auto now = directory.VerifiedLookup(handle);
    ASSERT_TRUE(now.ok()) << handle << ": " << now.status();
    if (const auto* entry = std::get_if<attest::VerifiedEntry>(&*now)) {
      EXPECT_EQ(entry->content().bytes, one.entry.entry());
    } else {
      EXPECT_FALSE(one.answer.ok()) << handle << " was acknowledged, and is gone";
    }
    one.answer = directory.Publish(one.entry);
    ASSERT_TRUE(one.answer.ok()) << handle << ": " << one.answer.status();
    EXPECT_EQ(one.answer->signed_entry().entry(), one.entry.entry());
  }
}

// What programs that know nothing of us say of the log.
void ExpectGoVerifies(const ServedDirectory& directory) {
  const auto verified = testing::RunProgram(LETTERLOCK_VERIFY_LOG,
                                            {directory.PathOf("data/log"), directory.log_vkey()});
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->exit_code, 0) << verified->output;
}

class KillAtPoint : public ::testing::TestWithParam<const char*> {};

TEST_P(KillAtPoint, KeepsEveryAcknowledgedEntryAndOneHistory) {
  ServedDirectory directory;
  Registrations registrations;
  // A new deployment's start appends three times: the genesis leaf, the first head, and the head
  // that is due as soon as it serves. The fourth append is for a registration.
  std::vector<std::string> flags = kFast;
  flags.insert(flags.end(), {"--crash-at", std::string(GetParam()) + ":4"});
  ASSERT_TRUE(directory.Start(flags).ok());
  for (int i = 0; i < 20; ++i) {
    DirectoryMember member(directory.trust().deployment(), "member" + std::to_string(i));
    Registration& one = registrations[member.handle()];
    one.entry = member.Next();
    one.answer = directory.Publish(one.entry);
    if (!one.answer.ok()) break;
  }
  ASSERT_EQ(directory.daemon().WaitForExit().value_or(0), kKilled) << directory.LogText();

  ASSERT_TRUE(directory.Start(kFast).ok()) << directory.LogText();
  ExpectKept(directory, registrations);
  EXPECT_EQ(directory.Stop().value_or(-1), 0);
  ExpectGoVerifies(directory);
}

INSTANTIATE_TEST_SUITE_P(Each, KillAtPoint,
                         ::testing::Values("head-staged", "log-leaves-written",
                                           "log-leaves-checked", "log-signed", "log-lock-moved",
                                           "log-published", "head-published"));

class KillAtStart : public ::testing::TestWithParam<const char*> {};

TEST_P(KillAtStart, LeavesADeploymentThatStarts) {
  ServedDirectory directory;
  auto killed = directory.Spawn({"--crash-at", GetParam()});
  ASSERT_TRUE(killed.ok()) << killed.status();
  ASSERT_EQ((*killed)->WaitForExit().value_or(0), kKilled);
  ASSERT_TRUE(directory.Start(kFast).ok()) << directory.LogText();
  EXPECT_TRUE(directory.VerifiedLookup("nobody").ok());
  EXPECT_EQ(directory.Stop().value_or(-1), 0);
  ExpectGoVerifies(directory);
}

INSTANTIATE_TEST_SUITE_P(Each, KillAtStart,
                         ::testing::Values("log-leaves-written", "log-lock-moved", "log-published",
                                           "head-staged", "log-leaves-written:2",
                                           "log-lock-moved:2", "head-published"));

// Members register from several threads; the daemon is ended when so many have been answered.
class Crowd {
 public:
  Crowd(ServedDirectory* directory, std::string prefix, int end_after)
      : directory_(directory), prefix_(std::move(prefix)), end_after_(end_after) {}

  // Returns when nobody waits for an answer any more.
  void RegisterUntil(const std::function<void()>& end) {
    constexpr int threads = 4;
    std::vector<std::thread> running;
    for (int t = 0; t < threads; ++t) running.emplace_back([this, t] { Register(t); });
    {
      absl::MutexLock hold(&mu_);
      const auto enough = [this] {
        mu_.AssertReaderHeld();
        return answered_ >= end_after_;
      };
      mu_.Await(absl::Condition(&enough));
    }
    end();
    for (std::thread& thread : running) thread.join();
  }

  void MoveTo(Registrations* all) {
    absl::MutexLock hold(&mu_);
    all->merge(registrations_);
  }

 private:
  void Register(int thread) {
    for (int i = 0;; ++i) {
      DirectoryMember member(directory_->trust().deployment(),
                             prefix_ + "-" + std::to_string(thread) + "-" + std::to_string(i));
      Registration one{.entry = member.Next()};
      one.answer = directory_->Publish(one.entry);
      const bool dead = !one.answer.ok();
      absl::MutexLock hold(&mu_);
      answered_ += dead ? 0 : 1;
      registrations_[member.handle()] = std::move(one);
      if (dead) return;
    }
  }

  ServedDirectory* const directory_;
  const std::string prefix_;
  const int end_after_;
  absl::Mutex mu_;
  int answered_ ABSL_GUARDED_BY(mu_) = 0;
  Registrations registrations_ ABSL_GUARDED_BY(mu_);
};

TEST(KillAtRandom, KeepsEveryAcknowledgedEntryAndOneHistory) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  ServedDirectory directory;
  Registrations all;
  for (int round = 0; round < 4; ++round) {
    ASSERT_TRUE(directory.Start(kFast).ok()) << directory.LogText();
    Crowd crowd(&directory, "round" + std::to_string(round),
                std::uniform_int_distribution(0, 25)(random));
    crowd.RegisterUntil([&] { directory.daemon().Kill(); });
    crowd.MoveTo(&all);
  }
  ASSERT_TRUE(directory.Start(kFast).ok()) << directory.LogText();
  ExpectKept(directory, all);
  EXPECT_EQ(directory.Stop().value_or(-1), 0);
  ExpectGoVerifies(directory);
}

TEST(Sigterm, AmidRegistrationsKeepsWhatWasAcknowledgedAndLeavesNobodyWaiting) {
  ServedDirectory directory;
  Registrations all;
  ASSERT_TRUE(directory.Start(kFast).ok()) << directory.LogText();
  Crowd crowd(&directory, "crowd", 20);
  crowd.RegisterUntil([&] { EXPECT_EQ(directory.daemon().Stop().value_or(-1), 0); });
  crowd.MoveTo(&all);
  ASSERT_TRUE(directory.Start(kFast).ok()) << directory.LogText();
  ExpectKept(directory, all);
  EXPECT_EQ(directory.Stop().value_or(-1), 0);
}

}  // namespace
}  // namespace letterlock
