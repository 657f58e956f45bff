// The disk fills up under the real daemon: while messages are sent, and in the middle of an upload.
// Its small disk is a limit on the size of each file, which the log of writes comes to
// (RLIMIT_FSIZE, with its signal ignored): a file system of its own would need rights that a plain
// container lacks. It fails with EFBIG; that ENOSPC is told apart is the engine's test
// (unit/server/engine/rocksdb/disk_fault_test.cc).
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "absl/time/clock.h"
#include "crypto/base/encoding.h"
#include "crypto/base/hash.h"
#include "crypto/base/random.h"
#include "crypto/base/strings.h"
#include "letterlock/mail/v1/attachment_service.grpc.pb.h"
#include "server/rpc/grpc_status.h"
#include "server/tls/credentials.h"
#include "support/served_maild.h"

namespace letterlock {
namespace {

using mail::v1::AttachmentService;
using ::testing::AnyOf;
using ::testing::HasSubstr;

// Bytes of ciphertext of a file of 640 KiB and of 6 MiB.
constexpr std::size_t kFits = 19 + 655'360 + 10 * 16;
constexpr std::size_t kDoesNot = 19 + 6'291'456 + 96 * 16;

std::string RandomBytes(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  crypto::SystemRandom().Fill(bytes);
  return std::string(crypto::AsView(bytes));
}

std::string HashOf(std::string_view bytes) {
  return std::string(crypto::AsView(crypto::Sha256(bytes)));
}

// One member's attachments at one daemon.
class Attachments {
 public:
  Attachments(const std::string& address, const std::string& ca_file, std::string_view token)
      : stub_(AttachmentService::NewStub(*tls::MakeChannel(
            {.address = address, .server_name = "localhost", .ca_file = ca_file}))),
        bearer_("Bearer " + crypto::Base64UrlEncode(token)) {}

  absl::Status Upload(std::string_view bytes, std::uint64_t offset) {
    grpc::ClientContext context;
    Prepare(context);
    mail::v1::UploadResponse response;
    const auto call = stub_->Upload(&context, &response);
    mail::v1::UploadRequest request;
    request.mutable_start()->set_ciphertext_hash(HashOf(bytes));
    request.mutable_start()->set_size(bytes.size());
    request.mutable_start()->set_offset(offset);
    bool open = call->Write(request);
    for (bytes.remove_prefix(offset); open && !bytes.empty();) {
      const std::size_t size = std::min<std::size_t>(bytes.size(), 65'536);
      request.set_data(std::string(bytes.substr(0, size)));
      open = call->Write(request);
      bytes.remove_prefix(size);
    }
    call->WritesDone();
    return rpc::FromGrpc(call->Finish());
  }
  absl::StatusOr<mail::v1::GetUploadResponse> Standing(std::string_view bytes) {
    grpc::ClientContext context;
    Prepare(context);
    mail::v1::GetUploadRequest request;
    request.set_ciphertext_hash(HashOf(bytes));
    mail::v1::GetUploadResponse response;
    absl::Status status = rpc::FromGrpc(stub_->GetUpload(&context, request, &response));
    if (!status.ok()) return status;
    return response;
  }
  absl::StatusOr<std::string> Download(std::string_view bytes) {
    grpc::ClientContext context;
    Prepare(context);
    mail::v1::DownloadRequest request;
    request.set_ciphertext_hash(HashOf(bytes));
    const auto call = stub_->Download(&context, request);
    std::string all;
    mail::v1::DownloadResponse piece;
    while (call->Read(&piece)) all += piece.data();
    absl::Status status = rpc::FromGrpc(call->Finish());
    if (!status.ok()) return status;
    return all;
  }

 private:
  void Prepare(grpc::ClientContext& context) const {
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(60)));
    context.AddMetadata("authorization", bearer_);
  }

  const std::unique_ptr<AttachmentService::Stub> stub_;
  const std::string bearer_;
};

class FullDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(served_.Start().ok()) << served_.LogText();
    ASSERT_TRUE(served_.Enroll(ann_).ok());
    ASSERT_TRUE(served_.Enroll(bob_).ok());
    ASSERT_EQ(served_.Stop().value_or(-1), 0);
  }

  // The daemon, with so many KiB for each of its files.
  std::unique_ptr<testing::Daemon> StartOnASmallDisk(int kib) {
    testing::DaemonOptions options;
    options.binary = "/bin/sh";
    const std::string limited =
        "trap '' XFSZ; ulimit -f " + std::to_string(2 * kib) + "; exec \"$@\"";
    const std::string maild = LETTERLOCK_BIN "/letterlock-maild";
    const std::string config = served_.path() + "/maild.toml";
    options.arguments = {"-c",
                         limited,
                         "sh",
                         maild,
                         "--config",
                         config,
                         "--listen",
                         "127.0.0.1:0",
                         "--confinement",
                         "best-effort",
                         "--limits.correspondence",
                         "open"};
    options.port_file = served_.path() + "/store/port";
    options.log_file = served_.path() + "/maild.log";
    auto daemon = testing::Daemon::Start(options);
    EXPECT_TRUE(daemon.ok()) << daemon.status();
    return daemon.ok() ? *std::move(daemon) : nullptr;
  }
  // It ends by itself, and says why.
  void ExpectItEnds(testing::Daemon& daemon) {
    EXPECT_EQ(daemon.WaitForExit().value_or(-1), 1);
    EXPECT_THAT(served_.LogText(), HasSubstr("\"event\":\"store\""));
    EXPECT_THAT(served_.LogText(), HasSubstr("letterlock-maild: the store takes no writes"));
  }
  // A message that Ann sends to Bob; its header if it was acknowledged.
  std::optional<std::string> Send(testing::MailClient& client, const std::string& token,
                                  std::uint32_t size, std::string_view attachment = "") {
    mail::v1::SendRequest request;
    *request.mutable_envelope() = EnvelopeOf(ann_, bob_, testing::FreshMessageId(), "sealed", size);
    if (!attachment.empty()) request.add_attachments(HashOf(attachment));
    if (!client.Call(request, token).ok()) return std::nullopt;
    return request.envelope().header();
  }
  void ExpectHeld(const std::set<std::string>& acknowledged) {
    std::set<std::string> kept;
    const auto listed = served_.ListAll(bob_).value();
    for (const auto& message : listed) kept.insert(message.header());
    EXPECT_TRUE(std::includes(kept.begin(), kept.end(), acknowledged.begin(), acknowledged.end()));
  }

  test::ServedMaild served_;
  const testing::MailUser ann_{"ann", served_.deployment()}, bob_{"bob", served_.deployment()};
};

TEST_F(FullDisk, EndsTheDaemonAndLosesNoMessageThatWasAcknowledged) {
  const auto daemon = StartOnASmallDisk(2000);
  ASSERT_NE(daemon, nullptr);
  auto client = testing::MailClient::Dial(daemon->address(), served_.ca_file()).value();
  const std::string token = client->OpenSession(ann_).value();
  std::set<std::string> acknowledged;
  for (int i = 0; i < 500; ++i) {
    const auto sent = Send(*client, token, 32'768);
    if (!sent) break;
    acknowledged.insert(*sent);
  }
  ExpectItEnds(*daemon);
  EXPECT_GT(acknowledged.size(), 3u);
  EXPECT_LT(acknowledged.size(), 500u);
  ASSERT_TRUE(served_.Start().ok()) << served_.LogText();
  ExpectHeld(acknowledged);
}

TEST_F(FullDisk, InTheMiddleOfAnUploadLosesNothingAcknowledgedAndTheUploadGoesOnAfterwards) {
  const std::string fits = RandomBytes(kFits);
  const std::string does_not = RandomBytes(kDoesNot);
  std::set<std::string> acknowledged;
  {
    const auto daemon = StartOnASmallDisk(4000);
    ASSERT_NE(daemon, nullptr);
    auto client = testing::MailClient::Dial(daemon->address(), served_.ca_file()).value();
    const std::string token = client->OpenSession(ann_).value();
    Attachments attachments(daemon->address(), served_.ca_file(), token);
    ASSERT_TRUE(attachments.Upload(fits, 0).ok());
    const auto sent = Send(*client, token, 256, fits);
    ASSERT_TRUE(sent);
    acknowledged.insert(*sent);
    const absl::Status full = attachments.Upload(does_not, 0);
    EXPECT_THAT(full.code(),
                AnyOf(absl::StatusCode::kUnavailable, absl::StatusCode::kResourceExhausted))
        << full;
    EXPECT_FALSE(Send(*client, token, 256));
    ExpectItEnds(*daemon);
  }

  // There is room again.
  ASSERT_TRUE(served_.Start().ok()) << served_.LogText();
  ExpectHeld(acknowledged);
  const auto attachments_of = [this](const testing::MailUser& user) {
    return Attachments(served_.daemon().address(), served_.ca_file(),
                       served_.client().OpenSession(user).value());
  };
  EXPECT_EQ(attachments_of(bob_).Download(fits).value_or(""), fits);
  Attachments attachments = attachments_of(ann_);
  const auto standing = attachments.Standing(does_not);
  ASSERT_TRUE(standing.ok()) << standing.status();
  EXPECT_FALSE(standing->complete());
  EXPECT_GT(standing->offset(), 0u);
  EXPECT_LT(standing->offset(), does_not.size());
  ASSERT_TRUE(attachments.Upload(does_not, standing->offset()).ok());
  ASSERT_TRUE(Send(served_.client(), served_.client().OpenSession(ann_).value(), 256, does_not));
  EXPECT_EQ(attachments_of(bob_).Download(does_not).value_or(""), does_not);
}

}  // namespace
}  // namespace letterlock
