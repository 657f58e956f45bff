// kill -9 of the real daemon: every message that was acknowledged is there afterwards, exactly
// once.
#include <gtest/gtest.h>

#include <climits>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "support/note_signers.h"
#include "support/served_maild.h"

namespace letterlock {
namespace {

using mail::v1::SendRequest;
using testing::MailUser;

constexpr int kKilled = 128 + 9;

struct Letter {
  const MailUser* from = nullptr;
  const MailUser* to = nullptr;
  SendRequest request;
  std::optional<mail::v1::SendResponse> answer;
};
using Letters = std::map<std::string, Letter>;  // by header, which names sender and id

// How often each header is in a mailbox.
std::map<std::string, int> Count(const std::vector<mail::v1::MessageSummary>& messages) {
  std::map<std::string, int> counts;
  for (const auto& message : messages) ++counts[message.header()];
  return counts;
}

class Post {
 public:
  explicit Post(int members) {
    EXPECT_TRUE(served_.Start().ok());
    for (int i = 0; i < members; ++i) {
      users_.emplace_back("member" + std::to_string(i), served_.deployment());
      EXPECT_TRUE(served_.Enroll(users_.back()).ok());
    }
    EXPECT_EQ(served_.Stop().value_or(-1), 0) << served_.LogText();
  }

  test::ServedMaild& served() { return served_; }

  void Start(const std::vector<std::string>& flags = {}) {
    ASSERT_TRUE(served_.Start(flags).ok()) << served_.LogText();
  }

  // Everybody writes to the next member and to the first, until the daemon is gone; `end` is called
  // once, when `answers` were given.
  void SendUntilGone(int answers, const std::function<void()>& end) {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < users_.size(); ++i) {
      threads.emplace_back([this, i] { SendFrom(i); });
    }
    {
      absl::MutexLock lock(&mu_);
      const auto enough = [&]() ABSL_SHARED_LOCKS_REQUIRED(mu_) {
        return answered_ >= answers || gone_ == static_cast<int>(users_.size());
      };
      mu_.Await(absl::Condition(&enough));
    }
    end();
    for (std::thread& thread : threads) thread.join();
    answered_ = gone_ = 0;
  }

  // What was acknowledged is there once, nothing is there twice; and whoever asks again is told the
  // same as before, or gets her message through now.
  void Judge() {
    const auto mailboxes = CountAll();
    for (auto& [header, letter] : letters_) {
      const int received =
          mailboxes.at(letter.to).count(header) ? mailboxes.at(letter.to).at(header) : 0;
      const int sent =
          mailboxes.at(letter.from).count(header) ? mailboxes.at(letter.from).at(header) : 0;
      EXPECT_LE(received, 1);
      EXPECT_LE(sent, 1);
      if (letter.answer) EXPECT_EQ(sent, 1) << "an acknowledged message is gone";
      if (letter.answer && letter.answer->state() == mail::v1::DELIVERY_STATE_DELIVERED) {
        EXPECT_EQ(received, 1) << "a delivered message is gone";
      }
      EXPECT_LE(received, sent);
    }
    SendAllAgain();
    const auto finally = CountAll();
    for (const auto& [header, letter] : letters_) {
      EXPECT_EQ(finally.at(letter.to).at(header), 1);
      EXPECT_EQ(finally.at(letter.from).at(header), 1);
    }
  }

 private:
  void SendFrom(std::size_t index) {
    const MailUser& from = users_[index];
    const auto token = served_.client().OpenSession(from);
    for (std::size_t i = 0; token.ok(); ++i) {
      const MailUser& to = users_[i % 2 == 0 && index != 0 ? 0 : (index + 1) % users_.size()];
      Letter letter{&from, &to, {}, {}};
      *letter.request.mutable_envelope() = testing::EnvelopeOf(from, to, testing::FreshMessageId());
      auto answer = served_.client().Call(letter.request, *token);
      if (answer.ok()) letter.answer = *answer;
      absl::MutexLock lock(&mu_);
      letters_.emplace(letter.request.envelope().header(), letter);
      if (!answer.ok()) break;
      ++answered_;
    }
    absl::MutexLock lock(&mu_);
    ++gone_;
  }

  std::map<const MailUser*, std::map<std::string, int>> CountAll() {
    std::map<const MailUser*, std::map<std::string, int>> counts;
    for (const MailUser& user : users_) {
      auto listed = served_.ListAll(user);
      EXPECT_TRUE(listed.ok()) << listed.status();
      counts[&user] = listed.ok() ? Count(*listed) : std::map<std::string, int>();
    }
    return counts;
  }

  void SendAllAgain() {
    std::map<const MailUser*, std::string> tokens;
    for (const MailUser& user : users_) tokens[&user] = served_.client().OpenSession(user).value();
    for (auto& [header, letter] : letters_) {
      auto again = served_.client().Call(letter.request, tokens.at(letter.from));
      ASSERT_TRUE(again.ok()) << again.status();
      EXPECT_EQ(again->state(), mail::v1::DELIVERY_STATE_DELIVERED);
      if (letter.answer) EXPECT_EQ(again->accepted_unix_ms(), letter.answer->accepted_unix_ms());
      letter.answer = *again;
    }
  }

  test::ServedMaild served_;
  std::deque<MailUser> users_;
  absl::Mutex mu_;
  Letters letters_;
  int answered_ = 0;
  int gone_ = 0;
};

struct SendPoint {
  const char* point;
  bool stepwise;
};

class KilledSending : public ::testing::TestWithParam<SendPoint> {};

TEST_P(KilledSending, LosesAndDoublesNothing) {
  Post post(4);
  std::vector<std::string> flags = {"--crash-at", std::string(GetParam().point) + ":25"};
  if (GetParam().stepwise) flags.insert(flags.end(), {"--stepwise", "yes"});
  post.Start(flags);
  post.SendUntilGone(INT_MAX, [&] {
    EXPECT_EQ(post.served().daemon().WaitForExit().value_or(0), kKilled) << post.served().LogText();
  });
  // Whichever way the next process sends.
  post.Start(GetParam().stepwise ? std::vector<std::string>{"--stepwise", "yes"}
                                 : std::vector<std::string>());
  post.Judge();
}

INSTANTIATE_TEST_SUITE_P(Each, KilledSending,
                         ::testing::Values(SendPoint{"send-queued", false},
                                           SendPoint{"send-durable", false},
                                           SendPoint{"send-step-one-durable", true},
                                           SendPoint{"send-step-two-durable", true},
                                           SendPoint{"send-step-three-durable", true}));

class KilledAtRandom : public ::testing::TestWithParam<bool> {};

TEST_P(KilledAtRandom, LosesAndDoublesNothing) {
  const auto seed = std::random_device()();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  std::vector<std::string> flags;
  if (GetParam()) flags = {"--stepwise", "yes"};
  Post post(4);
  for (int round = 0; round < 3; ++round) {
    post.Start(flags);
    const int answers = std::uniform_int_distribution<int>(1, 150)(random);
    post.SendUntilGone(answers, [&] { post.served().daemon().Kill(); });
  }
  post.Start(flags);
  post.Judge();
}

INSTANTIATE_TEST_SUITE_P(TogetherAndStepwise, KilledAtRandom, ::testing::Values(false, true));

class KilledEnrolling : public ::testing::TestWithParam<const char*> {};

TEST_P(KilledEnrolling, IsMadeGoodByTryingAgain) {
  test::ServedMaild served;
  ASSERT_TRUE(served.Start({"--crash-at", GetParam()}).ok());
  MailUser ann("ann", served.deployment());
  const MailUser bob("bob", served.deployment());
  EXPECT_FALSE(served.Enroll(ann).ok() && [&] {
    // The profile is written again for a second device alone.
    ann.device = testing::TestKey("second device");
    return served.Enroll(ann).ok();
  }());
  ASSERT_EQ(served.daemon().WaitForExit().value_or(0), kKilled) << served.LogText();

  ASSERT_TRUE(served.Start().ok()) << served.LogText();
  for (const MailUser* user : {const_cast<const MailUser*>(&ann), &bob}) {
    const absl::Status enrolled = served.Enroll(*user);
    ASSERT_TRUE(enrolled.ok()) << enrolled;
    EXPECT_TRUE(served.client().OpenSession(*user).ok());
  }
  SendRequest request;
  *request.mutable_envelope() = testing::EnvelopeOf(ann, bob, testing::FreshMessageId());
  EXPECT_TRUE(served.client().Call(request, served.client().OpenSession(ann).value()).ok());
  EXPECT_EQ(served.ListAll(bob).value().size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Each, KilledEnrolling,
                         ::testing::Values("enroll-index-written", "enroll-mailbox-made",
                                           "enroll-profile-written"));

}  // namespace
}  // namespace letterlock
