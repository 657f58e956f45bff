#include "api/attachment_methods.h"

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

using rpc::FieldPath;
using rpc::InvalidField;
using Incoming = rpc::Incoming<v1::UploadRequest, v1::UploadResponse>;

// What one step of a stream waits for the disk; the whole takes as long as the network does.
constexpr absl::Duration kStep = absl::Seconds(10);
constexpr std::size_t kMaxPiece = 65'536;

absl::Time StepEnd() { return absl::Now() + kStep; }

absl::StatusOr<crypto::Digest> ReadHash(std::string_view bytes, const FieldPath& field) {
  const auto hash = crypto::DigestFromBytes(bytes);
  if (hash.ok()) return hash;
  return InvalidField(field, common::v1::ERROR_REASON_FIELD_SIZE, "is not 32 bytes");
}

// One call of Upload. Its steps follow each other; only the end of the call comes from elsewhere.
class UploadCall : public std::enable_shared_from_this<UploadCall> {
 public:
  UploadCall(Attachments& attachments, const MemberGrant& grant, const Incoming& incoming)
      : attachments_(attachments), grant_(grant), incoming_(incoming) {}

  void Begin() {
    const Incoming incoming = *incoming_;  // its end takes incoming_ away
    incoming.OnOver([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->Over();
    });
    Next();
  }

 private:
  void Next() {
    const std::optional<Incoming> incoming = Idle();
    if (!incoming) return;
    incoming->Next([self = shared_from_this()](const v1::UploadRequest* request) {
      if (const auto still = self->Work()) self->Take(*still, request);
    });
  }

  void Take(const Incoming& incoming, const v1::UploadRequest* request) {
    // Whoever is revoked in the middle brings nothing more.
    if (absl::Status device = attachments_.CheckDevice(grant_, StepEnd()); !device.ok()) {
      return End(incoming, device);
    }
    if (request == nullptr) return Finish(incoming);
    if (upload_ == nullptr) return Start(incoming, *request);
    if (!request->has_data() || request->data().empty() || request->data().size() > kMaxPiece) {
      return End(incoming, InvalidField("data", common::v1::ERROR_REASON_FIELD_SIZE,
                                        "is not 1 byte to 64 KiB"));
    }
    upload_->Append(request->data(), StepEnd(),
                    [self = shared_from_this(), incoming](const absl::Status& status) {
                      status.ok() ? self->Next() : self->End(incoming, status);
                    });
  }

  void Start(const Incoming& incoming, const v1::UploadRequest& request) {
    if (!request.has_start()) {
      return End(incoming,
                 InvalidField("start", common::v1::ERROR_REASON_FIELD_MISSING, "must come first"));
    }
    const v1::UploadStart& start = request.start();
    const auto hash = ReadHash(start.ciphertext_hash(), FieldPath("start").Then("ciphertext_hash"));
    if (!hash.ok()) return End(incoming, hash.status());
    auto upload = attachments_.StartUpload(grant_, *hash, start.size(), start.offset(), StepEnd());
    if (!upload.ok()) return End(incoming, upload.status());
    upload_ = *std::move(upload);
    Next();
  }

  void Finish(const Incoming& incoming) {
    if (upload_ == nullptr) {
      return End(incoming,
                 InvalidField("start", common::v1::ERROR_REASON_FIELD_MISSING, "must be set"));
    }
    const auto expires = upload_->Finish(StepEnd());
    if (!expires.ok()) return End(incoming, expires.status());
    v1::UploadResponse response;
    response.set_expires_unix_ms(*expires);
    incoming.Answer(response);
  }

  void End(const Incoming& incoming, const absl::Status& status) {
    {
      absl::MutexLock lock(&mu_);
      working_ = false;
    }
    incoming.End(status);
  }

  // A step begins: nothing where the call is over.
  std::optional<Incoming> Work() {
    absl::MutexLock lock(&mu_);
    working_ = true;
    return incoming_;
  }
  // A step is over: what came is kept where the call is, too.
  std::optional<Incoming> Idle() {
    absl::MutexLock lock(&mu_);
    working_ = false;
    if (over_) KeepSoon();
    return incoming_;
  }
  void Over() {
    std::optional<Incoming> incoming;  // goes outside the lock
    absl::MutexLock lock(&mu_);
    over_ = true;
    incoming_.swap(incoming);
    if (!working_) KeepSoon();
  }
  void KeepSoon() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (upload_ == nullptr || kept_) return;
    kept_ = true;
    // A full pool: less of it is kept.
    (void)attachments_.Submit(absl::InfiniteFuture(), [upload = upload_](const absl::Status&) {
      upload->Abandon(StepEnd());
    });
  }

  Attachments& attachments_;
  const MemberGrant grant_;
  std::shared_ptr<Upload> upload_;  // of the steps, and of what keeps it once they are over

  absl::Mutex mu_;
  // Until the call is over: they hold each other till then.
  std::optional<Incoming> incoming_;
  bool working_ ABSL_GUARDED_BY(mu_) = true;
  bool over_ ABSL_GUARDED_BY(mu_) = false;
  bool kept_ ABSL_GUARDED_BY(mu_) = false;
};

void SendPieces(Attachments& attachments, const MemberGrant& grant,
                const std::shared_ptr<Download>& download,
                const rpc::Stream<v1::DownloadResponse>& stream) {
  // Whoever is revoked in the middle gets nothing more.
  if (absl::Status device = attachments.CheckDevice(grant, StepEnd()); !device.ok()) {
    return stream.End(device);
  }
  auto piece = download->Next(StepEnd());
  if (!piece.ok()) return stream.End(piece.status());
  if (piece->empty()) return stream.End(absl::OkStatus());
  v1::DownloadResponse response;
  response.set_data(*std::move(piece));
  stream.Write(response, [&attachments, grant, download, stream] {
    SendPieces(attachments, grant, download, stream);
  });
}

}  // namespace

void UploadAttachment(Attachments& attachments, const MemberGrant& grant,
                      const Incoming& incoming) {
  std::make_shared<UploadCall>(attachments, grant, incoming)->Begin();
}

absl::Status GetUpload(Attachments& attachments, const MemberGrant& grant, rpc::CallContext& call,
                       const v1::GetUploadRequest& request, v1::GetUploadResponse* response) {
  const auto hash = ReadHash(request.ciphertext_hash(), FieldPath("ciphertext_hash"));
  if (!hash.ok()) return hash.status();
  const auto standing = attachments.GetUpload(grant, *hash, call.deadline());
  if (!standing.ok()) return standing.status();
  response->set_offset(standing->stored);
  response->set_size(standing->size);
  response->set_complete(standing->complete);
  response->set_expires_unix_ms(standing->expires_unix_ms);
  return absl::OkStatus();
}

void DownloadAttachment(Attachments& attachments, const MemberGrant& grant, rpc::CallContext& call,
                        const v1::DownloadRequest& request,
                        const rpc::Stream<v1::DownloadResponse>& stream) {
  const auto hash = ReadHash(request.ciphertext_hash(), FieldPath("ciphertext_hash"));
  if (!hash.ok()) return stream.End(hash.status());
  auto download =
      attachments.OpenDownload(grant, *hash, request.offset(), request.length(), call.deadline());
  if (!download.ok()) return stream.End(download.status());
  SendPieces(attachments, grant, *std::move(download), stream);
}

}  // namespace letterlock::mail
