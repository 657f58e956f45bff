// Attachments between files on this device and the mail server. Private to the library.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/attachment_transport.h"
#include "client/attachments.h"
#include "client/mail_client.h"
#include "crypto/base/random.h"
#include "crypto/seal/content.h"

namespace letterlock::client {

// What both directions need. None is owned.
struct AttachmentParts {
  MailClient* mail = nullptr;
  AttachmentTransport* transport = nullptr;
  crypto::RandomSource* random = nullptr;
};

// Seals the file under a key of its own and uploads it: what goes into the message. A broken upload
// goes on where it broke. Usage problem: no regular file, over 25 MiB, a name that is none.
absl::StatusOr<seal::Attachment> UploadFile(const AttachmentParts& parts, const std::string& path,
                                            const Progress& progress);

// Fetches, checks and opens an attachment into a new file of `directory`, mode 0600: whole, or not
// at all. What is there is never replaced. A broken download goes on where it broke. Verification
// failed where what came is not what the message names.
absl::StatusOr<SavedFile> DownloadFile(const AttachmentParts& parts,
                                       const seal::Attachment& reference,
                                       const std::string& directory, const Progress& progress);

}  // namespace letterlock::client
