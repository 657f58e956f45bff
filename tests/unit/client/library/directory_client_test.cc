// What a client makes of a directory that changes its story. The proofs are real: the directory
// signs whatever it wants.
#include "client/directory_client.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "client/failure.h"
#include "fake_servers.h"
#include "support/temporary_directory.h"

namespace letterlock::client {
namespace {

using letterlock::testing::TestMember;

// Another directory's answers, changed on the way; what is published is not.
class Twisting final : public DirectoryTransport {
 public:
  using Twist = std::function<void(directory::v1::EntryProof*)>;
  Twisting(DirectoryTransport* honest, Twist twist) : honest_(*honest), twist_(std::move(twist)) {}

  absl::Status Lookup(const crypto::Handle& handle, directory::v1::EntryProof* proof) override {
    const absl::Status status = honest_.Lookup(handle, proof);
    twist_(proof);
    return status;
  }
  absl::Status History(const crypto::Handle& handle, std::uint64_t from,
                       std::vector<directory::v1::SignedEntry>* entries) override {
    return honest_.History(handle, from, entries);
  }
  absl::Status Publish(const directory::v1::SignedEntry& entry,
                       directory::v1::EntryProof* proof) override {
    directory::v1::DirectoryEntry parsed;
    parsed.ParseFromString(entry.entry());
    return Lookup(*crypto::Handle::Parse(parsed.handle()), proof);
  }
  absl::StatusOr<std::vector<crypto::Digest>> ConsistencyProof(std::uint64_t a,
                                                               std::uint64_t b) override {
    return honest_.ConsistencyProof(a, b);
  }

 private:
  DirectoryTransport& honest_;
  const Twist twist_;
};

class DirectoryClientTest : public ::testing::Test {
 protected:
  DirectoryClientTest() {
    Put(*deployment_.world, alice_);
    Put(*deployment_.world, bob_);
    deployment_.NewHead();
    state_.own.signed_entry = alice_.Sign(alice_.FirstEntry()).SerializeAsString();
    state_.own.published = true;
  }

  static void Put(AttestedDirectory& world, const TestMember& member) {
    world.Put(member.Sign(member.FirstEntry()));
  }
  // The next version of a member's entry with her next identity key, authorised by `by`.
  static directory::v1::SignedEntry Rotated(const TestMember& member,
                                            const crypto::SigningKey& by) {
    auto entry = TestMember::NextEntry(member.Sign(member.FirstEntry()).entry());
    entry.set_identity_key(std::string(member.next_identity.public_key().bytes()));
    auto signed_entry = member.Sign(entry);
    TestMember::Authorise(&signed_entry, by, /*recovery=*/false);
    return signed_entry;
  }

  absl::StatusOr<LookupAnswer> Lookup(const TestMember& member) {
    return client_.Lookup(member.handle, alice_.handle, &state_);
  }
  DirectoryClient Over(DirectoryTransport* transport) {
    auto options = DirectoryOptions(surroundings_, directory_.path());
    options.transport = transport;
    return DirectoryClient(options);
  }
  absl::Status TwistedLookup(DirectoryTransport* transport, const TestMember& member) {
    return Over(transport).Lookup(member.handle, alice_.handle, &state_).status();
  }
  Problem Refusal(const TestMember& member) { return ProblemOf(Lookup(member).status()); }

  // The same log and keys, another history of as many heads: what a copied folder would sign.
  std::unique_ptr<AttestedDirectory> OtherHistory(int heads) {
    auto world = std::make_unique<AttestedDirectory>(
        AttestedDirectory::Options{.development = true, .quorum = "none"});
    Put(*world, alice_);
    for (int i = 0; i < heads; ++i) world->MakeHead(deployment_.clock.Now() + absl::Seconds(1));
    return world;
  }
  std::size_t Evidence() const {
    const std::filesystem::path path = directory_.path() + "/evidence";
    if (!std::filesystem::exists(path)) return 0;
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path), {}));
  }

  FakeDeployment deployment_;
  const TestMember alice_{"alice", deployment_.world->deployment()};
  const TestMember bob_{"bob", deployment_.world->deployment()};
  const TestMember nobody_{"nobody", deployment_.world->deployment()};
  test::TemporaryDirectory directory_;
  const Surroundings surroundings_ = SurroundingsOf(&deployment_);
  const DirectoryClient client_{DirectoryOptions(surroundings_, directory_.path())};
  State state_;
};

TEST_F(DirectoryClientTest, ShowsEntryAndAbsenceUnderAHead) {
  const auto bob = Lookup(bob_);
  ASSERT_TRUE(bob.ok()) << bob.status();
  ASSERT_TRUE(bob->correspondent.has_value());
  EXPECT_EQ(bob->correspondent->identity_key, bob_.identity.public_key());
  EXPECT_EQ(bob->correspondent->pin, PinVerdict::kFirst);
  EXPECT_EQ(bob->head_sequence, state_.log.head_sequence);
  const auto nobody = Lookup(nobody_);
  ASSERT_TRUE(nobody.ok());
  EXPECT_FALSE(nobody->correspondent.has_value());
  EXPECT_EQ(nobody->tombstone_version, 0u);
}

TEST_F(DirectoryClientTest, ChecksTheOwnEntryUnderEachNewHeadAndOnlyThen) {
  ASSERT_TRUE(Lookup(bob_).ok());
  EXPECT_EQ(deployment_.lookups, 2);
  EXPECT_EQ(state_.own.checked_head, state_.log.head_sequence);
  ASSERT_TRUE(Lookup(bob_).ok());
  EXPECT_EQ(deployment_.lookups, 3) << "the same head was checked already";
  deployment_.NewHead();
  ASSERT_TRUE(Lookup(bob_).ok());
  EXPECT_EQ(deployment_.lookups, 5);
}

TEST_F(DirectoryClientTest, RaisesAnAlarmWhenTheOwnEntryWasChangedAndGoesOnRaisingIt) {
  ASSERT_TRUE(Lookup(bob_).ok());
  deployment_.world->Put(Rotated(alice_, alice_.identity));  // stolen key: authorised all the same
  deployment_.NewHead();
  EXPECT_EQ(Refusal(bob_), Problem::kAlarm);
  EXPECT_EQ(Refusal(bob_), Problem::kAlarm) << "the alarm must not go away by itself";
}

TEST_F(DirectoryClientTest, RaisesAnAlarmWhenTheOwnEntryWasErased) {
  deployment_.world->Erase(alice_.handle, 2);
  deployment_.NewHead();
  EXPECT_EQ(Refusal(bob_), Problem::kAlarm);
}

TEST_F(DirectoryClientTest, RaisesAnAlarmWhenTheOwnEntryIsGone) {
  const TestMember carol("carol", deployment_.world->deployment());
  state_.own.signed_entry = carol.Sign(carol.FirstEntry()).SerializeAsString();
  EXPECT_EQ(ProblemOf(client_.CheckOwn(carol.handle, &state_, true)), Problem::kAlarm);
}

TEST_F(DirectoryClientTest, RefusesALogThatForkedAndKeepsTheEvidence) {
  ASSERT_TRUE(Lookup(bob_).ok());
  const RememberedLog before = state_.log;
  for (const int heads : {2, 5}) {  // as long as what is remembered, and longer
    deployment_.world = OtherHistory(heads);
    EXPECT_EQ(Refusal(alice_), Problem::kAlarm) << heads;
    EXPECT_EQ(state_.log.root, before.root);
  }
  EXPECT_EQ(Evidence(), 2u);
  std::ifstream file(std::filesystem::directory_iterator(directory_.path() + "/evidence")->path());
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_NE(text.find(before.checkpoint), std::string::npos);
}

TEST_F(DirectoryClientTest, RefusesALogThatShrank) {
  ASSERT_TRUE(Lookup(bob_).ok());
  deployment_.world = OtherHistory(1);
  EXPECT_EQ(Refusal(alice_), Problem::kAlarm);
}

TEST_F(DirectoryClientTest, RefusesAHeadThatIsTooOldOrFromTheFuture) {
  deployment_.clock.Advance(DirectoryClient::kMaxHeadAge + absl::Seconds(1));
  EXPECT_EQ(Refusal(bob_), Problem::kVerification);
  deployment_.clock.Advance(-absl::Hours(1));
  EXPECT_EQ(Refusal(bob_), Problem::kVerification);
}

TEST_F(DirectoryClientTest, TakesARotationThatThePinnedKeyAuthorised) {
  ASSERT_TRUE(Lookup(bob_).ok());
  deployment_.world->Put(Rotated(bob_, bob_.identity));
  deployment_.NewHead();
  const auto changed = Lookup(bob_);
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(changed->correspondent->pin, PinVerdict::kChanged);
  EXPECT_TRUE(changed->correspondent->identity_key_changed);
}

TEST_F(DirectoryClientTest, ShowsATombstoneWithTheVersionThatTheMapProves) {
  ASSERT_TRUE(Lookup(bob_).ok());
  deployment_.world->Erase(bob_.handle, 2);
  deployment_.NewHead();
  const auto erased = Lookup(bob_);
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_FALSE(erased->correspondent.has_value());
  EXPECT_EQ(erased->tombstone_version, 2u);
}

// Whoever calls a handle erased must have its map say so: the word alone counts for nothing.
TEST_F(DirectoryClientTest, RefusesAnErasureThatTheMapDoesNotHold) {
  Twisting twisting(surroundings_.directory.get(), [](directory::v1::EntryProof* proof) {
    proof->clear_signed_entry();
    proof->clear_salt();
    proof->set_erased_version(2);
  });
  EXPECT_EQ(ProblemOf(TwistedLookup(&twisting, bob_)), Problem::kVerification);
  deployment_.world->Erase(bob_.handle, 2);
  deployment_.NewHead();
  Twisting later(surroundings_.directory.get(),
                 [](directory::v1::EntryProof* proof) { proof->set_erased_version(3); });
  EXPECT_EQ(ProblemOf(TwistedLookup(&later, bob_)), Problem::kVerification);
}

TEST_F(DirectoryClientTest, RefusesATombstoneThatIsNotNewerThanThePin) {
  ASSERT_TRUE(Lookup(bob_).ok());
  deployment_.world->Put(Rotated(bob_, bob_.identity));
  deployment_.NewHead();
  ASSERT_TRUE(Lookup(bob_).ok());
  deployment_.world->Erase(bob_.handle, 2);
  deployment_.NewHead();
  EXPECT_EQ(Refusal(bob_), Problem::kVerification);
  deployment_.world->Erase(bob_.handle, 3);
  deployment_.NewHead();
  EXPECT_EQ(Lookup(bob_)->tombstone_version, 3u);
}

TEST_F(DirectoryClientTest, PinsNothingWhereItOnlyLooks) {
  const auto found = client_.Find(bob_.handle, alice_.handle, &state_);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->answer.correspondent->pin, PinVerdict::kFirst);
  EXPECT_TRUE(state_.pins.empty());
  ASSERT_TRUE(Lookup(bob_).ok());
  const std::string pinned = state_.pins.begin()->second.entry;
  deployment_.world->Put(Rotated(bob_, bob_.identity));
  deployment_.NewHead();
  EXPECT_EQ(client_.Find(bob_.handle, alice_.handle, &state_)->answer.correspondent->pin,
            PinVerdict::kChanged);
  EXPECT_EQ(state_.pins.begin()->second.entry, pinned);
}

TEST_F(DirectoryClientTest, RefusesASwappedKeyThoughTheDirectoryProvesIt) {
  ASSERT_TRUE(Lookup(bob_).ok());
  deployment_.world->Put(Rotated(bob_, bob_.next_identity));
  deployment_.NewHead();
  EXPECT_EQ(Refusal(bob_), Problem::kVerification);
}

TEST_F(DirectoryClientTest, RemembersTheLogAlsoWhereThePinIsRefused) {
  ASSERT_TRUE(Lookup(bob_).ok());
  const std::uint64_t before = state_.log.size;
  deployment_.world->Put(Rotated(bob_, bob_.next_identity));
  deployment_.NewHead();
  EXPECT_EQ(Refusal(bob_), Problem::kVerification);
  EXPECT_GT(state_.log.size, before);
}

TEST_F(DirectoryClientTest, FetchesTheEntriesThatLedToTheNewest) {
  const auto newest = [&] {
    auto lookup = client_.Fetch(bob_.handle, &state_);
    return std::get<attest::VerifiedEntry>(*lookup).checked();
  };
  EXPECT_TRUE(client_.FetchHistory(newest())->empty());
  deployment_.world->Put(Rotated(bob_, bob_.identity));
  deployment_.NewHead();
  const auto history = client_.FetchHistory(newest());
  ASSERT_TRUE(history.ok()) << history.status();
  ASSERT_EQ(history->size(), 1u);
  EXPECT_EQ(history->front().entry(), bob_.Sign(bob_.FirstEntry()).entry());
  EXPECT_TRUE(client_.FetchHistory(newest(), 2)->empty());
}

TEST_F(DirectoryClientTest, RefusesAHistoryWithAStepThatNobodyAuthorised) {
  deployment_.world->Put(Rotated(bob_, alice_.identity));
  deployment_.NewHead();
  auto lookup = client_.Fetch(bob_.handle, &state_);
  const auto& forged = std::get<attest::VerifiedEntry>(*lookup).checked();
  EXPECT_EQ(ProblemOf(client_.FetchHistory(forged).status()), Problem::kVerification);
}

TEST_F(DirectoryClientTest, RefusesAPublicationThatTheDirectoryDoesNotProve) {
  auto other = nobody_.FirstEntry();
  other.set_time_unix_ms(1234);
  deployment_.world->Put(nobody_.Sign(other));
  deployment_.NewHead();
  Twisting honest_lookups(surroundings_.directory.get(), [](directory::v1::EntryProof*) {});
  const auto published =
      Over(&honest_lookups).Publish(nobody_.handle, nobody_.Sign(nobody_.FirstEntry()), &state_);
  EXPECT_EQ(ProblemOf(published.status()), Problem::kVerification);
}

TEST_F(DirectoryClientTest, SaysThatAServerIsDownAndNothingElse) {
  deployment_.directory_error = absl::UnavailableError("down");
  EXPECT_EQ(Refusal(bob_), Problem::kUnavailable);
  EXPECT_EQ(state_.log.size, 0u);
}

}  // namespace
}  // namespace letterlock::client
