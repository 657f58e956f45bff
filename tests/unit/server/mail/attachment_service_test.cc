// AttachmentService over the wire.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "crypto/base/encoding.h"
#include "crypto/base/hash.h"
#include "letterlock/common/v1/errors.pb.h"
#include "letterlock/mail/v1/attachment_service.grpc.pb.h"
#include "served_mail.h"
#include "server/rpc/grpc_status.h"
#include "server/rpc/status.h"
#include "server/tls/credentials.h"

namespace letterlock::mail {
namespace {

constexpr std::size_t kSmall = 19 + 256 + 16;
constexpr std::size_t kManyRows = 19 + 1'310'720 + 20 * 16;

std::string Ciphertext(std::size_t size, char seed = 'a') { return std::string(size, seed); }

class AttachmentServiceTest : public ::testing::Test {
 protected:
  AttachmentServiceTest() {
    ada_ = &served_.world.AddMember("ada");
    token_ = served_.TokenOf(*ada_);
    stub_ = v1::AttachmentService::NewStub(
        tls::MakeChannel({.address = served_.address(), .ca_file = served_.ca_file()}).value());
  }

  void Authorise(grpc::ClientContext* context) const {
    context->AddMetadata("authorization", "Bearer " + crypto::Base64UrlEncode(token_));
  }

  struct Call {
    grpc::ClientContext context;
    v1::UploadResponse response;
    std::unique_ptr<grpc::ClientWriter<v1::UploadRequest>> writer;

    bool Start(const std::string& hash, std::uint64_t size, std::uint64_t offset = 0) {
      v1::UploadRequest request;
      request.mutable_start()->set_ciphertext_hash(hash);
      request.mutable_start()->set_size(size);
      request.mutable_start()->set_offset(offset);
      return writer->Write(request);
    }
    bool Data(std::string_view bytes) {
      for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(50'000, bytes.size()))) {
        v1::UploadRequest request;
        request.set_data(std::string(bytes.substr(0, 50'000)));
        if (!writer->Write(request)) return false;
      }
      return true;
    }
    absl::Status End() {
      writer->WritesDone();
      return rpc::FromGrpc(writer->Finish());
    }
  };
  std::unique_ptr<Call> Open(bool with_session = true) {
    auto call = std::make_unique<Call>();
    if (with_session) Authorise(&call->context);
    call->writer = stub_->Upload(&call->context, &call->response);
    return call;
  }
  static std::string HashOf(const std::string& bytes) {
    return crypto::ToString(crypto::Sha256(bytes));
  }

  absl::Status GetUpload(const std::string& hash, v1::GetUploadResponse* response) {
    grpc::ClientContext context;
    Authorise(&context);
    v1::GetUploadRequest request;
    request.set_ciphertext_hash(hash);
    return rpc::FromGrpc(stub_->GetUpload(&context, request, response));
  }

  absl::StatusOr<std::string> Get(const std::string& hash, std::uint64_t offset = 0,
                                  std::uint64_t length = 0) {
    grpc::ClientContext context;
    Authorise(&context);
    v1::DownloadRequest request;
    request.set_ciphertext_hash(hash);
    request.set_offset(offset);
    request.set_length(length);
    const auto reader = stub_->Download(&context, request);
    std::string all;
    v1::DownloadResponse piece;
    while (reader->Read(&piece)) {
      EXPECT_LE(piece.data().size(), 65'536u);
      all += piece.data();
    }
    if (absl::Status status = rpc::FromGrpc(reader->Finish()); !status.ok()) return status;
    return all;
  }

  ServedMail served_;
  TestUser* ada_ = nullptr;
  std::string token_;
  std::unique_ptr<v1::AttachmentService::Stub> stub_;
};

TEST_F(AttachmentServiceTest, BytesGoUpAndComeDown) {
  const std::string bytes = Ciphertext(kManyRows);
  auto call = Open();
  EXPECT_TRUE(call->Start(HashOf(bytes), bytes.size()));
  EXPECT_TRUE(call->Data(bytes));
  ASSERT_TRUE(call->End().ok());
  EXPECT_EQ(call->response.expires_unix_ms(),
            absl::ToUnixMillis(served_.world.clock.Now() + absl::Hours(24)));
  EXPECT_EQ(*Get(HashOf(bytes)), bytes);
  EXPECT_EQ(Get(HashOf(bytes), 70'000, 5)->size(), 5u);
  v1::GetUploadResponse standing;
  ASSERT_TRUE(GetUpload(HashOf(bytes), &standing).ok());
  EXPECT_TRUE(standing.complete());
  EXPECT_EQ(standing.offset(), bytes.size());
}

TEST_F(AttachmentServiceTest, ABrokenCallGoesOnWhereItsBytesAre) {
  const std::string bytes = Ciphertext(kManyRows);
  auto call = Open();
  EXPECT_TRUE(call->Start(HashOf(bytes), bytes.size()));
  EXPECT_TRUE(call->Data(bytes.substr(0, 800'000)));
  v1::GetUploadResponse standing;
  // The first whole write is there; the rest is kept when the call breaks.
  do {
    (void)GetUpload(HashOf(bytes), &standing);
  } while (standing.offset() == 0);
  call->context.TryCancel();
  EXPECT_EQ(call->End().code(), absl::StatusCode::kCancelled);

  absl::Status went_on;
  do {
    ASSERT_TRUE(GetUpload(HashOf(bytes), &standing).ok());
    auto again = Open();
    again->Start(HashOf(bytes), bytes.size(), standing.offset());
    again->Data(std::string_view(bytes).substr(standing.offset()));
    went_on = again->End();
  } while (absl::IsOutOfRange(went_on) || absl::IsAborted(went_on));
  ASSERT_TRUE(went_on.ok()) << went_on;
  EXPECT_EQ(*Get(HashOf(bytes)), bytes);
}

TEST_F(AttachmentServiceTest, BadInputIsRefusedWithItsField) {
  const auto refused = [&](auto write) {
    auto call = Open();
    write(*call);
    const absl::Status ended = call->End();
    return std::pair(rpc::ReasonOf(ended).value_or(common::v1::ERROR_REASON_UNSPECIFIED),
                     rpc::FieldOf(ended).value_or(""));
  };
  const std::string hash = HashOf("x");
  EXPECT_EQ(refused([](Call&) {}),
            std::pair(common::v1::ERROR_REASON_FIELD_MISSING, std::string("start")));
  EXPECT_EQ(refused([](Call& call) { call.Data("data first"); }),
            std::pair(common::v1::ERROR_REASON_FIELD_MISSING, std::string("start")));
  EXPECT_EQ(refused([](Call& call) { call.Start("short", kSmall); }),
            std::pair(common::v1::ERROR_REASON_FIELD_SIZE, std::string("start.ciphertext_hash")));
  EXPECT_EQ(refused([&](Call& call) { call.Start(hash, 7); }),
            std::pair(common::v1::ERROR_REASON_FIELD_RANGE, std::string("start.size")));
  EXPECT_EQ(refused([&](Call& call) { call.Start(hash, kSmall, 5); }),
            std::pair(common::v1::ERROR_REASON_UPLOAD_OFFSET, std::string("start.offset")));
  EXPECT_EQ(refused([&](Call& call) { call.Start(hash, kSmall), call.Start(hash, kSmall); }),
            std::pair(common::v1::ERROR_REASON_FIELD_SIZE, std::string("data")));
  EXPECT_EQ(refused([&](Call& call) {
              call.Start(hash, kSmall);
              v1::UploadRequest request;
              request.set_data(std::string(65'537, 'x'));
              call.writer->Write(request);
            }),
            std::pair(common::v1::ERROR_REASON_FIELD_SIZE, std::string("data")));
  EXPECT_EQ(refused([&](Call& call) { call.Start(hash, kSmall), call.Data(Ciphertext(kSmall)); }),
            std::pair(common::v1::ERROR_REASON_UPLOAD_HASH, std::string("start.ciphertext_hash")));
  EXPECT_EQ(refused([&](Call& call) { call.Start(hash, kSmall), call.Data("less"); }),
            std::pair(common::v1::ERROR_REASON_UPLOAD_OFFSET, std::string("data")));
  v1::GetUploadResponse standing;
  EXPECT_EQ(rpc::FieldOf(GetUpload("short", &standing)), "ciphertext_hash");
  EXPECT_EQ(Get("short").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Get(hash).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(AttachmentServiceTest, NeedsASession) {
  EXPECT_EQ(Open(false)->End().code(), absl::StatusCode::kUnauthenticated);
  token_.back() ^= 1;
  EXPECT_EQ(Open()->End().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Get(HashOf("x")).status().code(), absl::StatusCode::kUnauthenticated);
}

class OfARevokedDevice : public AttachmentServiceTest {
 protected:
  void Revoke() {
    const absl::Status revoked = served_.world.devices->Revoke(
        served_.world.GrantOf(*ada_), ada_->device.public_key(), MailWorld::Soon());
    EXPECT_TRUE(revoked.ok()) << revoked;
  }
  static void ExpectUnknownDevice(const absl::Status& status) {
    EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << status;
    EXPECT_EQ(rpc::ReasonOf(status), common::v1::ERROR_REASON_UNKNOWN_DEVICE);
  }
};

TEST_F(OfARevokedDevice, ADownloadGetsNoFurther) {
  const std::string bytes = Ciphertext(19 + (8 << 20) + 128 * 16);
  auto call = Open();
  call->Start(HashOf(bytes), bytes.size());
  call->Data(bytes);
  ASSERT_TRUE(call->End().ok());
  grpc::ClientContext context;
  Authorise(&context);
  v1::DownloadRequest request;
  request.set_ciphertext_hash(HashOf(bytes));
  const auto reader = stub_->Download(&context, request);
  v1::DownloadResponse piece;
  ASSERT_TRUE(reader->Read(&piece));
  Revoke();
  std::size_t got = piece.data().size();
  while (reader->Read(&piece)) got += piece.data().size();
  ExpectUnknownDevice(rpc::FromGrpc(reader->Finish()));
  EXPECT_LT(got, bytes.size()) << "all of it was on its way before";
}

TEST_F(OfARevokedDevice, AnUploadGoesNoFurther) {
  const std::string bytes = Ciphertext(kManyRows);
  auto call = Open();
  EXPECT_TRUE(call->Start(HashOf(bytes), bytes.size()));
  v1::GetUploadResponse standing;
  while (!GetUpload(HashOf(bytes), &standing).ok()) {
  }
  Revoke();
  call->Data(bytes);
  ExpectUnknownDevice(call->End());
}

TEST_F(AttachmentServiceTest, SendNamesThem) {
  const TestUser& ben = served_.world.AddMember("ben");
  const std::string bytes = Ciphertext(kManyRows);
  auto call = Open();
  call->Start(HashOf(bytes), bytes.size());
  call->Data(bytes);
  ASSERT_TRUE(call->End().ok());
  v1::SendRequest request;
  *request.mutable_envelope() = testing::EnvelopeOf(*ada_, ben, FreshMessageId());
  request.add_attachments("short");
  EXPECT_EQ(rpc::FieldOf(served_.client().Call(request, token_).status()), "attachments[0]");
  request.set_attachments(0, HashOf(bytes));
  request.add_attachments(HashOf(bytes));
  EXPECT_EQ(rpc::ReasonOf(served_.client().Call(request, token_).status()),
            common::v1::ERROR_REASON_TOO_MANY);
  request.mutable_attachments()->RemoveLast();
  const auto sent = served_.client().Call(request, token_);
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_EQ(sent->state(), v1::DELIVERY_STATE_DELIVERED);
  token_ = served_.TokenOf(ben);
  EXPECT_EQ(*Get(HashOf(bytes)), bytes);
}

}  // namespace
}  // namespace letterlock::mail
