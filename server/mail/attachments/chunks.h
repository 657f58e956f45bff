// An attachment's bytes in its chunk rows. Private to server/mail. Blocks on disk.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "attachments/attachment_rows.h"
#include "crypto/base/hash.h"
#include "crypto/vault/mailbox_keys.h"
#include "mailbox/lane.h"

namespace letterlock::mail {

// Hands out chunks from..until, opened, in order; each has its size. NOT_FOUND (plain) where one is
// missing (any more): the attachment was dropped meanwhile. DATA_LOSS; an error of `take` as it is.
absl::Status ReadChunks(const Lane& lane, const vault::MailboxKeys& keys, std::string_view row_key,
                        const AttachmentRecord& record, std::uint32_t from, std::uint32_t until,
                        absl::Time deadline,
                        absl::FunctionRef<absl::Status(std::string_view chunk)> take);

// Of all bytes, as they are stored.
absl::StatusOr<crypto::Digest> HashChunks(const Lane& lane, const vault::MailboxKeys& keys,
                                          std::string_view row_key, const AttachmentRecord& record,
                                          absl::Time deadline);

}  // namespace letterlock::mail
