// The calls about attachments that a client makes, without how they are made, as transport.h. Each
// is one attempt. Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/config.h"

namespace letterlock::mail::v1 {
class DownloadRequest;
class GetUploadRequest;
class GetUploadResponse;
class UploadResponse;
class UploadStart;
}  // namespace letterlock::mail::v1

namespace letterlock::client {

class AttachmentTransport {
 public:
  virtual ~AttachmentTransport() = default;

  virtual absl::Status GetUpload(std::string_view token, const mail::v1::GetUploadRequest& request,
                                 mail::v1::GetUploadResponse* response) = 0;
  // `next` gives the ciphertext from the start's offset on, in pieces of at most 64 KiB; an empty
  // one is the end. Its error ends the call and is the answer.
  virtual absl::Status Upload(std::string_view token, const mail::v1::UploadStart& start,
                              absl::FunctionRef<absl::StatusOr<std::string>()> next,
                              mail::v1::UploadResponse* response) = 0;
  // `take` gets the bytes in order. Its error ends the call and is the answer.
  virtual absl::Status Download(std::string_view token, const mail::v1::DownloadRequest& request,
                                absl::FunctionRef<absl::Status(std::string_view)> take) = 0;
};

// As ConnectMail.
absl::StatusOr<std::unique_ptr<AttachmentTransport>> ConnectAttachments(const Endpoint& endpoint);

}  // namespace letterlock::client
