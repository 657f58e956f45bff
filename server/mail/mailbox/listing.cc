// Mailbox::List and ListThread: pages of summaries, newest first.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "crypto/vault/page_token.h"
#include "letterlock/common/v1/errors.pb.h"
#include "letterlock/mail/v1/envelope.pb.h"
#include "mailbox/found_messages.h"
#include "mailbox/lane.h"
#include "server/mail/mailbox/engine_calls.h"
#include "server/mail/mailbox/mailbox.h"
#include "server/mail/mailbox/rows.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

// Rows that one List skips before it answers with a short page.
constexpr std::size_t kMaxListScan = 2000;
// Rows that are read at a time where some are left out.
constexpr std::size_t kMinFilteredScan = 100;

absl::Status WrongToken() {
  return rpc::InvalidField("page_token", common::v1::ERROR_REASON_PAGE_TOKEN,
                           "is not of this mailbox and what is listed");
}

// A page while it is filled.
class Filling {
 public:
  Filling(const vault::MailboxKeys& keys, vault::PagePosition start, std::size_t page_size)
      : keys_(keys), position_(std::move(start)), page_size_(page_size) {}

  // False where there is no room for it: the page ends before it.
  bool Add(v1::MailboxMessage message, std::uint64_t sequence, bool listed) {
    if (full()) return false;
    if (listed) {
      v1::MessageSummary summary = SummaryOf(std::move(message));
      bytes_ += summary.ByteSizeLong();
      if (bytes_ > kMaxListBytes) return false;
      listing_.messages.push_back(std::move(summary));
    }
    position_.sequence = sequence;
    ++scanned_;
    return true;
  }
  bool full() const { return listing_.messages.size() == page_size_; }
  std::size_t scanned() const { return scanned_; }

  Mailbox::Listing Last() { return std::move(listing_); }
  Mailbox::Listing MoreBehind() {
    listing_.next_page_token = vault::EncodePageToken(keys_, position_);
    return std::move(listing_);
  }

 private:
  const vault::MailboxKeys& keys_;
  vault::PagePosition position_;  // of the last message looked at
  const std::size_t page_size_;
  Mailbox::Listing listing_;
  std::size_t bytes_ = 0;
  std::size_t scanned_ = 0;
};

bool IsOfThread(const v1::MailboxMessage& message, std::string_view thread_id) {
  v1::EnvelopeHeader header;
  return header.ParseFromString(message.header()) && header.thread_id() == thread_id;
}

}  // namespace

absl::StatusOr<Mailbox::Listing> Mailbox::List(v1::Folder folder, std::size_t page_size,
                                               std::string_view page_token,
                                               absl::Time deadline) const {
  auto keys = KeysOf(*lane_, deadline);
  if (!keys.ok()) return keys.status();
  const bool filtered = folder != v1::FOLDER_UNSPECIFIED;
  engine::Range range{.from = "",
                      .to = "",
                      .reverse = true,
                      .limit = filtered ? std::max(page_size, kMinFilteredScan) : page_size};
  vault::PagePosition start{.folder = static_cast<std::uint8_t>(folder), .sequence = 0};
  if (!page_token.empty()) {
    auto position = vault::DecodePageToken(**keys, page_token);
    if (!position.ok() || position->folder != start.folder) return WrongToken();
    range.to = SequenceKey(position->sequence);
  }

  Filling filling(**keys, start, page_size);
  while (true) {
    auto page = ScanRows(lane_->engine(), lane_->tag(), table::kMessages, range, deadline);
    if (!page.ok()) return page.status();
    auto messages = OpenMessages(*lane_, **keys, *page, deadline);
    if (!messages.ok()) return messages.status();
    for (v1::MailboxMessage& message : *messages) {
      const bool listed = IsListedUnder(folder, message.state());
      const std::uint64_t sequence = message.state().sequence();
      if (!filling.Add(std::move(message), sequence, listed)) return filling.MoreBehind();
    }
    if (!page->more) return filling.Last();
    if (filling.full() || filling.scanned() >= kMaxListScan) return filling.MoreBehind();
    range = engine::Behind(range, *page);
  }
}

absl::StatusOr<Mailbox::Listing> Mailbox::ListThread(std::string_view thread_id,
                                                     std::size_t page_size,
                                                     std::string_view page_token,
                                                     absl::Time deadline) const {
  auto keys = KeysOf(*lane_, deadline);
  if (!keys.ok()) return keys.status();
  const std::string prefix = (*keys)->ThreadKey(thread_id);
  engine::Range range{.from = prefix,
                      .to = prefix + SequenceKey(UINT64_MAX),
                      .reverse = true,
                      .limit = std::min(page_size + 1, engine::kMaxReadKeys)};
  if (!page_token.empty()) {
    auto position = vault::DecodePageToken(**keys, page_token, thread_id);
    if (!position.ok() || position->folder != 0) return WrongToken();
    range.to = prefix + SequenceKey(position->sequence);
  }

  Filling filling(**keys, {.folder = 0, .sequence = 0, .thread = std::string(thread_id)},
                  page_size);
  while (true) {
    auto page = ScanRows(lane_->engine(), lane_->tag(), table::kThreads, range, deadline);
    if (!page.ok()) return page.status();
    std::vector<std::uint64_t> sequences;
    for (const engine::Row& row : page->rows) {
      if (auto opened = OpenThread(**keys, row); !opened.ok()) return opened;
      auto sequence = ParseSequenceKey(std::string_view(row.key.key).substr(prefix.size()));
      if (!sequence.ok()) return sequence.status();
      sequences.push_back(*sequence);
    }
    auto messages = ReadMessages(*lane_, **keys, sequences, deadline);
    if (!messages.ok()) return messages.status();
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      std::optional<v1::MailboxMessage>& message = (*messages)[i];
      if (!message) continue;  // deleted just now
      if (!IsOfThread(*message, thread_id)) return absl::DataLossError("a thread row misleads");
      if (!filling.Add(*std::move(message), sequences[i], true)) return filling.MoreBehind();
    }
    if (!page->more) return filling.Last();
    range = engine::Behind(range, *page);
  }
}

}  // namespace letterlock::mail
