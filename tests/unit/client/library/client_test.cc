// The whole client against a deployment in memory: real proofs, real seals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "attest/canonical_proto.h"
#include "client/failure.h"
#include "crypto/base/context.h"
#include "crypto/base/encoding.h"
#include "crypto/seal/seal_envelope.h"
#include "fake_servers.h"
#include "support/temporary_directory.h"

namespace letterlock::client {
namespace {

using crypto::KeyAccess;
using crypto::SecretBuffer;
using ::testing::ElementsAre;

std::string Text(const SecretBuffer& content) {
  return std::string(content.RevealView(KeyAccess{}));
}

class ClientTest : public ::testing::Test {
 protected:
  struct User {
    User(FakeDeployment* deployment, const std::string& handle)
        : member(seal::MemberKeys::Generate(deployment->world->deployment(),
                                            *crypto::Handle::Parse(handle), random)),
          identity(member.identity.Seed()),
          encryption(member.encryption.secret().Clone(KeyAccess{})),
          device(member.device.Seed()),
          state_key(member.state_key.Clone(KeyAccess{})) {}

    // The same keys once more: another process on the same account.
    seal::MemberKeys Keys() const {
      return {member.deployment,
              member.member,
              member.handle,
              crypto::SigningKey::FromSeed(identity),
              crypto::X25519PrivateKey::FromSecret(encryption.Clone(KeyAccess{})),
              crypto::SigningKey::FromSeed(device),
              state_key.Clone(KeyAccess{})};
    }

    crypto::SystemRandom random;
    seal::MemberKeys member;
    crypto::SecretBytes<32> identity, encryption, device, state_key;
    test::TemporaryDirectory directory;
  };

  std::unique_ptr<ClientImpl> Open(const User& user) {
    auto client =
        ClientImpl::Make(SurroundingsOf(&deployment_), user.Keys(), user.directory.path());
    EXPECT_TRUE(client.ok());
    return *std::move(client);
  }
  std::unique_ptr<ClientImpl> Make(const User& user) {
    auto client = Open(user);
    const absl::Status complete = client->Complete(KeepKit());
    EXPECT_TRUE(complete.ok()) << complete;
    return client;
  }
  Creation KeepKit() {
    return Showing([this](const SecretBuffer& kit) {
      kits_.push_back(Text(kit));
      return absl::OkStatus();
    });
  }
  static Creation Showing(std::function<absl::Status(const SecretBuffer&)> show) {
    return {.show_kit = std::move(show), .attestation = {}, .ask_registrar = {}};
  }
  static Draft To(const User& user, const std::string& body, const std::string& subject = "") {
    return {.to = user.member.handle,
            .subject = SecretBuffer::Copy(subject),
            .body = SecretBuffer::Copy(body),
            .format = BodyFormat::kPlain,
            .thread = std::nullopt};
  }
  static std::vector<std::string> Bodies(const absl::StatusOr<Listing>& listing) {
    std::vector<std::string> bodies;
    for (const Message& message : listing->messages) bodies.push_back(Text(message.body));
    return bodies;
  }
  // Mail to `to` that says it is of `from` and is signed by another.
  void Plant(const User& signer, const User& from, const User& to) {
    seal::MemberKeys keys = signer.Keys();
    keys.handle = from.member.handle;
    keys.member = from.member.member;
    seal::Content content;
    content.body = SecretBuffer::Copy("planted");
    content.sent_unix_ms = 1;
    crypto::SystemRandom random;
    const auto id = crypto::MessageId::Random(random);
    auto sealed = seal::SealEnvelope(
        keys,
        {to.member.handle, to.member.identity.public_key(), to.member.identity.public_key(),
         to.member.encryption.public_key()},
        {id, *crypto::ThreadId::FromBytes(id.bytes()), std::move(content)}, random);
    ASSERT_TRUE(sealed.ok()) << sealed.status();
    mail::v1::MailboxMessage message;
    message.set_header(sealed->header);
    message.set_wrap(sealed->recipient_wrap);
    message.set_ciphertext(sealed->ciphertext);
    message.mutable_state()->set_folder(mail::v1::FOLDER_INBOX);
    BoxOf(to).push_back(std::move(message));
  }
  // The user's next entry, with a new identity key, authorised by the one before.
  void Rotate(User& user) {
    const auto standing = deployment_.world->Prove(user.member.handle).signed_entry().entry();
    auto entry = letterlock::testing::TestMember::NextEntry(standing);
    crypto::SigningKey next = crypto::SigningKey::Generate();
    entry.set_identity_key(std::string(next.public_key().bytes()));
    directory::v1::SignedEntry signed_entry;
    signed_entry.set_entry(attest::SerializeCanonical(entry));
    signed_entry.set_signature(next.Sign(context::kDirectoryEntry, {signed_entry.entry()}));
    letterlock::testing::TestMember::Authorise(
        &signed_entry, crypto::SigningKey::FromSeed(user.identity), /*recovery=*/false);
    user.identity = next.Seed();
    deployment_.world->Put(signed_entry);
    deployment_.NewHead();
  }
  FakeDeployment::Box& BoxOf(const User& user) {
    return deployment_.boxes[std::string(user.member.member.bytes())];
  }

  FakeDeployment deployment_;
  std::vector<std::string> kits_;
  User alice_{&deployment_, "alice"};
  User bob_{&deployment_, "bob"};
};

TEST_F(ClientTest, WhatOneSendsTheOtherReads) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  const auto receipt = alice->Send(To(bob_, "hello\n\"there\" 李明 ", "subject"));
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->delivery, Delivery::kDelivered);

  const auto inbox = bob->List(Folder::kInbox, 50);
  ASSERT_TRUE(inbox.ok()) << inbox.status();
  ASSERT_EQ(inbox->messages.size(), 1u);
  const Message& message = inbox->messages[0];
  EXPECT_EQ(Text(message.body), "hello\n\"there\" 李明 ");
  EXPECT_EQ(Text(message.subject), "subject");
  EXPECT_EQ(message.from.str(), "alice");
  EXPECT_EQ(message.to.str(), "bob");
  EXPECT_EQ(message.thread.bytes(), message.id.bytes());
  EXPECT_THAT(Bodies(alice->List(Folder::kSent, 50)), ElementsAre("hello\n\"there\" 李明 "));
}

TEST_F(ClientTest, ReadsByAnyPrefixThatNamesOneMessage) {
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

TEST_F(ClientTest, ListsTheNewestFirstUpToTheLimitAndSaysThatThereIsMore) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  for (const char* body : {"1", "2", "3"}) ASSERT_TRUE(alice->Send(To(bob_, body)).ok());
  EXPECT_THAT(Bodies(bob->List(Folder::kInbox, 50)), ElementsAre("3", "2", "1"));
  const auto two = bob->List(Folder::kInbox, 2);
  EXPECT_THAT(Bodies(two), ElementsAre("3", "2"));
  EXPECT_TRUE(two->more);
  EXPECT_FALSE(bob->List(Folder::kInbox, 3)->more);
}

TEST_F(ClientTest, RefusesLimitsUnknownHandlesAndItself) {
  const auto alice = Make(alice_);
  EXPECT_EQ(ProblemOf(alice->Send(To(bob_, "x")).status()), Problem::kNotFound);
  const auto bob = Make(bob_);
  EXPECT_EQ(ProblemOf(alice->Send(To(bob_, std::string(2001, 'x'))).status()), Problem::kUsage);
  EXPECT_EQ(ProblemOf(alice->Send(To(bob_, "x", std::string(201, 'x'))).status()), Problem::kUsage);
  EXPECT_EQ(ProblemOf(alice->Send(To(bob_, "\xff")).status()), Problem::kUsage);
  EXPECT_EQ(ProblemOf(alice->Send(To(alice_, "x")).status()), Problem::kUsage);
  EXPECT_TRUE(BoxOf(bob_).empty());
}

TEST_F(ClientTest, ShowsNothingOfAMessageThatWasChanged) {
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

TEST_F(ClientTest, RefusesAnotherMessageThanTheOneAskedFor) {
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

TEST_F(ClientTest, LooksAnUnknownSenderUpOnceAndThenKnowsHer) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(alice->Send(To(bob_, "1")).ok());
  ASSERT_TRUE(bob->List(Folder::kInbox, 50).ok());
  const int lookups = deployment_.lookups;
  ASSERT_TRUE(bob->List(Folder::kInbox, 50).ok());
  EXPECT_EQ(deployment_.lookups, lookups + 1) << "his own entry alone";
}

TEST_F(ClientTest, ReadsWithoutADirectoryAndSaysThatTheOwnEntryWasNotChecked) {
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
TEST_F(ClientTest, OnlyReadingRaisesTheAlarmOfASwappedKeyToo) {
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

TEST_F(ClientTest, GivesUpOnAListThatDoesNotEnd) {
  const auto bob = Make(bob_);
  deployment_.list_never_ends = true;
  EXPECT_EQ(ProblemOf(bob->List(Folder::kInbox, 50).status()), Problem::kVerification);
}

TEST_F(ClientTest, RefusesWhatTheServerListsAsAMessageAndIsNone) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(alice->Send(To(bob_, "1")).ok());
  BoxOf(bob_).emplace_back().mutable_state()->set_folder(mail::v1::FOLDER_INBOX);
  const auto inbox = bob->List(Folder::kInbox, 50);
  ASSERT_TRUE(inbox.ok()) << inbox.status();
  EXPECT_EQ(inbox->messages.size(), 1u) << "one bad row does not hide the rest";
  EXPECT_EQ(inbox->refused.size(), 1u);
}

TEST_F(ClientTest, DoesNotShowAnUnknownSenderWhileTheDirectoryIsDown) {
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
TEST_F(ClientTest, MailThatDoesNotVerifyMakesAndChangesNoPin) {
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

TEST_F(ClientTest, SaysThatMailVerifiesUnderAKeySinceReplaced) {
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

TEST_F(ClientTest, TrustsKeysThatChangedTwiceUnseenOnlyWhenToldTo) {
  Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(bob->Lookup(alice_.member.handle).ok());
  EXPECT_FALSE((*bob->AskTrust(alice_.member.handle)).has_value()) << "nothing to decide";
  Rotate(alice_);
  Rotate(alice_);
  EXPECT_EQ(ProblemOf(bob->Send(To(alice_, "x")).status()), Problem::kVerification);
  const auto question = bob->AskTrust(alice_.member.handle);
  ASSERT_TRUE(question.ok() && question->has_value()) << question.status();
  EXPECT_EQ((*question)->shown.version, 3u);
  EXPECT_EQ(ProblemOf(bob->Send(To(alice_, "x")).status()), Problem::kVerification);
  ASSERT_TRUE(bob->Trust(**question).ok());
  EXPECT_TRUE(Open(bob_)->Send(To(alice_, "x")).ok());
}

TEST_F(ClientTest, SaysThatAMessageMayHaveBeenTakenOnlyWhereItWasOnItsWay) {
  const auto alice = Make(alice_);
  Make(bob_);
  using Code = absl::StatusCode;
  for (const Code code : {Code::kUnavailable, Code::kDeadlineExceeded, Code::kCancelled,
                          Code::kUnknown, Code::kInternal}) {
    deployment_.send_errors = std::vector<absl::Status>(20, absl::Status(code, "lost"));
    EXPECT_TRUE(OutcomeUnknown(alice->Send(To(bob_, "x")).status())) << static_cast<int>(code);
  }
  // The server answers a repetition as it answered the first: its refusal is about both.
  deployment_.send_errors = {absl::UnavailableError("lost"), absl::NotFoundError("no mailbox")};
  EXPECT_FALSE(OutcomeUnknown(alice->Send(To(bob_, "x")).status()));
  deployment_.send_errors = {absl::UnavailableError("lost"), absl::ResourceExhaustedError("busy")};
  EXPECT_TRUE(OutcomeUnknown(alice->Send(To(bob_, "x")).status()));
  deployment_.send_errors = {absl::ResourceExhaustedError("busy")};
  EXPECT_FALSE(OutcomeUnknown(alice->Send(To(bob_, "x")).status()));
  deployment_.directory_error = absl::UnavailableError("down");
  EXPECT_FALSE(OutcomeUnknown(alice->Send(To(bob_, "x")).status())) << "nothing was sent";
}

TEST_F(ClientTest, TakesASenderAndIdOnceEvenIfTheSenderHelps) {
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
  EXPECT_TRUE(again->messages.empty());
  EXPECT_EQ(ProblemOf(again->refused.at(0).why), Problem::kVerification);
  EXPECT_TRUE(Open(bob_)->List(Folder::kInbox, 50)->messages.empty()) << "remembered on disk";
}

TEST_F(ClientTest, ShowsTheSameMessageOnceHoweverOftenTheServerListsIt) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(alice->Send(To(bob_, "1")).ok());
  BoxOf(bob_).push_back(BoxOf(bob_)[0]);
  EXPECT_EQ(bob->List(Folder::kInbox, 50)->messages.size(), 1u);
}

TEST_F(ClientTest, ShowsTheRecoveryKitOnceAndBeforeAnythingIsPublished) {
  auto client = Open(alice_);
  int published_before = -1;
  EXPECT_TRUE(client
                  ->Complete(Showing([&](const SecretBuffer&) {
                    published_before = deployment_.publishes;
                    return absl::OkStatus();
                  }))
                  .ok());
  EXPECT_EQ(published_before, 0);
  Make(alice_);
  EXPECT_TRUE(kits_.empty()) << "shown a second time";
}

TEST_F(ClientTest, PublishesNothingWhereTheKitCouldNotBeShown) {
  auto client = Open(alice_);
  const auto fail = [](const SecretBuffer&) { return absl::UnavailableError("disk full"); };
  EXPECT_FALSE(client->Complete(Showing(fail)).ok());
  EXPECT_EQ(deployment_.publishes, 0);
  Make(alice_);
  EXPECT_EQ(kits_.size(), 1u);
}

TEST_F(ClientTest, GoesOnWhereMakingTheAccountStopped) {
  deployment_.enroll_error = absl::InternalError("stopped");
  auto client = Open(alice_);
  EXPECT_FALSE(client->Complete(KeepKit()).ok());
  EXPECT_EQ(ProblemOf(client->Account().status()), Problem::kUsage) << "not complete yet";
  deployment_.enroll_error = absl::OkStatus();
  Make(alice_);
  EXPECT_EQ(kits_.size(), 1u);
  EXPECT_EQ(deployment_.publishes, 1);
}

// What the log has shown before a step failed must count afterwards: it may fork before the next
// try.
TEST_F(ClientTest, RemembersTheLogAlsoWhereAStepOfMakingTheAccountFailed) {
  deployment_.enroll_error = absl::InternalError("stopped");
  EXPECT_FALSE(Open(alice_)->Complete(KeepKit()).ok());
  const StateFile file(alice_.directory.path(), alice_.state_key.Clone(KeyAccess{}));
  const std::uint64_t after_first = file.Begin()->state().log.size;
  EXPECT_GT(after_first, 0u);
  deployment_.NewHead();
  EXPECT_FALSE(Open(alice_)->Complete(KeepKit()).ok());
  EXPECT_GT(file.Begin()->state().log.size, after_first);
}

TEST_F(ClientTest, FindsItsOwnEntryAgainWhereTheStateWasLost) {
  Make(alice_);
  std::filesystem::remove(alice_.directory.path() + "/state");
  const auto alice = Make(alice_);
  EXPECT_EQ(kits_.size(), 1u);
  EXPECT_TRUE(alice->Account().ok());
}

TEST_F(ClientTest, DoesNotTakeAHandleThatAnotherHas) {
  Make(alice_);
  User impostor(&deployment_, "alice");
  auto client = Open(impostor);
  EXPECT_TRUE(absl::IsAlreadyExists(client->Complete(KeepKit())));
}

TEST_F(ClientTest, RefusesKeysOfAnotherDeployment) {
  seal::MemberKeys keys = alice_.Keys();
  keys.deployment = crypto::DeploymentId();
  EXPECT_EQ(
      ProblemOf(ClientImpl::Make(SurroundingsOf(&deployment_), std::move(keys), "/x").status()),
      Problem::kUsage);
}

}  // namespace
}  // namespace letterlock::client
