// What a member is shown of her mailbox, and what of it is kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "client/failure.h"
#include "client_world.h"

namespace letterlock::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReadingTest : public ClientTest {
 protected:
  std::string CacheOf(const User& user) const { return user.directory.path() + "/cache"; }
};

TEST_F(ReadingTest, ReadsByAnyPrefixThatNamesOneMessage) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  const auto receipt = alice->Send(To(bob_, "one"));
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(alice->Send(To(bob_, "other")).ok());
  const std::string id = crypto::HexEncode(receipt->id.bytes());
  EXPECT_EQ(Text(bob->Read(id.substr(0, 12))->body), "one");
  EXPECT_EQ(Text(alice->Read(id)->body), "one");
  EXPECT_EQ(ProblemOf(bob->Read("").status()), Problem::kUsage);
  EXPECT_EQ(ProblemOf(bob->Read("xyz").status()), Problem::kUsage);
  EXPECT_EQ(ProblemOf(bob->Read(id + "0").status()), Problem::kUsage);
  EXPECT_EQ(ProblemOf(bob->Read("0123456789abcdef").status()), Problem::kNotFound);
}

TEST_F(ReadingTest, ListsTheNewestFirstUpToTheLimitAndSaysThatThereIsMore) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  for (const char* body : {"1", "2", "3"}) ASSERT_TRUE(alice->Send(To(bob_, body)).ok());
  EXPECT_THAT(Bodies(bob->List(Folder::kInbox, 50)), ElementsAre("3", "2", "1"));
  const auto two = bob->List(Folder::kInbox, 2);
  EXPECT_THAT(Bodies(two), ElementsAre("3", "2"));
  EXPECT_TRUE(two->more);
  EXPECT_FALSE(bob->List(Folder::kInbox, 3)->more);
}

TEST_F(ReadingTest, ShowsNothingOfAMessageThatWasChanged) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(alice->Send(To(bob_, "hello")).ok());
  for (auto change :
       {&mail::v1::MailboxMessage::mutable_ciphertext, &mail::v1::MailboxMessage::mutable_wrap}) {
    mail::v1::MailboxMessage& stored = BoxOf(bob_)[0];
    const mail::v1::MailboxMessage before = stored;
    std::string& bytes = *(stored.*change)();
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    const auto inbox = bob->List(Folder::kInbox, 50);
    ASSERT_TRUE(inbox.ok());
    EXPECT_TRUE(inbox->messages.empty());
    ASSERT_EQ(inbox->refused.size(), 1u);
    EXPECT_EQ(ProblemOf(inbox->refused[0].why), Problem::kVerification);
    stored = before;
  }
  EXPECT_EQ(bob->List(Folder::kInbox, 50)->messages.size(), 1u);
}

TEST_F(ReadingTest, RefusesAnotherMessageThanTheOneAskedFor) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  const auto first = alice->Send(To(bob_, "first"));
  const auto second = alice->Send(To(bob_, "second"));
  ASSERT_TRUE(first.ok() && second.ok());
  const mail::v1::MailboxMessage other = BoxOf(bob_)[1];
  mail::v1::MailboxMessage& stored = BoxOf(bob_)[0];
  stored.set_ciphertext(other.ciphertext());
  stored.set_wrap(other.wrap());
  const auto read = bob->Read(crypto::HexEncode(first->id.bytes()));
  EXPECT_EQ(ProblemOf(read.status()), Problem::kVerification);
}

TEST_F(ReadingTest, LooksAnUnknownSenderUpOnceAndThenKnowsHer) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(alice->Send(To(bob_, "1")).ok());
  ASSERT_TRUE(bob->List(Folder::kInbox, 50).ok());
  const int lookups = deployment_.lookups;
  ASSERT_TRUE(bob->List(Folder::kInbox, 50).ok());
  EXPECT_EQ(deployment_.lookups, lookups + 1) << "his own entry alone";
}

TEST_F(ReadingTest, ReadsWithoutADirectoryAndSaysThatTheOwnEntryWasNotChecked) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(alice->Send(To(bob_, "1")).ok());
  ASSERT_TRUE(bob->List(Folder::kInbox, 50).ok());
  EXPECT_TRUE(bob->own_entry_unchecked().ok());
  deployment_.directory_error = absl::UnavailableError("down");
  EXPECT_EQ(bob->List(Folder::kInbox, 50)->messages.size(), 1u);
  EXPECT_EQ(ProblemOf(bob->own_entry_unchecked()), Problem::kUnavailable);
  EXPECT_TRUE(bob->alarm().ok());
}

// New mail would be sealed for the thief's key: who only ever reads, and knows everybody who
// writes, must hear of it.
TEST_F(ReadingTest, OnlyReadingRaisesTheAlarmOfASwappedKeyToo) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(alice->Send(To(bob_, "1")).ok());
  ASSERT_TRUE(bob->List(Folder::kInbox, 50).ok());
  EXPECT_TRUE(bob->alarm().ok());
  deployment_.world->Erase(bob_.member.handle, 2);
  deployment_.NewHead();
  EXPECT_EQ(bob->List(Folder::kInbox, 50)->messages.size(), 1u) << "what verifies is shown";
  EXPECT_EQ(ProblemOf(bob->alarm()), Problem::kAlarm);
}

TEST_F(ReadingTest, GivesUpOnChangesThatDoNotEnd) {
  const auto bob = Make(bob_);
  deployment_.changes_never_end = true;
  EXPECT_EQ(ProblemOf(bob->List(Folder::kInbox, 50).status()), Problem::kVerification);
}

TEST_F(ReadingTest, RefusesWhatTheServerListsAsAMessageAndIsNone) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(alice->Send(To(bob_, "1")).ok());
  BoxOf(bob_).emplace_back().mutable_state()->set_folder(mail::v1::FOLDER_INBOX);
  const auto inbox = bob->List(Folder::kInbox, 50);
  ASSERT_TRUE(inbox.ok()) << inbox.status();
  EXPECT_EQ(inbox->messages.size(), 1u) << "one bad row does not hide the rest";
  EXPECT_EQ(inbox->refused.size(), 1u);
}

TEST_F(ReadingTest, DoesNotShowAnUnknownSenderWhileTheDirectoryIsDown) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(alice->Send(To(bob_, "1")).ok());
  deployment_.directory_error = absl::UnavailableError("down");
  const auto inbox = bob->List(Folder::kInbox, 50);
  ASSERT_TRUE(inbox.ok());
  EXPECT_TRUE(inbox->messages.empty());
  EXPECT_EQ(ProblemOf(inbox->refused.at(0).why), Problem::kUnavailable);
}

// Anybody can seal mail that names a sender: until it verifies, it must not decide whose keys are
// pinned, nor that they changed.
TEST_F(ReadingTest, MailThatDoesNotVerifyMakesAndChangesNoPin) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  const User mallory(&deployment_, "mallory");
  Make(mallory);
  // Mallory's signature, in Alice's name.
  Plant(mallory, alice_, bob_);
  const auto refused = bob->List(Folder::kInbox, 50);
  ASSERT_TRUE(refused.ok()) << refused.status();
  EXPECT_TRUE(refused->messages.empty());
  EXPECT_EQ(ProblemOf(refused->refused.at(0).why), Problem::kVerification);
  EXPECT_EQ(bob->Account()->pins, 0u);

  ASSERT_TRUE(alice->Send(To(bob_, "1")).ok());
  EXPECT_EQ(bob->List(Folder::kInbox, 50)->messages.size(), 1u);
  EXPECT_EQ(bob->Account()->pins, 1u);
  Rotate(alice_);
  Plant(mallory, alice_, bob_);
  EXPECT_EQ(bob->List(Folder::kInbox, 50)->messages.size(), 1u);
  EXPECT_EQ(Open(bob_)->Lookup(alice_.member.handle)->correspondent->pin, PinVerdict::kChanged)
      << "the change is still news";
}

TEST_F(ReadingTest, SaysThatMailVerifiesUnderAKeySinceReplaced) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(alice->Send(To(bob_, "1")).ok());
  EXPECT_FALSE(bob->List(Folder::kInbox, 50)->messages.at(0).key_replaced);
  Rotate(alice_);
  ASSERT_TRUE(bob->Lookup(alice_.member.handle).ok());
  const auto inbox = bob->List(Folder::kInbox, 50);
  ASSERT_EQ(inbox->messages.size(), 1u);
  EXPECT_TRUE(inbox->messages[0].key_replaced);
}

TEST_F(ReadingTest, TakesASenderAndIdOnceEvenIfTheSenderHelps) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(alice->Send(To(bob_, "first")).ok());
  ASSERT_EQ(bob->List(Folder::kInbox, 50)->messages.size(), 1u);

  // Alice seals another content under the same id; the server puts it in the first one's place.
  const auto header = seal::EnvelopeHeader::Parse(BoxOf(bob_)[0].header());
  seal::Content content;
  content.body = SecretBuffer::Copy("second");
  content.sent_unix_ms = 1;
  crypto::SystemRandom random;
  const auto keys = alice_.Keys();
  auto sealed =
      seal::SealEnvelope(keys,
                         {bob_.member.handle, bob_.member.identity.public_key(),
                          bob_.member.identity.public_key(), bob_.member.encryption.public_key()},
                         {header->message_id, header->thread_id, std::move(content)}, random);
  ASSERT_TRUE(sealed.ok());
  BoxOf(bob_)[0].set_header(sealed->header);
  BoxOf(bob_)[0].set_wrap(sealed->recipient_wrap);
  BoxOf(bob_)[0].set_ciphertext(sealed->ciphertext);
  const auto again = bob->List(Folder::kInbox, 50);
  EXPECT_THAT(Bodies(again), ElementsAre("first"));
  EXPECT_EQ(ProblemOf(again->refused.at(0).why), Problem::kVerification);
  std::filesystem::remove_all(CacheOf(bob_));
  const auto without_cache = Open(bob_)->List(Folder::kInbox, 50);
  EXPECT_TRUE(without_cache->messages.empty()) << "remembered on disk, beside the cache";
  EXPECT_EQ(ProblemOf(without_cache->refused.at(0).why), Problem::kVerification);
}

TEST_F(ReadingTest, ShowsTheSameMessageOnceHoweverOftenTheServerListsIt) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(alice->Send(To(bob_, "1")).ok());
  BoxOf(bob_).push_back(BoxOf(bob_)[0]);
  EXPECT_EQ(bob->List(Folder::kInbox, 50)->messages.size(), 1u);
}

TEST_F(ReadingTest, AsksForEachMessageOnce) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  for (const char* body : {"1", "2", "3"}) ASSERT_TRUE(alice->Send(To(bob_, body)).ok());
  ASSERT_TRUE(bob->List(Folder::kInbox, 50).ok());
  EXPECT_EQ(deployment_.fetches, 3);
  ASSERT_TRUE(alice->Send(To(bob_, "4")).ok());
  EXPECT_THAT(Bodies(Open(bob_)->List(Folder::kInbox, 50)), ElementsAre("4", "3", "2", "1"));
  EXPECT_EQ(deployment_.fetches, 4);
}

TEST_F(ReadingTest, FollowsWhatTheServerSaysOfAMessageAndThatItIsGone) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  for (const char* body : {"1", "2"}) ASSERT_TRUE(alice->Send(To(bob_, body)).ok());
  ASSERT_TRUE(bob->List(Folder::kInbox, 50).ok());
  BoxOf(bob_)[0].mutable_state()->set_archived(true);
  BoxOf(bob_)[0].mutable_state()->set_read(true);
  BoxOf(bob_)[0].mutable_state()->add_labels("work");
  EXPECT_THAT(Bodies(bob->List(Folder::kInbox, 50)), ElementsAre("2"));
  const auto archive = bob->List(Folder::kArchive, 50);
  ASSERT_EQ(archive->messages.size(), 1u);
  EXPECT_TRUE(archive->messages[0].read);
  EXPECT_THAT(archive->messages[0].labels, ElementsAre("work"));
  const std::string id = crypto::HexEncode(archive->messages[0].id.bytes());
  EXPECT_THAT(bob->Read(id)->labels, ElementsAre("work"));

  BoxOf(bob_).erase(BoxOf(bob_).begin());
  EXPECT_THAT(Bodies(bob->List(Folder::kArchive, 50)), IsEmpty());
  EXPECT_EQ(ProblemOf(bob->Read(id).status()), Problem::kNotFound);
}

TEST_F(ReadingTest, StartsAgainWhereTheServerForgotTheChanges) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  for (const char* body : {"1", "2", "3"}) ASSERT_TRUE(alice->Send(To(bob_, body)).ok());
  ASSERT_TRUE(bob->List(Folder::kInbox, 50).ok());
  BoxOf(bob_).erase(BoxOf(bob_).begin());
  deployment_.Forget();
  EXPECT_THAT(Bodies(bob->List(Folder::kInbox, 50)), ElementsAre("3", "2"));
  EXPECT_EQ(deployment_.fetches, 3) << "what is held is not fetched again";
}

TEST_F(ReadingTest, ShowsOfflineWhatItHoldsAndAsOfWhen) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(alice->Send(To(bob_, "1", "the seal")).ok());
  const auto online = bob->List(Folder::kInbox, 50);
  deployment_.clock.Advance(absl::Hours(1));
  deployment_.mail_error = absl::UnavailableError("down");
  deployment_.directory_error = absl::UnavailableError("down");
  EXPECT_EQ(ProblemOf(bob->List(Folder::kInbox, 50).status()), Problem::kUnavailable);

  const auto offline = Open(bob_);
  offline->StayOffline();
  const int lookups = deployment_.lookups;
  const auto listing = offline->List(Folder::kInbox, 50);
  ASSERT_TRUE(listing.ok()) << listing.status();
  ASSERT_EQ(listing->messages.size(), 1u);
  EXPECT_EQ(listing->as_of_unix_ms, online->as_of_unix_ms);
  EXPECT_EQ(Text(offline->Read(crypto::HexEncode(listing->messages[0].id.bytes()))->body), "1");
  EXPECT_EQ(offline->Search("SEAL", 50)->messages.size(), 1u);
  EXPECT_EQ(deployment_.lookups, lookups) << "no server is asked";
  EXPECT_FALSE(offline->own_entry_unchecked().ok()) << "and it says so";
}

TEST_F(ReadingTest, HasNothingOfflineBeforeTheFirstRefresh) {
  const auto bob = Make(bob_);
  bob->StayOffline();
  EXPECT_EQ(ProblemOf(bob->List(Folder::kInbox, 50).status()), Problem::kUsage);
}

TEST_F(ReadingTest, FindsWordsOfSubjectsBodiesAndHandlesInAllFolders) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(alice->Send(To(bob_, "sealing wax is red", "On Letters")).ok());
  ASSERT_TRUE(bob->Send(To(alice_, "李明 likes wax")).ok());
  EXPECT_EQ(bob->Search("wax", 50)->messages.size(), 2u);
  EXPECT_EQ(bob->Search("letters RED", 50)->messages.size(), 1u);
  EXPECT_EQ(bob->Search("明", 50)->messages.size(), 1u);
  EXPECT_EQ(bob->Search("wax", 1)->messages.size(), 1u);
  EXPECT_TRUE(bob->Search("wax", 1)->more);
  EXPECT_EQ(bob->Search("alice", 50)->messages.size(), 2u);
  EXPECT_EQ(bob->Search("blue", 50)->messages.size(), 0u);
  EXPECT_EQ(ProblemOf(bob->Search(" ,.", 50).status()), Problem::kUsage);
}

TEST_F(ReadingTest, ThrowsADamagedCacheAwaySaysSoAndMakesItAgain) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(alice->Send(To(bob_, "1")).ok());
  ASSERT_TRUE(bob->List(Folder::kInbox, 50).ok());
  EXPECT_FALSE(bob->cache_thrown_away());
  {
    std::ofstream(CacheOf(bob_) + "/table", std::ios::binary) << "LLCACHE1 nonsense";
  }
  EXPECT_THAT(Bodies(bob->List(Folder::kInbox, 50)), ElementsAre("1"));
  EXPECT_TRUE(bob->cache_thrown_away());
  EXPECT_EQ(deployment_.fetches, 2);
  EXPECT_TRUE(bob->List(Folder::kInbox, 50).ok());
  EXPECT_FALSE(bob->cache_thrown_away());

  {
    std::ofstream(CacheOf(bob_) + "/table", std::ios::binary) << "LLCACHE1 nonsense";
  }
  bob->StayOffline();
  EXPECT_TRUE(absl::IsDataLoss(bob->List(Folder::kInbox, 50).status()));
  EXPECT_TRUE(bob->cache_thrown_away());
}

TEST_F(ReadingTest, AsksAgainForWhatItRefusedWhenTheDirectoryIsBack) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(alice->Send(To(bob_, "1")).ok());
  deployment_.directory_error = absl::UnavailableError("down");
  EXPECT_EQ(bob->List(Folder::kInbox, 50)->refused.size(), 1u);
  deployment_.directory_error = absl::OkStatus();
  const auto listing = bob->List(Folder::kInbox, 50);
  EXPECT_THAT(Bodies(listing), ElementsAre("1"));
  EXPECT_TRUE(listing->refused.empty());
}

TEST_F(ReadingTest, ChecksMailAgainWhoseSenderIsNoLongerPinned) {
  const auto alice = Make(alice_);
  auto bob = Make(bob_);
  ASSERT_TRUE(alice->Send(To(bob_, "1")).ok());
  ASSERT_TRUE(bob->List(Folder::kInbox, 50).ok());
  std::filesystem::remove(bob_.directory.path() + "/state");
  bob = Make(bob_);
  const auto offline = Open(bob_);
  offline->StayOffline();
  EXPECT_TRUE(offline->List(Folder::kInbox, 50)->messages.empty());
  EXPECT_THAT(Bodies(bob->List(Folder::kInbox, 50)), ElementsAre("1"));
  EXPECT_EQ(deployment_.fetches, 2);
}

}  // namespace
}  // namespace letterlock::client
