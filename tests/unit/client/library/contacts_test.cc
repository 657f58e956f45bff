// Marks, deletions, watching, and whom one lets write.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "client/failure.h"
#include "client_world.h"

namespace letterlock::client {
namespace {

using ::testing::ElementsAre;

class ContactsTest : public ClientTest {
 protected:
  static std::string IdOf(const absl::StatusOr<SendReceipt>& receipt) {
    return crypto::HexEncode(receipt->id.bytes());
  }
};

TEST_F(ContactsTest, MarksAndDeletesWhatIsNamedAndNothingElse) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  const std::string first = IdOf(alice->Send(To(bob_, "1")));
  const std::string second = IdOf(alice->Send(To(bob_, "2")));
  const MarkRequest request = {
      .read = true, .archived = std::nullopt, .add_labels = {"work"}, .remove_labels = {}};
  const auto marked = bob->Mark({first}, request);
  ASSERT_TRUE(marked.ok()) << marked.status();
  EXPECT_TRUE(marked->at(0).found);
  EXPECT_TRUE(bob->Read(first)->read);
  EXPECT_THAT(bob->Read(first)->labels, ElementsAre("work"));
  EXPECT_FALSE(bob->Read(second)->read);

  ASSERT_TRUE(bob->Delete({second}).ok());
  EXPECT_THAT(Bodies(bob->List(Folder::kInbox, 50)), ElementsAre("1"));
  bob->StayOffline();
  EXPECT_EQ(ProblemOf(bob->Read(second).status()), Problem::kNotFound) << "no copy is left";
}

TEST_F(ContactsTest, RefusesToMarkWhatIsNamedTwiceOrNotThere) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  const std::string id = IdOf(alice->Send(To(bob_, "1")));
  EXPECT_EQ(ProblemOf(bob->Mark({id, id.substr(0, 12)}, {}).status()), Problem::kUsage);
  EXPECT_EQ(ProblemOf(bob->Delete({id, "0123456789"}).status()), Problem::kNotFound);
  EXPECT_EQ(ProblemOf(bob->Delete({}).status()), Problem::kUsage);
  EXPECT_EQ(BoxOf(bob_).size(), 1u);
}

TEST_F(ContactsTest, WatchesAndTellsOnlyOfWhatCameSince) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(alice->Send(To(bob_, "before")).ok());
  deployment_.on_watch = [&] { ASSERT_TRUE(alice->Send(To(bob_, "after")).ok()); };
  std::vector<std::string> told;
  int calls = 0;
  const absl::Status ended = bob->Watch(absl::Hours(1), [&](const Listing& news) {
    for (const Message& message : news.messages) told.push_back(Text(message.body));
    return ++calls < 3;
  });
  EXPECT_TRUE(ended.ok()) << ended;
  EXPECT_EQ(calls, 3) << "once that it began, then for each time that something came";
  EXPECT_THAT(told, ElementsAre("after", "after"));
}

TEST_F(ContactsTest, EndsAWatchWhoseServerIsLost) {
  const auto bob = Make(bob_);
  deployment_.on_watch = [&] { deployment_.mail_error = absl::UnavailableError("lost"); };
  const absl::Status ended = bob->Watch(absl::Hours(1), [](const Listing&) { return true; });
  EXPECT_EQ(ProblemOf(ended), Problem::kUnavailable);
}

// It holds the old keys, and would take all that comes for damaged.
TEST_F(ContactsTest, AWatchEndsWhereAnotherCommandChangedTheKeys) {
  const auto bob = Make(bob_);
  bool changed = false;
  deployment_.on_watch = [&] {
    if (changed) deployment_.mail_error = absl::UnavailableError("went on");
    if (!changed) ASSERT_TRUE(Open(bob_)->RotateKeys({}).ok());
    changed = true;
  };
  const absl::Status ended = bob->Watch(absl::Hours(1), [](const Listing&) { return true; });
  EXPECT_EQ(ProblemOf(ended), Problem::kUsage) << ended;
}

TEST_F(ContactsTest, BlocksMembersByHandleAndKnowsThemAgain) {
  Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(bob->Block(alice_.member.handle).ok());
  EXPECT_THAT(deployment_.blocks, ElementsAre(alice_.member.member));
  const auto blocks = bob->Blocks();
  ASSERT_TRUE(blocks.ok()) << blocks.status();
  ASSERT_EQ(blocks->size(), 1u);
  EXPECT_EQ(blocks->at(0).handle, alice_.member.handle);
  EXPECT_EQ(ProblemOf(bob->Block(bob_.member.handle)), Problem::kUsage);
  EXPECT_EQ(ProblemOf(bob->Block(*crypto::Handle::Parse("nobody"))), Problem::kNotFound);
  // Of a pinned member nobody needs to be asked: she may be gone from the directory by now.
  deployment_.directory_error = absl::UnavailableError("down");
  ASSERT_TRUE(bob->Unblock(alice_.member.handle).ok());
  EXPECT_TRUE(deployment_.blocks.empty());
}

TEST_F(ContactsTest, AnswersFirstContactsAndSaysWhereThereIsNone) {
  Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(bob->Respond(alice_.member.handle, /*accept=*/true).ok());
  ASSERT_TRUE(bob->Respond(alice_.member.handle, /*accept=*/false).ok());
  EXPECT_THAT(deployment_.answers, ElementsAre(mail::v1::ANSWER_ACCEPT, mail::v1::ANSWER_DECLINE));
  deployment_.no_requests = true;
  EXPECT_EQ(ProblemOf(bob->Respond(alice_.member.handle, true)), Problem::kNotFound);
}

TEST_F(ContactsTest, ShowsTheServersLimits) {
  const auto bob = Make(bob_);
  const auto limits = bob->GetLimits();
  ASSERT_TRUE(limits.ok()) << limits.status();
  EXPECT_EQ(limits->messages.used, 7u);
  EXPECT_EQ(limits->messages.limit, 100u);
  EXPECT_EQ(limits->report_desk, "desk");
}

}  // namespace
}  // namespace letterlock::client
