// DeviceService over the wire, and what a revoked device meets at every other one.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>
#include <string>

#include "attest/canonical_proto.h"
#include "crypto/base/encoding.h"
#include "letterlock/common/v1/errors.pb.h"
#include "letterlock/common/v1/options.pb.h"
#include "letterlock/mail/v1/attachment_service.pb.h"
#include "letterlock/mail/v1/device_service.pb.h"
#include "served_fixture.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

using google::protobuf::Message;

// Every method of the services that these messages are declared beside.
std::map<std::string, common::v1::AccessRule> MethodsOfThePlane() {
  std::map<std::string, common::v1::AccessRule> rules;
  for (const google::protobuf::Descriptor* message :
       {v1::EnrollRequest::descriptor(), v1::CreateSessionRequest::descriptor(),
        v1::SendRequest::descriptor(), v1::UploadRequest::descriptor(),
        v1::ListDevicesRequest::descriptor()}) {
    const auto& service = *message->file()->service(0);
    for (int i = 0; i < service.method_count(); ++i) {
      const auto& method = *service.method(i);
      rules["/" + service.full_name() + "/" + method.name()] =
          method.options().GetExtension(common::v1::access);
    }
  }
  return rules;
}

class DeviceServiceTest : public Served {
 protected:
  absl::Status Call(const std::string& method, const std::string& request,
                    const std::string& token) {
    return client().CallRaw(method, request,
                            token.empty() ? "" : "Bearer " + crypto::Base64UrlEncode(token));
  }
  // Good requests of bob's, for all that a session is needed for.
  std::map<std::string, std::string> RequestsOfBob() {
    std::map<std::string, std::string> requests;
    const auto add = [&](const std::string& method, const Message& request) {
      requests["/letterlock.mail.v1." + method] = request.SerializeAsString();
    };
    v1::MessageReference reference;
    reference.set_sender(std::string(ann_.id().bytes()));
    reference.set_message_id(std::string(sent_.bytes()));
    const std::string ann(ann_.id().bytes());
    const std::string hash(32, 'h');

    v1::SendRequest send;
    *send.mutable_envelope() = testing::EnvelopeOf(bob_, ann_, FreshMessageId());
    add("MailService/Send", send);
    v1::ImportRequest import;
    *import.mutable_envelope() = testing::EnvelopeOf(bob_, bob_, FreshMessageId());
    add("MailService/Import", import);
    v1::BatchGetRequest get;
    *get.add_references() = reference;
    add("MailService/BatchGet", get);
    add("MailService/List", v1::ListRequest());
    add("MailService/Sync", v1::SyncRequest());
    add("MailService/Fetch", v1::FetchRequest());
    v1::WatchRequest watch;
    watch.set_token("of no mailbox");
    add("MailService/Watch", watch);
    v1::UpdateRequest update;
    *update.add_updates()->mutable_reference() = reference;
    update.mutable_updates(0)->set_read(true);
    add("MailService/Update", update);
    v1::DeleteRequest remove;
    *remove.add_references() = reference;
    add("MailService/Delete", remove);
    v1::RespondRequest respond;
    respond.set_member(ann);
    respond.set_answer(v1::ANSWER_ACCEPT);
    add("MailService/Respond", respond);
    v1::BlockRequest block;
    block.set_member(std::string(16, 'x'));
    add("MailService/Block", block);
    v1::UnblockRequest unblock;
    unblock.set_member(ann);
    add("MailService/Unblock", unblock);
    add("MailService/ListBlocks", v1::ListBlocksRequest());
    add("MailService/GetLimits", v1::GetLimitsRequest());
    v1::ReportRequest report;
    *report.mutable_reference() = reference;
    report.set_sealed_disclosure(std::string(100, 'd'));
    report.set_desk_encryption_key_id(std::string(8, 'k'));
    add("MailService/Report", report);
    add("MailService/ListReports", v1::ListReportsRequest());
    v1::DeleteReportRequest delete_report;
    delete_report.set_sequence(1);
    add("MailService/DeleteReport", delete_report);
    v1::UploadRequest upload;
    upload.mutable_start()->set_ciphertext_hash(hash);
    upload.mutable_start()->set_size(19 + 256 + 16);
    add("AttachmentService/Upload", upload);
    v1::GetUploadRequest get_upload;
    get_upload.set_ciphertext_hash(hash);
    add("AttachmentService/GetUpload", get_upload);
    v1::DownloadRequest download;
    download.set_ciphertext_hash(hash);
    add("AttachmentService/Download", download);
    add("DeviceService/ListDevices", v1::ListDevicesRequest());
    v1::RevokeDeviceRequest revoke;
    revoke.set_device_key(std::string(32, 'k'));
    add("DeviceService/RevokeDevice", revoke);
    v1::PutKeyringRequest put;
    put.set_sealed_keyring(testing::SealedKeyring("bob's"));
    add("DeviceService/PutKeyring", put);
    return requests;
  }
  // A second device of bob's, with its token.
  std::string EnrollPhone() {
    EXPECT_TRUE(client().Call(EnrollRequestOf(served_.world.directory, phone_)).ok());
    return served_.TokenOf(phone_);
  }
  absl::Status Revoke(const TestUser& device, const std::string& token) {
    v1::RevokeDeviceRequest request;
    request.set_device_key(std::string(device.device.public_key().bytes()));
    return client().Call(request, token).status();
  }
  static void ExpectUnknownDevice(const absl::Status& status, const std::string& what = "") {
    EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << what << ": " << status;
    EXPECT_EQ(rpc::ReasonOf(status), common::v1::ERROR_REASON_UNKNOWN_DEVICE) << what;
  }

  const TestUser phone_ = bob_.WithDevice("phone");
};

TEST_F(DeviceServiceTest, EveryMethodOfTheMailPlaneIsServedUnderItsRule) {
  for (const auto& [method, rule] : MethodsOfThePlane()) {
    const absl::Status status = Call(method, "", "");
    EXPECT_NE(status.code(), absl::StatusCode::kUnimplemented) << method;
    EXPECT_EQ(rpc::ReasonOf(status) == common::v1::ERROR_REASON_TOKEN_MISSING,
              rule == common::v1::ACCESS_RULE_SESSION)
        << method << ": " << status;
  }
}

TEST_F(DeviceServiceTest, ListsDevicesAndSaysWhichOneAsks) {
  const std::string token = EnrollPhone();
  const auto listed = client().Call(v1::ListDevicesRequest(), token);
  ASSERT_TRUE(listed.ok()) << listed.status();
  ASSERT_EQ(listed->devices_size(), 2);
  EXPECT_EQ(listed->devices(0).device_key(), bob_.device.public_key().bytes());
  EXPECT_FALSE(listed->devices(0).current());
  EXPECT_EQ(listed->devices(1).device_key(), phone_.device.public_key().bytes());
  EXPECT_TRUE(listed->devices(1).current());
  EXPECT_EQ(listed->devices(1).issued_unix_ms(), phone_.Certificate().issued_unix_ms());
}

TEST_F(DeviceServiceTest, ARevokedDevicesTokenIsRefusedByEveryMethod) {
  const std::string token = EnrollPhone();
  const auto requests = RequestsOfBob();
  std::set<std::string> known;
  for (const auto& [method, request] : requests) known.insert(method);
  std::set<std::string> wanted;
  for (const auto& [method, rule] : MethodsOfThePlane()) {
    if (rule == common::v1::ACCESS_RULE_SESSION) wanted.insert(method);
  }
  ASSERT_EQ(known, wanted) << "a method is missing here";
  // The control: with its device, nothing is refused for it.
  EXPECT_TRUE(Call("/letterlock.mail.v1.MailService/List", "", token).ok());

  ASSERT_TRUE(Revoke(phone_, bob_token_).ok());
  const auto before = served_.Store();
  for (const auto& [method, request] : requests) {
    ExpectUnknownDevice(Call(method, request, token), method);
  }
  EXPECT_TRUE(served_.Store() == before);
  ExpectUnknownDevice(client().OpenSession(phone_).status());
  EXPECT_TRUE(client().Call(v1::ListRequest(), bob_token_).ok());
}

TEST_F(DeviceServiceTest, TheCapturedEnrolmentOfARevokedDeviceIsRefused) {
  const auto captured = EnrollRequestOf(served_.world.directory, phone_);
  EnrollPhone();
  ASSERT_TRUE(Revoke(phone_, bob_token_).ok());
  const absl::Status replayed = client().Call(captured).status();
  EXPECT_EQ(replayed.code(), absl::StatusCode::kPermissionDenied) << replayed;
  EXPECT_EQ(rpc::ReasonOf(replayed), common::v1::ERROR_REASON_UNKNOWN_DEVICE);
  EXPECT_EQ(rpc::FieldOf(replayed), "device_certificate");
  ExpectUnknownDevice(client().OpenSession(phone_).status());
}

TEST_F(DeviceServiceTest, AWatchOfARevokedDeviceEndsAtOnce) {
  const std::string token = EnrollPhone();
  v1::WatchRequest request;
  request.set_token(client().Call(v1::SyncRequest(), token)->token());
  auto watch = client().Open(request, token);
  auto others = client().Open(request, bob_token_);
  // It watches from its first notice on.
  ASSERT_TRUE(client().Call(Fresh(), ann_token_).ok());
  v1::WatchResponse notice;
  ASSERT_TRUE(watch->Next(&notice));
  ASSERT_TRUE(others->Next(&notice));
  served_.WaitUntilSettled();
  ASSERT_TRUE(Revoke(phone_, bob_token_).ok());
  ExpectUnknownDevice(watch->Finish());
  ASSERT_TRUE(client().Call(Fresh(), ann_token_).ok());
  EXPECT_TRUE(others->Next(&notice));
}

TEST_F(DeviceServiceTest, AFetchOfARevokedDeviceGetsNoFurther) {
  constexpr int kSent = 300;
  for (int i = 0; i < kSent; ++i) {
    v1::SendRequest request;
    *request.mutable_envelope() =
        testing::EnvelopeOf(ann_, bob_, FreshMessageId(), "large", 32'768);
    ASSERT_TRUE(client().Call(request, ann_token_).ok());
  }
  auto fetch = client().Open(v1::FetchRequest(), EnrollPhone());
  v1::FetchResponse response;
  ASSERT_TRUE(fetch->Next(&response));
  ASSERT_TRUE(Revoke(phone_, bob_token_).ok());
  int fetched = response.messages_size();
  while (fetch->Next(&response)) fetched += response.messages_size();
  ExpectUnknownDevice(fetch->Finish());
  EXPECT_LT(fetched, kSent) << "all of it was on its way before";
}

TEST_F(DeviceServiceTest, AKeyringGoesInAndComesOutForTheRecoveryKey) {
  const std::string keyring = testing::SealedKeyring("the largest", kMaxSealedKeyring);
  v1::PutKeyringRequest put;
  put.set_sealed_keyring(keyring);
  ASSERT_TRUE(client().Call(put, bob_token_).ok());
  EXPECT_TRUE(absl::IsNotFound(client().Recover(bob_).status()));
  testing::PublishKeyringIn(served_.world.directory, bob_, keyring, served_.world.clock.Now());
  ASSERT_TRUE(client().Call(EnrollRequestOf(served_.world.directory, bob_)).ok());
  const auto recovered = client().Recover(bob_);
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  EXPECT_EQ(*recovered, keyring);
}

}  // namespace
}  // namespace letterlock::mail
