#include "client/correspondents.h"

#include <gtest/gtest.h>

#include <string>

#include "attest/canonical_proto.h"
#include "client/failure.h"
#include "crypto/base/context.h"
#include "letterlock/directory/v1/entry.pb.h"

namespace letterlock::client {
namespace {

using crypto::SigningKey;
using directory::v1::DirectoryEntry;
using directory::v1::SignedEntry;

// A member who writes her own entries, honest ones and others.
class Member {
 public:
  explicit Member(const std::string& handle = "alice") {
    entry_.set_deployment(std::string(16, 'd'));
    entry_.set_suite(1);
    entry_.set_handle(handle);
    entry_.set_version(1);
    entry_.set_genesis_key(std::string(identity_.public_key().bytes()));
    entry_.set_identity_key(entry_.genesis_key());
    entry_.set_encryption_key(
        std::string(crypto::X25519PrivateKey::Generate().public_key().bytes()));
    entry_.set_recovery_key_digest(DigestOf(recovery_));
    entry_.set_time_unix_ms(1);
  }

  DirectoryEntry& entry() { return entry_; }
  const SigningKey& identity() const { return identity_; }
  const SigningKey& recovery() const { return recovery_; }

  static std::string DigestOf(const SigningKey& key) {
    return crypto::ToString(
        crypto::Sha256(context::kRecoveryKeyDigest, {key.public_key().bytes()}));
  }

  SignedEntry Signed() const {
    SignedEntry out;
    out.set_entry(attest::SerializeCanonical(entry_));
    out.set_signature(identity_.Sign(context::kDirectoryEntry, {out.entry()}));
    return out;
  }

  // The next version, with a new identity key, the change signed by `by`.
  SignedEntry Change(const SigningKey& by) {
    const std::string previous = attest::SerializeCanonical(entry_);
    entry_.set_previous_entry_hash(crypto::ToString(attest::EntryHash(previous)));
    entry_.set_version(entry_.version() + 1);
    identity_ = SigningKey::Generate();
    entry_.set_identity_key(std::string(identity_.public_key().bytes()));
    return SignChange(by);
  }

  SignedEntry SignChange(const SigningKey& by) const {
    SignedEntry out = Signed();
    out.set_change_signature(by.Sign(context::kDirectoryEntryChange, {out.entry()}));
    return out;
  }

 private:
  SigningKey identity_ = SigningKey::Generate();
  SigningKey recovery_ = SigningKey::Generate();
  DirectoryEntry entry_;
};

SigningKey CopyOf(const SigningKey& key) { return SigningKey::FromSeed(key.Seed()); }

class CorrespondentsTest : public ::testing::Test {
 protected:
  absl::StatusOr<Correspondent> Show(const SignedEntry& entry, std::uint64_t now) {
    const auto checked = attest::CheckEntry(entry, trust_);
    EXPECT_TRUE(checked.ok()) << checked.status();
    if (!checked.ok()) return checked.status();
    return Meet(&state_, *checked, now);
  }
  absl::StatusOr<std::optional<TrustQuestion>> Ask(const SignedEntry& entry) {
    const auto checked = attest::CheckEntry(entry, trust_);
    EXPECT_TRUE(checked.ok()) << checked.status();
    if (!checked.ok()) return checked.status();
    return QuestionOf(state_, *checked);
  }
  Problem Refused(const SignedEntry& entry) {
    const std::string before = SerialiseState(state_);
    const Problem problem = ProblemOf(Show(entry, 9).status());
    EXPECT_EQ(SerialiseState(state_), before) << "a refusal changed the pins";
    return problem;
  }

  const crypto::DeploymentId deployment_ = *crypto::DeploymentId::FromBytes(std::string(16, 'd'));
  const attest::EntryTrust trust_ = {deployment_, /*development=*/true, {}};
  State state_;
  Member alice_;
};

TEST_F(CorrespondentsTest, PinsOnFirstContactAndKnowsTheSameAgain) {
  EXPECT_EQ(Show(alice_.Signed(), 7)->pin, PinVerdict::kFirst);
  const auto again = Show(alice_.Signed(), 8);
  EXPECT_EQ(again->pin, PinVerdict::kSame);
  EXPECT_EQ(again->identity_key, alice_.identity().public_key());
  EXPECT_EQ(state_.pins.begin()->second.first_seen_unix_ms, 7u);
}

TEST_F(CorrespondentsTest, TakesAChangeThatThePinnedKeySignedAndSaysSo) {
  ASSERT_TRUE(Show(alice_.Signed(), 7).ok());
  const SigningKey old = CopyOf(alice_.identity());
  const auto changed = Show(alice_.Change(old), 8);
  ASSERT_TRUE(changed.ok());
  EXPECT_EQ(changed->pin, PinVerdict::kChanged);
  EXPECT_TRUE(changed->identity_key_changed);
  EXPECT_EQ(changed->version, 2u);
}

TEST_F(CorrespondentsTest, TakesAChangeThatTheRecoveryKeySigned) {
  ASSERT_TRUE(Show(alice_.Signed(), 7).ok());
  SignedEntry change = alice_.Change(alice_.recovery());
  change.set_recovery_key(std::string(alice_.recovery().public_key().bytes()));
  EXPECT_TRUE(Show(change, 8).ok());
}

TEST_F(CorrespondentsTest, RefusesAChangeThatOnlyTheNewKeySigned) {
  ASSERT_TRUE(Show(alice_.Signed(), 7).ok());
  alice_.Change(SigningKey::Generate());
  EXPECT_EQ(Refused(alice_.SignChange(alice_.identity())), Problem::kVerification);
}

TEST_F(CorrespondentsTest, RefusesAChangeUnderARecoveryKeyThatThePinDoesNotCommitTo) {
  ASSERT_TRUE(Show(alice_.Signed(), 7).ok());
  const SigningKey thief = SigningKey::Generate();
  SignedEntry change = alice_.Change(thief);
  change.set_recovery_key(std::string(thief.public_key().bytes()));
  EXPECT_EQ(Refused(change), Problem::kVerification);
}

TEST_F(CorrespondentsTest, RefusesANewRecoveryKeyUnderTheIdentityKeyAlone) {
  ASSERT_TRUE(Show(alice_.Signed(), 7).ok());
  const SigningKey stolen = CopyOf(alice_.identity());
  alice_.Change(stolen);
  alice_.entry().set_recovery_key_digest(Member::DigestOf(SigningKey::Generate()));
  EXPECT_EQ(Refused(alice_.SignChange(stolen)), Problem::kVerification);
}

TEST_F(CorrespondentsTest, RefusesAnotherMemberUnderThePinnedHandle) {
  ASSERT_TRUE(Show(alice_.Signed(), 7).ok());
  Member impostor;
  EXPECT_EQ(Refused(impostor.Signed()), Problem::kVerification);
  const SigningKey first = CopyOf(impostor.identity());
  EXPECT_EQ(Refused(impostor.Change(first)), Problem::kVerification);
}

TEST_F(CorrespondentsTest, RefusesAnOlderEntryAndAnotherOfTheSameVersion) {
  const SignedEntry first = alice_.Signed();
  ASSERT_TRUE(Show(first, 7).ok());
  const SigningKey old = CopyOf(alice_.identity());
  ASSERT_TRUE(Show(alice_.Change(old), 8).ok());
  EXPECT_EQ(Refused(first), Problem::kVerification);
  alice_.entry().set_time_unix_ms(99);
  EXPECT_EQ(Refused(alice_.SignChange(old)), Problem::kVerification);
}

TEST_F(CorrespondentsTest, RefusesAJumpOfVersions) {
  ASSERT_TRUE(Show(alice_.Signed(), 7).ok());
  const SigningKey first = CopyOf(alice_.identity());
  alice_.Change(first);
  const SigningKey second = CopyOf(alice_.identity());
  EXPECT_EQ(Refused(alice_.Change(second)), Problem::kVerification);
}

TEST_F(CorrespondentsTest, RefusesAChangeThatFollowsAnotherEntry) {
  ASSERT_TRUE(Show(alice_.Signed(), 7).ok());
  const SigningKey old = CopyOf(alice_.identity());
  alice_.entry().set_time_unix_ms(99);  // another first version, never shown
  EXPECT_EQ(Refused(alice_.Change(old)), Problem::kVerification);
}

TEST_F(CorrespondentsTest, FindsSendersByIdAndByEveryKeyThatThePinPassedThrough) {
  const auto met = Show(alice_.Signed(), 7);
  const SigningKey old = CopyOf(alice_.identity());
  ASSERT_TRUE(Show(alice_.Change(old), 8).ok());
  const auto id = [](const SigningKey& key) { return crypto::KeyIdOf(key.public_key()); };
  const auto earlier = FindSender(state_, deployment_, met->member, id(old));
  ASSERT_TRUE(earlier.has_value());
  EXPECT_EQ(earlier->correspondent.identity_key, old.public_key());
  EXPECT_TRUE(earlier->key_replaced);
  const auto present = FindSender(state_, deployment_, met->member, id(alice_.identity()));
  EXPECT_EQ(present->correspondent.handle.str(), "alice");
  EXPECT_FALSE(present->key_replaced);
  EXPECT_FALSE(
      FindSender(state_, deployment_, met->member, id(SigningKey::Generate())).has_value());
  EXPECT_FALSE(FindSender(state_, deployment_, crypto::MemberId(), id(old)).has_value());
}

TEST_F(CorrespondentsTest, AsksAPersonWhereStepsWereSkippedAndPinsWhatShePinsOnly) {
  ASSERT_TRUE(Show(alice_.Signed(), 7).ok());
  const SigningKey first = CopyOf(alice_.identity());
  alice_.Change(first);
  const SigningKey second = CopyOf(alice_.identity());
  const SignedEntry third = alice_.Change(second);
  ASSERT_EQ(Refused(third), Problem::kVerification);

  const auto question = Ask(third);
  ASSERT_TRUE(question.ok() && question->has_value()) << question.status();
  EXPECT_EQ((*question)->pinned.version, 1u);
  EXPECT_EQ((*question)->pinned.identity_key, first.public_key());
  EXPECT_EQ((*question)->shown.version, 3u);
  EXPECT_EQ((*question)->shown.identity_key, alice_.identity().public_key());
  EXPECT_EQ(Refused(third), Problem::kVerification) << "asking changes nothing";

  ASSERT_TRUE(Accept(&state_, deployment_, **question).ok());
  EXPECT_EQ(Show(third, 9)->pin, PinVerdict::kSame);
  EXPECT_EQ(state_.pins.begin()->second.first_seen_unix_ms, 7u);
  const auto member = Show(third, 9)->member;
  EXPECT_TRUE(
      FindSender(state_, deployment_, member, crypto::KeyIdOf(first.public_key()))->key_replaced)
      << "mail from before stays readable";
  EXPECT_EQ(ProblemOf(Accept(&state_, deployment_, **question)), Problem::kUsage)
      << "the pin is another by now";
}

TEST_F(CorrespondentsTest, AsksNobodyWhereTheEntryFitsOrNoDecisionCanMendIt) {
  const auto fits = [&](const SignedEntry& entry) {
    const auto question = Ask(entry);
    return question.ok() && !question->has_value();
  };
  EXPECT_TRUE(fits(alice_.Signed())) << "nothing is pinned";
  ASSERT_TRUE(Show(alice_.Signed(), 7).ok());
  EXPECT_TRUE(fits(alice_.Signed()));
  const SigningKey old = CopyOf(alice_.identity());
  const SignedEntry second = alice_.Change(old);
  EXPECT_TRUE(fits(second));
  EXPECT_EQ(ProblemOf(Ask(alice_.SignChange(SigningKey::Generate())).status()),
            Problem::kVerification)
      << "the directory took a change that nobody authorised";

  Member impostor;
  SignedEntry theirs = impostor.Signed();
  for (int version = 1; version <= 3; ++version) {
    EXPECT_EQ(ProblemOf(Ask(theirs).status()), Problem::kVerification) << version;
    const SigningKey last = CopyOf(impostor.identity());
    theirs = impostor.Change(last);
  }
}

}  // namespace
}  // namespace letterlock::client
