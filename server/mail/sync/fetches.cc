#include "server/mail/sync/fetches.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/time/clock.h"
#include "letterlock/common/v1/errors.pb.h"
#include "mailbox/found_messages.h"
#include "mailbox/lane.h"
#include "server/mail/mailbox/engine_calls.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);
constexpr absl::Duration kRetryAfter = absl::Seconds(5);
// Rows that one turn on the pool reads: others wait behind it.
constexpr std::size_t kRowsOfATurn = 500;
// What a row is taken to weigh before any was read.
constexpr std::size_t kFirstGuess = 4096;

// One mailbox on its way out. Holds nothing of it between two turns.
class Fetching : public std::enable_shared_from_this<Fetching> {
 public:
  Fetching(Fetches::Stream stream, Mailboxes& mailboxes, const MemberGrant& grant,
           v1::Folder folder, std::uint64_t after, std::shared_ptr<Lane> lane)
      : stream_(std::move(stream)),
        mailboxes_(mailboxes),
        grant_(grant),
        folder_(folder),
        after_(after),
        lane_(std::move(lane)) {}

  // On the pool: sends what comes next, or ends the stream.
  void Go() {
    const absl::Time deadline = absl::Now() + kPatience;
    // Whoever loses her device in the middle does not lose the rest of her mail with it.
    auto mailbox = mailboxes_.Open(grant_, deadline);
    if (!mailbox.ok()) return stream_.End(mailbox.status());
    auto keys = KeysOf(*lane_, deadline);
    if (!keys.ok()) return stream_.End(keys.status());

    v1::FetchResponse response;
    auto more = Fill(**keys, deadline, &response);
    if (!more.ok()) return stream_.End(more.status());
    auto next = [self = shared_from_this(), more = *more] {
      more ? self->Go() : self->stream_.End(absl::OkStatus());
    };
    if (!response.messages().empty()) return stream_.Write(response, std::move(next));
    *more ? stream_.Run(std::move(next)) : stream_.End(absl::OkStatus());
  }

 private:
  // Whether there may be more behind it.
  absl::StatusOr<bool> Fill(const vault::MailboxKeys& keys, absl::Time deadline,
                            v1::FetchResponse* response) {
    std::size_t bytes = 0;
    for (std::size_t rows = 0; rows < kRowsOfATurn;) {
      if (after_ == UINT64_MAX) return false;
      engine::Range range{.from = SequenceKey(after_ + 1), .limit = Limit(kFetchBytes - bytes)};
      auto page = ScanRows(lane_->engine(), lane_->tag(), table::kMessages, range, deadline);
      if (!page.ok()) return page.status();
      if (page->rows.empty()) return false;
      auto messages = OpenRows(keys, *page, deadline);
      if (!messages.ok()) return messages.status();
      for (std::size_t i = 0; i < messages->size(); ++i) {
        v1::MailboxMessage& message = (*messages)[i];
        after_ = message.state().sequence();
        if (!IsListedUnder(folder_, message.state())) continue;
        bytes += page->rows[i].value.size();
        *response->add_messages() = std::move(message);
        if (bytes >= kFetchBytes) return true;
      }
      rows += page->rows.size();
      if (!page->more) return false;
    }
    return true;
  }

  // Rows that make about so many bytes.
  std::size_t Limit(std::size_t bytes) const {
    return std::clamp<std::size_t>(bytes / row_size_, 1, 256);
  }

  absl::StatusOr<std::vector<v1::MailboxMessage>> OpenRows(const vault::MailboxKeys& keys,
                                                           const engine::Page& page,
                                                           absl::Time deadline) {
    std::size_t bytes = 0;
    for (const engine::Row& row : page.rows) bytes += row.value.size();
    row_size_ = std::max<std::size_t>(1, bytes / page.rows.size());
    return OpenMessages(*lane_, keys, page, deadline);
  }

  const Fetches::Stream stream_;
  Mailboxes& mailboxes_;
  const MemberGrant grant_;
  const v1::Folder folder_;
  std::uint64_t after_;  // sequence of the last message looked at
  const std::shared_ptr<Lane> lane_;
  std::size_t row_size_ = kFirstGuess;
};

}  // namespace

void Fetches::Fetch(const MemberGrant& grant, rpc::CallContext& call,
                    const v1::FetchRequest& request, const Stream& stream) {
  if (!v1::Folder_IsValid(request.folder())) {
    return stream.End(
        rpc::InvalidField("folder", common::v1::ERROR_REASON_FIELD_RANGE, "is no folder"));
  }
  auto mailbox = mailboxes_.Open(grant, call.deadline());
  if (!mailbox.ok()) return stream.End(mailbox.status());
  const std::shared_ptr<Lane> lane = mailbox->lane_;
  bool taken = false;
  {
    absl::MutexLock lock(&lane->mu);
    taken = lane->fetches < options_.most_per_member;
    if (taken) ++lane->fetches;
  }
  if (!taken) {
    return stream.End(rpc::FailUntil(absl::StatusCode::kResourceExhausted,
                                     common::v1::ERROR_REASON_TOO_MANY, kRetryAfter,
                                     "as many streams as may be read this mailbox"));
  }
  stream.OnOver([lane] {
    absl::MutexLock lock(&lane->mu);
    --lane->fetches;
  });
  std::make_shared<Fetching>(stream, mailboxes_, grant, request.folder(), request.after_sequence(),
                             lane)
      ->Go();
}

}  // namespace letterlock::mail
