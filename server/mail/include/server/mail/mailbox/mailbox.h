// One member's own mailbox, opened for her (mailboxes.h). No method reaches another mailbox.
//
// A cheap handle: copy it, don't keep it beyond the call that it was opened for. Thread-safe.
// Methods block on disk; call them from a pool. All that they return was checked when it was stored
// and opened in its place: DATA_LOSS where it does not.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "crypto/base/ids.h"
#include "letterlock/mail/v1/mailbox.pb.h"
#include "server/mail/mailbox/change_rows.h"

namespace letterlock::mail {

class Lane;

inline constexpr std::size_t kMaxBatchGet = 100;
inline constexpr std::size_t kMaxListPage = 200;
inline constexpr std::size_t kDefaultListPage = 50;
inline constexpr std::size_t kMaxListBytes = 1u << 20;

class Mailbox {
 public:
  const crypto::MemberId& owner() const;

  // One for each name, in order; without a header where the mailbox holds no such message.
  // REQUIRES: at most kMaxBatchGet names.
  absl::StatusOr<std::vector<v1::MailboxMessage>> Get(absl::Span<const MessageName> names,
                                                      absl::Time deadline) const;

  struct Listing {
    std::vector<v1::MessageSummary> messages;  // newest first
    std::string next_page_token;               // empty on the last page
  };
  // One page of a folder, of at most `page_size` (1 to kMaxListPage) messages and kMaxListBytes.
  // UNSPECIFIED: of all; FOLDER_ARCHIVE: of what is archived, which no other folder shows. A page
  // may be short and still not be the last. INVALID_ARGUMENT, PAGE_TOKEN where the token is not
  // this mailbox's and folder's.
  absl::StatusOr<Listing> List(v1::Folder folder, std::size_t page_size,
                               std::string_view page_token, absl::Time deadline) const;

  // One page of a thread, likewise, of all folders. REQUIRES: an id of 16 bytes.
  absl::StatusOr<Listing> ListThread(std::string_view thread_id, std::size_t page_size,
                                     std::string_view page_token, absl::Time deadline) const;

 private:
  friend class Mailboxes;
  friend class Attachments;
  friend class SendOperation;
  friend class Outbox;
  friend class Changes;
  friend class Fetches;
  friend class Importer;
  friend class Watches;
  friend class Answering;
  friend class Contacts;
  friend class Reports;
  friend class DeviceRegistry;
  explicit Mailbox(std::shared_ptr<Lane> lane) : lane_(std::move(lane)) {}

  std::shared_ptr<Lane> lane_;
};

}  // namespace letterlock::mail
