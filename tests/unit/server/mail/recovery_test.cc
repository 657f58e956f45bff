// The recovery key opens one thing, the sealed keyring, for whoever holds it; nobody else learns
// anything, not even whether the member exists.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "attest/entry.h"
#include "crypto/base/bytes.h"
#include "crypto/base/context.h"
#include "devices_world.h"
#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"
#include "support/flip.h"
#include "support/note_signers.h"

namespace letterlock::mail {
namespace {

using testing::Flip;
using testing::SealedKeyring;
using Request = v1::RecoverKeyringRequest;

class Recovery : public ::testing::Test {
 protected:
  Recovery() {
    EXPECT_TRUE(devices_.Put(ann_, keyring_).ok());
    EXPECT_TRUE(devices_.Name(ann_, keyring_).ok());
  }
  absl::StatusOr<v1::RecoverKeyringResponse> Ask(const Request& request) {
    return world_.sessions->Recover(request, MailWorld::Soon());
  }
  // Another key's claim to be ann's recovery key, signed by it.
  Request ClaimBy(const crypto::SigningKey& key) {
    v1::CreateChallengeRequest asked = testing::RecoveryChallengeRequestOf(ann_);
    asked.set_device_key(std::string(key.public_key().bytes()));
    Request request = testing::RecoverRequestOf(
        ann_, world_.sessions->CreateChallenge(asked)->challenge(), "localhost");
    request.set_recovery_key(asked.device_key());
    const std::string names =
        crypto::ByteWriter().Field("letterlock-maild").Field(request.server_name()).Take();
    request.set_signature(key.Sign(context::kRecoverySession,
                                   {ann_.member.deployment.bytes(), names, request.member(),
                                    request.recovery_key(), request.challenge()}));
    return request;
  }

  DevicesWorld devices_;
  MailWorld& world_ = devices_.world;
  TestUser& ann_ = world_.AddMember("ann");
  const std::string keyring_ = SealedKeyring("ann's");
};

TEST_F(Recovery, TheHolderOfTheRecoveryKeyGetsTheKeyring) {
  EXPECT_EQ(Ask(world_.RecoverRequestOf(ann_))->sealed_keyring(), keyring_);
  // Without any device.
  ASSERT_TRUE(devices_.Revoke(ann_, ann_).ok());
  EXPECT_EQ(Ask(world_.RecoverRequestOf(ann_))->sealed_keyring(), keyring_);
}

TEST_F(Recovery, EveryOtherIsToldTheSame) {
  const TestUser stranger("stranger", world_.directory.deployment());
  TestUser& without_keyring = world_.AddMember("ben");
  Request of_another = world_.RecoverRequestOf(without_keyring);
  of_another.set_member(std::string(ann_.id().bytes()));
  Request by_device = ClaimBy(ann_.device);
  Request session_signature = world_.RecoverRequestOf(ann_);
  session_signature.set_signature(
      testing::SessionRequestOf(ann_, session_signature.challenge()).signature());

  std::vector<absl::Status> refusals;
  const auto refuse = [&](const Request& request) {
    refusals.push_back(Ask(request).status());
    EXPECT_EQ(refusals.back().code(), absl::StatusCode::kUnauthenticated) << refusals.back();
  };
  refuse(world_.RecoverRequestOf(stranger));
  refuse(ClaimBy(testing::TestKey("a thief's key")));
  refuse(of_another);
  refuse(by_device);
  refuse(session_signature);
  const auto changed = [&](const std::function<void(Request&)>& change) {
    Request request = world_.RecoverRequestOf(ann_);
    change(request);
    refuse(request);
  };
  changed([](Request& r) { r.set_signature(Flip(r.signature(), 100)); });
  changed([](Request& r) { r.set_challenge(Flip(r.challenge(), 7)); });
  changed([](Request& r) { r.set_recovery_key(Flip(r.recovery_key(), 7)); });
  changed([](Request& r) { r.set_member(Flip(r.member(), 7)); });
  changed([](Request& r) { r.set_server_name("other.example"); });
  changed([](Request& r) { r.clear_server_name(); });
  changed([](Request& r) { r.set_recovery_key(std::string(32, '\0')); });
  changed([this](Request&) { world_.clock.Advance(kChallengeLife); });
  for (const absl::Status& refusal : refusals) {
    EXPECT_EQ(refusal, refusals.front());
    EXPECT_EQ(rpc::ReasonOf(refusal), common::v1::ERROR_REASON_NOT_AUTHORISED);
    EXPECT_EQ(rpc::FieldOf(refusal), std::nullopt);
  }
}

TEST_F(Recovery, AChallengeIsGoodForOneLookWhateverComesOfIt) {
  const Request good = world_.RecoverRequestOf(ann_);
  ASSERT_TRUE(Ask(good).ok());
  EXPECT_EQ(Ask(good).status().code(), absl::StatusCode::kUnauthenticated);

  TestUser& ben = world_.AddMember("ben");
  const Request nothing_there = world_.RecoverRequestOf(ben);
  const absl::Status none = Ask(nothing_there).status();
  EXPECT_EQ(none.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(rpc::ReasonOf(none), common::v1::ERROR_REASON_NOT_FOUND);
  EXPECT_EQ(Ask(nothing_there).status().code(), absl::StatusCode::kUnauthenticated);

  // Whoever can't sign doesn't use it up.
  const Request fresh = world_.RecoverRequestOf(ann_);
  Request forged = fresh;
  forged.set_signature(Flip(fresh.signature(), 1));
  EXPECT_FALSE(Ask(forged).ok());
  EXPECT_TRUE(Ask(fresh).ok());
}

TEST_F(Recovery, AChallengeOfASessionIsNotTakenTwiceEither) {
  const auto challenge =
      world_.sessions->CreateChallenge(testing::ChallengeRequestOf(ann_))->challenge();
  ASSERT_TRUE(
      world_.sessions->Open(testing::SessionRequestOf(ann_, challenge), MailWorld::Soon()).ok());
  EXPECT_EQ(Ask(testing::RecoverRequestOf(ann_, challenge)).status().code(),
            absl::StatusCode::kUnauthenticated);
}

TEST_F(Recovery, FollowsTheEntryThatTheMailboxStandsOn) {
  // Only a recovery key's signature changes which key is the recovery key.
  const auto newest = world_.directory.Prove(ann_.member.handle).signed_entry();
  auto next = testing::TestMember::NextEntry(newest.entry());
  const crypto::SigningKey other = testing::TestKey("another kit");
  next.set_recovery_key_digest(crypto::ToString(attest::RecoveryKeyDigest(other.public_key())));
  auto entry = ann_.member.Sign(next);
  testing::TestMember::Authorise(&entry, ann_.member.recovery, true);
  world_.directory.Attest(&entry);
  world_.directory.Put(entry);
  world_.directory.MakeHead(world_.clock.Now());
  EXPECT_TRUE(Ask(world_.RecoverRequestOf(ann_)).ok()) << "not enrolled with yet";
  ASSERT_TRUE(world_.Enroll(EnrollRequestOf(world_.directory, ann_)).ok());
  EXPECT_EQ(Ask(world_.RecoverRequestOf(ann_)).status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Ask(ClaimBy(other))->sealed_keyring(), keyring_);
}

TEST_F(Recovery, FieldsOfWrongSizeAreNamed) {
  struct Case {
    const char* field;
    std::function<void(Request&)> spoil;
  };
  for (const Case& bad :
       {Case{"member", [](Request& r) { r.mutable_member()->pop_back(); }},
        Case{"recovery_key", [](Request& r) { r.clear_recovery_key(); }},
        Case{"challenge", [](Request& r) { r.mutable_challenge()->push_back(1); }},
        Case{"signature", [](Request& r) { r.clear_signature(); }}}) {
    Request request = world_.RecoverRequestOf(ann_);
    bad.spoil(request);
    const absl::Status status = Ask(request).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(rpc::ReasonOf(status), common::v1::ERROR_REASON_FIELD_SIZE);
    EXPECT_EQ(rpc::FieldOf(status), bad.field);
  }
}

// A thief of the disk, or a broken one, puts an older keyring in the newest one's place.
TEST_F(Recovery, AKeyringRowThatWasPutBackIsNoticed) {
  const auto rows = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> std::map<engine::RowKey, std::string>& {
    const auto index = world_.ring->IndexTagOf(ann_.id());
    const auto tag =
        *world_.ring->OpenIndex(index, devices_.storage->partitions.at(index).rows.begin()->second);
    return devices_.storage->partitions.at(tag).rows;
  };
  const engine::RowKey slot0{table::kKeyrings, std::string(1, '\0')};
  const std::string older = rows().at(slot0);
  for (const char* name : {"second", "third"}) {
    ASSERT_TRUE(devices_.Put(ann_, SealedKeyring(name)).ok());
    ASSERT_TRUE(devices_.Name(ann_, SealedKeyring(name)).ok());
  }
  ASSERT_TRUE(rows().contains(slot0));
  EXPECT_EQ(devices_.Recover(ann_).value(), SealedKeyring("third"));
  rows()[slot0] = older;
  EXPECT_TRUE(absl::IsDataLoss(devices_.Recover(ann_).status()));
  rows().erase(slot0);
  EXPECT_TRUE(absl::IsDataLoss(devices_.Recover(ann_).status()));
}

}  // namespace
}  // namespace letterlock::mail
