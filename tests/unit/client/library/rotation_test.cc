// Rotating an account's keys, over fakes of both servers: what stays, what ends, and every point at
// which it may be cut off.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <tuple>

#include "client/failure.h"
#include "client_world.h"

namespace letterlock::client {
namespace {

using ::testing::ElementsAre;

class RotationTest : public ClientTest {
 protected:
  absl::StatusOr<bool> RotateKeys(const User& user) { return Open(user)->RotateKeys({}); }
  std::string PathOf(const User& user, const std::string& name) {
    return user.directory.path() + "/" + name;
  }
  bool Has(const User& user, const std::string& name) {
    return std::filesystem::exists(PathOf(user, name));
  }
  // A copy of a file, and how to put it back.
  std::string Contents(const User& user, const std::string& name) {
    std::ifstream in(PathOf(user, name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void PutBack(const User& user, const std::string& name, const std::string& contents) {
    std::ofstream(PathOf(user, name), std::ios::binary) << contents;
  }
  // Complete, on these keys and no others, with nothing left over.
  void ExpectRotatedOnce(const User& user) {
    const auto client = Open(user);
    const auto account = client->Account();
    ASSERT_TRUE(account.ok()) << account.status();
    EXPECT_EQ(account->version, 2u);
    EXPECT_NE(account->identity_key, user.member.identity.public_key());
    EXPECT_NE(account->encryption_key, user.member.encryption.public_key());
    EXPECT_FALSE(Has(user, "rotation"));
    EXPECT_FALSE(Has(user, "account.key.next"));
    const auto& mailbox = deployment_.mailboxes[std::string(user.member.member.bytes())];
    EXPECT_EQ(mailbox.entry.identity_key(), account->identity_key.bytes());
    EXPECT_EQ(mailbox.keyrings.size(), 1u);
    EXPECT_TRUE(mailbox.keyrings.contains(mailbox.entry.keyring_hash()));
  }
};

TEST_F(RotationTest, MailGoesBothWaysAfterItAndOldMailStaysReadable) {
  const auto bob = Make(bob_);
  {
    const auto alice = Make(alice_);
    ASSERT_TRUE(alice->Send(To(bob_, "from alice, before")).ok());
    ASSERT_TRUE(bob->Send(To(alice_, "from bob, before")).ok());
    ASSERT_EQ(bob->List(Folder::kInbox, 50)->messages.size(), 1u);
  }
  const auto rotated = RotateKeys(alice_);
  ASSERT_TRUE(rotated.ok()) << rotated.status();
  EXPECT_FALSE(*rotated) << "the kit stays";
  ExpectRotatedOnce(alice_);

  const auto alice = Open(alice_);
  const auto inbox = alice->List(Folder::kInbox, 50);
  EXPECT_THAT(Bodies(inbox), ElementsAre("from bob, before"));
  const auto sent = alice->List(Folder::kSent, 50);
  ASSERT_THAT(Bodies(sent), ElementsAre("from alice, before"));
  EXPECT_TRUE(sent->messages[0].key_replaced);
  const auto read = alice->Read(crypto::HexEncode(sent->messages[0].id.bytes()));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(Text(read->body), "from alice, before");
  EXPECT_TRUE(read->key_replaced);

  // To Bob it is a change that the old key authorised, and no alarm; the old thread goes on.
  Draft answer = To(bob_, "from alice, after");
  answer.thread = inbox->messages[0].thread;
  ASSERT_TRUE(alice->Send(answer).ok());
  const auto seen = bob->List(Folder::kInbox, 50);
  EXPECT_THAT(Bodies(seen), ElementsAre("from alice, after", "from alice, before"));
  EXPECT_EQ(seen->messages[0].thread, inbox->messages[0].thread);
  EXPECT_FALSE(seen->messages[0].key_replaced);
  EXPECT_TRUE(seen->messages[1].key_replaced);
  EXPECT_TRUE(bob->alarm().ok());
  ASSERT_TRUE(bob->Send(To(alice_, "from bob, after")).ok());
  EXPECT_THAT(Bodies(alice->List(Folder::kInbox, 50)),
              ElementsAre("from bob, after", "from bob, before"));
  EXPECT_FALSE(alice->List(Folder::kSent, 50)->messages[0].key_replaced);
}

TEST_F(RotationTest, IsShownToCorrespondentsAsAChangeThatTheOldKeyAuthorised) {
  Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(bob->Lookup(alice_.member.handle).ok());
  ASSERT_TRUE(RotateKeys(alice_).ok());
  const auto answer = bob->Lookup(alice_.member.handle);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->correspondent->pin, PinVerdict::kChanged);
  EXPECT_TRUE(answer->correspondent->identity_key_changed);
}

// Who meets her only now reads the mail of before all the same: each step of her keys is checked.
TEST_F(RotationTest, MailOfBeforeVerifiesForWhoNeverSawTheOldKey) {
  ASSERT_TRUE(Make(alice_)->Send(To(bob_, "x")).status().code() == absl::StatusCode::kNotFound);
  const auto bob = Make(bob_);
  ASSERT_TRUE(Open(alice_)->Send(To(bob_, "before")).ok());
  ASSERT_TRUE(RotateKeys(alice_).ok());
  const auto inbox = bob->List(Folder::kInbox, 50);
  ASSERT_THAT(Bodies(inbox), ElementsAre("before"));
  EXPECT_TRUE(inbox->messages[0].key_replaced);
}

TEST_F(RotationTest, AFirstContactPinsNoRotatedKeyWithoutTheStepsThatLedToIt) {
  Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(RotateKeys(alice_).ok());
  deployment_.hides_history = true;
  EXPECT_EQ(ProblemOf(bob->Lookup(alice_.member.handle).status()), Problem::kVerification);
  EXPECT_EQ(bob->Account()->pins, 0u);
}

TEST_F(RotationTest, SentMailUnderAKeyThatWasNeverTheAccountsIsRefused) {
  Make(alice_);
  Make(bob_);
  ASSERT_TRUE(RotateKeys(alice_).ok());
  User other(&deployment_, "alice");  // her handle, and keys that are not hers
  other.member.member = alice_.member.member;
  crypto::SystemRandom random;
  const auto id = crypto::MessageId::Random(random);
  seal::Content content;
  content.body = SecretBuffer::Copy("never written");
  content.sent_unix_ms = 1;
  auto keys = other.Keys();
  keys.encryption = crypto::X25519PrivateKey::FromSecret(alice_.encryption.Clone(KeyAccess{}));
  auto sealed = seal::SealEnvelope(
      keys,
      {bob_.member.handle, bob_.member.identity.public_key(), bob_.member.identity.public_key(),
       bob_.member.encryption.public_key()},
      {id, *crypto::ThreadId::FromBytes(id.bytes()), std::move(content)}, random);
  ASSERT_TRUE(sealed.ok()) << sealed.status();
  mail::v1::MailboxMessage message;
  message.set_header(sealed->header);
  message.set_wrap(sealed->sender_wrap);
  message.set_ciphertext(sealed->ciphertext);
  message.mutable_state()->set_folder(mail::v1::FOLDER_SENT);
  BoxOf(alice_).push_back(std::move(message));
  const auto sent = Open(alice_)->List(Folder::kSent, 50);
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_TRUE(sent->messages.empty());
  ASSERT_EQ(sent->refused.size(), 1u);
  EXPECT_EQ(sent->refused[0].why.message(), "signed with a key that was never this account's");
}

TEST_F(RotationTest, OwnImportedMailOfBeforeStaysReadable) {
  Make(alice_);
  crypto::SystemRandom random;
  const auto id = crypto::MessageId::Random(random);
  seal::Content content;
  content.body = SecretBuffer::Copy("imported");
  content.sent_unix_ms = 1;
  content.imported = seal::Imported{.source = "linkedin",
                                    .conversation = "c",
                                    .from = "f",
                                    .to = {"t"},
                                    .date = "d",
                                    .folder = "INBOX"};
  auto sealed = seal::SealImported(
      alice_.Keys(), {id, *crypto::ThreadId::FromBytes(id.bytes()), std::move(content)}, random);
  ASSERT_TRUE(sealed.ok()) << sealed.status();
  mail::v1::MailboxMessage message;
  message.set_header(sealed->header);
  message.set_wrap(sealed->recipient_wrap);
  message.set_ciphertext(sealed->ciphertext);
  message.mutable_state()->set_folder(mail::v1::FOLDER_IMPORTED);
  BoxOf(alice_).push_back(std::move(message));
  ASSERT_TRUE(RotateKeys(alice_).ok());
  const auto read = Open(alice_)->Read(crypto::HexEncode(id.bytes()));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(Text(read->body), "imported");
}

TEST_F(RotationTest, OldKeysSealNothingAnyMore) {
  const auto old_process = Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(RotateKeys(alice_).ok());
  EXPECT_EQ(ProblemOf(old_process->Send(To(bob_, "x")).status()), Problem::kUsage)
      << "a process that still holds them says so";
  EXPECT_FALSE(old_process->RotateKeys({}).ok());
  ExpectRotatedOnce(alice_);
}

TEST_F(RotationTest, TwoInARowKeepBothOldKeys) {
  const auto bob = Make(bob_);
  Make(alice_);
  ASSERT_TRUE(bob->Send(To(alice_, "1")).ok());
  ASSERT_TRUE(RotateKeys(alice_).ok());
  ASSERT_TRUE(bob->Send(To(alice_, "2")).ok());
  ASSERT_TRUE(RotateKeys(alice_).ok());
  ASSERT_FALSE(bob->Lookup(alice_.member.handle)->correspondent->pin == PinVerdict::kFirst);
  ASSERT_TRUE(bob->Send(To(alice_, "3")).ok());
  EXPECT_THAT(Bodies(Open(alice_)->List(Folder::kInbox, 50)), ElementsAre("3", "2", "1"));
}

// --- interruptions
// --------------------------------------------------------------------------------

class InterruptedRotation : public RotationTest,
                            public ::testing::WithParamInterface<std::tuple<const char*, bool>> {};

TEST_P(InterruptedRotation, GoesOnWithTheSameKeys) {
  const auto bob = Make(bob_);
  Make(alice_);
  ASSERT_TRUE(bob->Send(To(alice_, "before")).ok());
  ASSERT_EQ(Open(alice_)->List(Folder::kInbox, 50)->messages.size(), 1u);

  std::tie(deployment_.break_call, deployment_.break_after) = GetParam();
  EXPECT_FALSE(RotateKeys(alice_).ok());
  ASSERT_TRUE(Has(alice_, "rotation"));
  const std::string rotation = Contents(alice_, "rotation");

  // Nothing else is done on half of a change, but what was there can be read.
  {
    const auto half = Open(alice_);
    EXPECT_EQ(ProblemOf(half->Send(To(bob_, "x")).status()), Problem::kUsage);
    EXPECT_EQ(ProblemOf(half->Account().status()), Problem::kUsage);
    half->StayOffline();
    EXPECT_EQ(half->List(Folder::kInbox, 50)->messages.size(), 1u);
  }
  // It breaks off at the same point once more, and then goes on.
  std::tie(deployment_.break_call, deployment_.break_after) = GetParam();
  EXPECT_FALSE(RotateKeys(alice_).ok());
  EXPECT_EQ(Contents(alice_, "rotation"), rotation);
  const auto done = RotateKeys(alice_);
  ASSERT_TRUE(done.ok()) << done.status();
  ExpectRotatedOnce(alice_);
  ASSERT_TRUE(bob->Send(To(alice_, "after")).ok());
  EXPECT_THAT(Bodies(Open(alice_)->List(Folder::kInbox, 50)), ElementsAre("after", "before"));
}

INSTANTIATE_TEST_SUITE_P(AtEachCall, InterruptedRotation,
                         ::testing::Combine(::testing::Values("PutKeyring", "Publish", "Enroll"),
                                            ::testing::Bool()));

TEST_F(RotationTest, KeysThatWereOnlyWrittenDownAreForgotten) {
  Make(alice_);
  crypto::SystemRandom random;
  const auto files = KeyFilesIn(alice_.directory.path());
  ASSERT_TRUE(files->WriteNext(*alice_.member.Rotated(random), random).ok());
  EXPECT_TRUE(Open(alice_)->Account().ok()) << "nothing has begun";
  ASSERT_TRUE(RotateKeys(alice_).ok());
  ExpectRotatedOnce(alice_);
}

TEST_F(RotationTest, GoesOnAfterTheKeyFileWasReplaced) {
  Make(alice_);
  const std::string state = Contents(alice_, "state");
  deployment_.break_call = "Enroll";
  ASSERT_FALSE(RotateKeys(alice_).ok());
  const std::string rotation = Contents(alice_, "rotation");
  ASSERT_TRUE(RotateKeys(alice_).ok());
  PutBack(alice_, "rotation", rotation);
  PutBack(alice_, "state", state);
  EXPECT_EQ(ProblemOf(Open(alice_)->Account().status()), Problem::kUsage);
  const int publishes = deployment_.publishes;
  ASSERT_TRUE(RotateKeys(alice_).ok());
  EXPECT_EQ(deployment_.publishes, publishes) << "all was done";
  ExpectRotatedOnce(alice_);
}

TEST_F(RotationTest, GoesOnAfterTheStateWasWritten) {
  Make(alice_);
  deployment_.break_call = "Enroll";
  ASSERT_FALSE(RotateKeys(alice_).ok());
  const std::string rotation = Contents(alice_, "rotation");
  ASSERT_TRUE(RotateKeys(alice_).ok());
  PutBack(alice_, "rotation", rotation);
  ASSERT_TRUE(RotateKeys(alice_).ok());
  ExpectRotatedOnce(alice_);
}

// A lost device has a session until the new entry is enrolled.
TEST_F(RotationTest, AKeyringThatAThiefPutsInBetweenDoesNotStay) {
  Make(alice_);
  deployment_.on_publish = [this] {
    deployment_.mailboxes[std::string(alice_.member.member.bytes())].PutKeyring("a thief's");
  };
  ASSERT_TRUE(RotateKeys(alice_).ok());
  ExpectRotatedOnce(alice_);
}

// Whoever has a lost device is quicker than its owner.
TEST_F(RotationTest, ADeviceThatAThiefRevokedChangesTheKeysAllTheSame) {
  const auto bob = Make(bob_);
  Make(alice_);
  auto& devices = deployment_.devices[std::string(alice_.member.member.bytes())];
  devices.clear();
  devices.emplace_back().set_device_key(std::string(32, 't'));
  ASSERT_EQ(ProblemOf(Open(alice_)->List(Folder::kInbox, 5).status()), Problem::kRevoked);
  const auto rotated = RotateKeys(alice_);
  ASSERT_TRUE(rotated.ok()) << rotated.status();
  ExpectRotatedOnce(alice_);
  EXPECT_EQ(devices.size(), 1u) << "the thief's is out";
  ASSERT_TRUE(bob->Send(To(alice_, "after")).ok());
  EXPECT_THAT(Bodies(Open(alice_)->List(Folder::kInbox, 50)), ElementsAre("after"));
}

TEST_F(RotationTest, AServerThatTakesNoKeyringStopsNoRotationAndGetsItLater) {
  Make(alice_);
  deployment_.keyring_error = absl::UnimplementedError("");
  ASSERT_TRUE(RotateKeys(alice_).ok());
  EXPECT_FALSE(Has(alice_, "rotation"));
  EXPECT_FALSE(Open(alice_)->Account()->keyring_put);
  EXPECT_FALSE(Open(alice_)->Account()->keyring_put) << "it is kept";
  deployment_.keyring_error = absl::OkStatus();
  EXPECT_TRUE(Open(alice_)->Account()->keyring_put);
  EXPECT_FALSE(Has(alice_, "keyring"));
  ExpectRotatedOnce(alice_);
}

// --- what is not right
// ----------------------------------------------------------------------------

TEST_F(RotationTest, DoesNothingUnderAnEntryThatIsNotItsOwn) {
  Make(alice_);
  Rotate(alice_);  // a thief, with the key
  const auto rotated = RotateKeys(alice_);
  EXPECT_EQ(ProblemOf(rotated.status()), Problem::kAlarm) << rotated.status();
  EXPECT_FALSE(Has(alice_, "rotation"));
}

TEST_F(RotationTest, SaysSoWhereAThiefCameBeforeItsPublication) {
  Make(alice_);
  deployment_.break_call = "Publish";
  ASSERT_FALSE(RotateKeys(alice_).ok());
  Rotate(alice_);
  EXPECT_EQ(ProblemOf(RotateKeys(alice_).status()), Problem::kAlarm);
  EXPECT_TRUE(Has(alice_, "account.key.next")) << "nothing is thrown away on the directory's word";
}

TEST_F(RotationTest, RefusesAChangedRotationFile) {
  Make(alice_);
  Make(bob_);
  deployment_.break_call = "PutKeyring";
  ASSERT_FALSE(RotateKeys(bob_).ok());
  deployment_.break_call = "PutKeyring";
  ASSERT_FALSE(RotateKeys(alice_).ok());
  const std::string good = Contents(alice_, "rotation");
  for (const std::size_t at : {std::size_t{0}, std::size_t{8}, good.size() / 2, good.size() - 1}) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 2);
    PutBack(alice_, "rotation", bad);
    EXPECT_EQ(RotateKeys(alice_).status().code(), absl::StatusCode::kDataLoss) << at;
  }
  PutBack(alice_, "rotation", Contents(bob_, "rotation"));
  EXPECT_EQ(RotateKeys(alice_).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(deployment_.publishes, 2) << "the two accounts";
  PutBack(alice_, "rotation", good);
  EXPECT_TRUE(RotateKeys(alice_).ok());
  ExpectRotatedOnce(alice_);
}

TEST_F(RotationTest, AnAccountWithoutAKeyringKeyRotatesWithoutAKeyring) {
  // As earlier versions made them: an entry without a keyring, a key file that knows no kit.
  deployment_.break_call = "Enroll";
  ASSERT_FALSE(Open(alice_)->Complete(KeepKit()).ok());
  const auto files = KeyFilesIn(alice_.directory.path());
  auto keys = files->Read();
  keys->keyring_key.reset();
  crypto::SystemRandom random;
  ASSERT_TRUE(files->Replace(*keys, random).ok());
  Make(alice_);
  ASSERT_TRUE(RotateKeys(alice_).ok());
  const auto entry = deployment_.mailboxes[std::string(alice_.member.member.bytes())].entry;
  EXPECT_EQ(entry.version(), 2u);
  EXPECT_TRUE(entry.keyring_hash().empty());
}

}  // namespace
}  // namespace letterlock::client
