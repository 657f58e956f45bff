// A member who rotates her keys in the directory, and the mailbox that follows her: with both real
// daemons, which know nothing of each other.
#include <gtest/gtest.h>

#include "attest/canonical_proto.h"
#include "crypto/base/bytes.h"
#include "crypto/base/context.h"
#include "letterlock/common/v1/errors.pb.h"
#include "letterlock/mail/v1/device.pb.h"
#include "server/rpc/status.h"
#include "support/directory_member.h"
#include "support/served_directory.h"
#include "support/served_maild.h"

namespace letterlock {
namespace {

using directory::v1::SignedEntry;

class Rotation : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(directory_.Start().ok());
    maild_ = std::make_unique<test::ServedMaild>(directory_.PathOf("trust.txt"));
    ASSERT_TRUE(maild_->Start().ok());
    ann_ = std::make_unique<test::DirectoryMember>(directory_.trust().deployment(), "ann");
    Publish(ann_->Next());
    member_ =
        std::string(crypto::MemberIdOf(directory_.trust().deployment(),
                                       ann_->identity().public_key(), *crypto::Handle::Parse("ann"))
                        .bytes());
  }

  void Publish(const SignedEntry& entry) {
    const auto published = directory_.Publish(entry);
    ASSERT_TRUE(published.ok()) << published.status();
  }
  // What her client carries across, with the entries from this version on.
  mail::v1::EnrollRequest Enrolment(const crypto::SigningKey& device, std::uint64_t history_from) {
    directory::v1::LookupRequest lookup;
    lookup.set_handle("ann");
    lookup.set_history_from(history_from);
    const auto found = directory_.Call(lookup).value();
    mail::v1::DeviceCertificate certificate;
    certificate.set_deployment(std::string(directory_.trust().deployment().bytes()));
    certificate.set_member(member_);
    certificate.set_device_key(std::string(device.public_key().bytes()));
    certificate.set_issued_unix_ms(1'700'000'000'000);
    mail::v1::EnrollRequest request;
    *request.mutable_proof() = found.proof();
    *request.mutable_intermediate() = found.history();
    request.set_device_certificate(attest::SerializeCanonical(certificate));
    request.set_device_signature(
        ann_->identity().Sign(context::kDeviceCertificate, {request.device_certificate()}));
    return request;
  }
  absl::Status OpenSession(const crypto::SigningKey& device) {
    mail::v1::CreateChallengeRequest ask;
    ask.set_member(member_);
    ask.set_device_key(std::string(device.public_key().bytes()));
    const auto challenge = maild_->client().Call(ask);
    if (!challenge.ok()) return challenge.status();
    mail::v1::CreateSessionRequest request;
    request.set_member(ask.member());
    request.set_device_key(ask.device_key());
    request.set_challenge(challenge->challenge());
    request.set_server_name("localhost");
    const std::string names =
        crypto::ByteWriter().Field("letterlock-maild").Field(request.server_name()).Take();
    request.set_signature(device.Sign(
        context::kSession, {directory_.trust().deployment().bytes(), names, request.member(),
                            request.device_key(), request.challenge()}));
    return maild_->client().Call(request).status();
  }

  test::ServedDirectory directory_;
  std::unique_ptr<test::ServedMaild> maild_;
  std::unique_ptr<test::DirectoryMember> ann_;
  std::string member_;
};

TEST_F(Rotation, IsFollowedStepByStepAndEndsTheDevicesBeforeIt) {
  const auto laptop = crypto::SigningKey::Generate();
  ASSERT_TRUE(maild_->client().Call(Enrolment(laptop, 0)).ok());
  EXPECT_TRUE(OpenSession(laptop).ok());

  Publish(ann_->Rotate());
  Publish(ann_->Recover());
  Publish(ann_->Next());
  const auto phone = crypto::SigningKey::Generate();
  const auto short_of_steps = maild_->client().Call(Enrolment(phone, 3));
  EXPECT_EQ(short_of_steps.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(rpc::ReasonOf(short_of_steps.status()), common::v1::ERROR_REASON_ENTRY_STEPS_MISSING);
  EXPECT_TRUE(OpenSession(laptop).ok());

  const auto followed = maild_->client().Call(Enrolment(phone, 2));
  ASSERT_TRUE(followed.ok()) << followed.status();
  EXPECT_EQ(followed->entry_version(), 4u);
  EXPECT_TRUE(OpenSession(phone).ok());
  EXPECT_EQ(rpc::ReasonOf(OpenSession(laptop)), common::v1::ERROR_REASON_UNKNOWN_DEVICE);
}

TEST_F(Rotation, BeforeTheMailboxIsOpenedNeedsTheWholeHistory) {
  Publish(ann_->Rotate());
  const auto laptop = crypto::SigningKey::Generate();
  EXPECT_EQ(rpc::ReasonOf(maild_->client().Call(Enrolment(laptop, 0)).status()),
            common::v1::ERROR_REASON_ENTRY_STEPS_MISSING);
  EXPECT_TRUE(maild_->client().Call(Enrolment(laptop, 1)).ok());
  EXPECT_TRUE(OpenSession(laptop).ok());
}

}  // namespace
}  // namespace letterlock
