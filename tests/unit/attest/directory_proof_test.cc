#include "attest/directory_proof.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>

#include "attest/leaf.h"
#include "attest/map_value.h"
#include "attest/merkle.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "support/attested_directory.h"
#include "support/flip.h"

namespace letterlock::attest {
namespace {

using absl::StatusCode;
using directory::v1::EntryProof;
using directory::v1::SignedEntry;
using testing::AttestedDirectory;
using testing::TestMember;
using testing::TestWitness;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

class DirectoryProofTest : public ::testing::Test {
 protected:
  DirectoryProofTest() {
    for (const TestMember* member : {&ada_, &bob_}) {
      SignedEntry entry = member->Sign(member->FirstEntry());
      world_.Attest(&entry);
      world_.Put(entry);
    }
    world_.MakeHead(kNow);
  }

  static Freshness Fresh() {
    return {kNow + absl::Minutes(5), absl::Minutes(10), absl::Minutes(2)};
  }

  absl::StatusOr<VerifiedLookup> Look(const EntryProof& proof, const crypto::Handle& handle) const {
    return VerifyLookup(proof, handle, world_.trust(), Fresh());
  }
  StatusCode Code(const EntryProof& proof) const {
    return Look(proof, ada_.handle).status().code();
  }

  AttestedDirectory world_;
  TestMember ada_{"ada", world_.deployment()}, bob_{"bob", world_.deployment()};
  crypto::Handle nobody_ = crypto::Handle::Parse("nobody").value();
};

TEST_F(DirectoryProofTest, EntryInTheDirectoryVerifies) {
  const auto lookup = Look(world_.Prove(ada_.handle), ada_.handle);
  ASSERT_TRUE(lookup.ok()) << lookup.status();
  const auto& entry = std::get<VerifiedEntry>(*lookup);
  EXPECT_EQ(entry.content().identity_key, ada_.identity.public_key());
  EXPECT_TRUE(entry.attested());
  EXPECT_EQ(entry.head().sequence(), 1u);
  EXPECT_EQ(entry.head().index(), 1u);
  EXPECT_EQ(entry.head().time(), kNow);
  EXPECT_EQ(entry.head().checkpoint().size, 2u);
  EXPECT_EQ(entry.head().quorum().level, QuorumLevel::kReached);
  EXPECT_EQ(VerifyEntry(world_.Prove(ada_.handle), world_.trust(), Fresh())->member(),
            entry.member());
}

TEST_F(DirectoryProofTest, AbsenceVerifiesForThatHandleAlone) {
  const EntryProof proof = world_.Prove(nobody_);
  const auto lookup = Look(proof, nobody_);
  ASSERT_TRUE(lookup.ok()) << lookup.status();
  EXPECT_TRUE(std::holds_alternative<VerifiedAbsence>(*lookup));
  EXPECT_EQ(HeadOf(*lookup).sequence(), 1u);
  EXPECT_FALSE(Look(proof, ada_.handle).ok());
  EXPECT_EQ(VerifyEntry(proof, world_.trust(), Fresh()).status().code(), StatusCode::kNotFound);
}

// The directory cannot deny a member who is in its map.
TEST_F(DirectoryProofTest, PresentHandleCannotBeDenied) {
  EntryProof proof = world_.Prove(ada_.handle);
  proof.clear_signed_entry();
  proof.clear_salt();
  EXPECT_EQ(Code(proof), StatusCode::kUnauthenticated);
  proof.set_erased_version(2);
  EXPECT_EQ(Code(proof), StatusCode::kUnauthenticated);
}

TEST_F(DirectoryProofTest, ErasedHandleShowsItsTombstone) {
  world_.Erase(ada_.handle, 2);
  world_.MakeHead(kNow);
  EntryProof proof = world_.Prove(ada_.handle);
  const auto lookup = Look(proof, ada_.handle);
  ASSERT_TRUE(lookup.ok()) << lookup.status();
  EXPECT_EQ(std::get<VerifiedErasure>(*lookup).version(), 2u);
  for (const uint64_t version : {1u, 3u}) {
    proof.set_erased_version(version);
    EXPECT_FALSE(Look(proof, ada_.handle).ok());
  }
  proof.set_erased_version(2);
  proof.set_salt(std::string(32, 's'));
  EXPECT_EQ(Code(proof), StatusCode::kInvalidArgument);
}

TEST_F(DirectoryProofTest, AnothersEntryIsNoAnswer) {
  EXPECT_EQ(Look(world_.Prove(bob_.handle), ada_.handle).status().code(),
            StatusCode::kUnauthenticated);
}

// The attack that the map is for: another key for the handle, well signed and attested, never in
// the map.
TEST_F(DirectoryProofTest, EntryThatIsNotInTheMapIsRefused) {
  EntryProof proof = world_.Prove(ada_.handle);
  directory::v1::DirectoryEntry swapped = ada_.FirstEntry();
  swapped.set_identity_key(std::string(ada_.next_identity.public_key().bytes()));
  swapped.set_genesis_key(swapped.identity_key());
  SignedEntry entry = ada_.Sign(swapped);
  world_.Attest(&entry);
  *proof.mutable_signed_entry() = entry;
  EXPECT_EQ(Code(proof), StatusCode::kUnauthenticated);
}

TEST_F(DirectoryProofTest, OldEntryUnderANewHeadIsRefused) {
  const EntryProof old = world_.Prove(ada_.handle);
  SignedEntry next = ada_.Sign(TestMember::NextEntry(old.signed_entry().entry()));
  TestMember::Authorise(&next, ada_.identity, false);
  world_.Attest(&next);
  world_.Put(next);
  world_.MakeHead(kNow);
  EntryProof proof = world_.Prove(ada_.handle);
  EXPECT_EQ(std::get<VerifiedEntry>(*Look(proof, ada_.handle)).content().version, 2u);
  *proof.mutable_signed_entry() = old.signed_entry();
  proof.set_salt(old.salt());
  EXPECT_EQ(Code(proof), StatusCode::kUnauthenticated);
  proof.set_map_proof(old.map_proof());
  EXPECT_EQ(Code(proof), StatusCode::kUnauthenticated);
}

RC_GTEST_FIXTURE_PROP(DirectoryProofTest, AnyBitFlippedAnywhereIsRefused, ()) {
  const std::string bytes = world_.Prove(ada_.handle).SerializeAsString();
  EntryProof changed;
  const bool parsed =
      changed.ParseFromString(testing::Flip(bytes, *rc::gen::inRange<size_t>(0, bytes.size() * 8)));
  const bool accepted = parsed && Look(changed, ada_.handle).ok();
  RC_ASSERT(!accepted);
}

RC_GTEST_FIXTURE_PROP(DirectoryProofTest, AnyBitFlippedInAnAbsenceIsRefused, ()) {
  const std::string bytes = world_.Prove(nobody_).SerializeAsString();
  EntryProof changed;
  const bool parsed =
      changed.ParseFromString(testing::Flip(bytes, *rc::gen::inRange<size_t>(0, bytes.size() * 8)));
  const bool accepted = parsed && Look(changed, nobody_).ok();
  RC_ASSERT(!accepted);
}

TEST_F(DirectoryProofTest, AnotherDeploymentsProofIsRefused) {
  AttestedDirectory other({true, "w"});
  const EntryProof proof = world_.Prove(ada_.handle);
  EXPECT_FALSE(VerifyLookup(proof, ada_.handle, other.trust(), Fresh()).ok());
}

TEST_F(DirectoryProofTest, StaleAndFutureHeadsAreOutOfRange) {
  const EntryProof proof = world_.Prove(ada_.handle);
  const auto at = [&](absl::Duration after) {
    return VerifyLookup(proof, ada_.handle, world_.trust(),
                        Freshness{kNow + after, absl::Minutes(10)})
        .status()
        .code();
  };
  EXPECT_EQ(at(absl::Minutes(10)), StatusCode::kOk);
  EXPECT_EQ(at(absl::Minutes(10) + absl::Milliseconds(1)), StatusCode::kOutOfRange);
  EXPECT_EQ(at(-absl::Minutes(2)), StatusCode::kOk);
  EXPECT_EQ(at(-absl::Minutes(2) - absl::Seconds(1)), StatusCode::kOutOfRange);
  EXPECT_TRUE(VerifyLookup(proof, ada_.handle, world_.trust(), std::nullopt).ok());
}

// A fresh head time is the operator's word; the witness's must be fresh too.
TEST_F(DirectoryProofTest, FreshHeadUnderStaleCosignaturesIsOutOfRange) {
  world_.AppendHead(world_.NextHead(kNow), kNow - absl::Hours(1));
  EXPECT_EQ(Code(world_.Prove(ada_.handle)), StatusCode::kOutOfRange);
  AttestedDirectory unwitnessed({false, "none"});
  unwitnessed.AppendHead(unwitnessed.NextHead(kNow), kNow - absl::Hours(1));
  const auto lookup =
      VerifyLookup(unwitnessed.Prove(nobody_), nobody_, unwitnessed.trust(), Fresh());
  ASSERT_TRUE(lookup.ok()) << lookup.status();
  EXPECT_EQ(HeadOf(*lookup).quorum().level, QuorumLevel::kUnwitnessed);
}

TEST_F(DirectoryProofTest, MissedQuorumIsAFailedPrecondition) {
  EntryProof proof = world_.Prove(ada_.handle);
  proof.mutable_head()->set_checkpoint(world_.Checkpoint({&world_.log}));
  EXPECT_EQ(Code(proof), StatusCode::kFailedPrecondition);
  TestWitness stranger("stranger", 1'800'000'000);
  proof.mutable_head()->set_checkpoint(world_.Checkpoint({&world_.log, &stranger}));
  EXPECT_EQ(Code(proof), StatusCode::kFailedPrecondition);
  proof.mutable_head()->set_checkpoint(world_.Checkpoint({&world_.witness}));
  EXPECT_EQ(Code(proof), StatusCode::kUnauthenticated);
}

TEST_F(DirectoryProofTest, HeadsThatNoDirectoryMakesAreRefused) {
  const std::vector<std::function<void(tlog::v1::Head&)>> breaks = {
      [](auto& h) { h.set_deployment(std::string(16, 'x')); },
      [](auto& h) { h.set_sequence(0); },
      [](auto& h) { h.set_sequence(1000); },  // more heads than leaves
      [](auto& h) { h.clear_directory_root(); },
      [](auto& h) { h.clear_publication_root(); },
      [](auto& h) { h.set_policy_index(1); },
      [](auto& h) { h.set_policy_digest(std::string(32, 'd')); },
      [](auto& h) { h.set_policy_digest(std::string(32, 'd')), h.set_policy_index(1000); },
      [](auto& h) { h.set_export_index(1000); },
      [](auto& h) { h.set_time_unix_ms(~uint64_t{0}); },
  };
  for (size_t i = 0; i < breaks.size(); ++i) {
    tlog::v1::Head head = world_.NextHead(kNow);
    breaks[i](head);
    world_.AppendHead(head, kNow);
    EXPECT_EQ(Code(world_.Prove(ada_.handle)), StatusCode::kInvalidArgument) << i;
  }
  world_.MakeHead(kNow);
  EXPECT_EQ(Code(world_.Prove(ada_.handle)), StatusCode::kOk);
}

// A leaf of another type whose body reads as a head is no head.
TEST_F(DirectoryProofTest, LeafOfAnotherTypeIsNoHead) {
  const std::string body = world_.NextHead(kNow).SerializeAsString();
  for (const LeafType type : {LeafType::kGenesis, LeafType::kPolicy, LeafType::kExport}) {
    world_.AppendLeaf(FrameLeaf(type, body).value(), kNow);
    EXPECT_EQ(Code(world_.Prove(ada_.handle)), StatusCode::kInvalidArgument);
  }
}

TEST_F(DirectoryProofTest, MissingPartsAreRefused) {
  const std::vector<std::function<void(EntryProof&)>> breaks = {
      [](auto& p) { p.clear_salt(); },
      [](auto& p) { p.set_salt(p.salt() + "x"); },
      [](auto& p) { p.set_erased_version(2); },
      [](auto& p) { p.clear_map_proof(); },
      [](auto& p) { p.clear_head(); },
      [](auto& p) { p.mutable_signed_entry()->clear_entry(); },
      [](auto& p) { p.mutable_head()->clear_inclusion(); },
      [](auto& p) { p.mutable_head()->set_inclusion(0, "short"); },
      [](auto& p) {
        for (int i = 0; i < 100; ++i) p.mutable_head()->add_inclusion(std::string(32, 'x'));
      },
      [](auto& p) { p.mutable_head()->clear_checkpoint(); },
      [](auto& p) { p.mutable_head()->clear_head_leaf(); },
      [](auto& p) { p.mutable_head()->set_index(5); },
      [](auto& p) { p.Clear(); },
  };
  for (size_t i = 0; i < breaks.size(); ++i) {
    EntryProof proof = world_.Prove(ada_.handle);
    breaks[i](proof);
    EXPECT_FALSE(Look(proof, ada_.handle).ok()) << i;
  }
}

}  // namespace
}  // namespace letterlock::attest
