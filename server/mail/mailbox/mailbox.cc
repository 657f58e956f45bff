#include "server/mail/mailbox/mailbox.h"

#include <optional>
#include <utility>

#include "crypto/vault/page_token.h"
#include "letterlock/common/v1/errors.pb.h"
#include "mailbox/lane.h"
#include "mailbox/sealing.h"
#include "server/mail/mailbox/dropbox.h"
#include "server/mail/mailbox/engine_calls.h"
#include "server/mail/mailbox/rows.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

// Rows of other folders that one List skips before it answers with a short page.
constexpr std::size_t kMaxListScan = 2000;

absl::StatusOr<KeyRing::Keys> KeysOf(Lane& lane, absl::Time deadline) {
  // A failed write may drop the view at any moment: then load it again.
  while (true) {
    if (absl::Status loaded = lane.Load(deadline); !loaded.ok()) return loaded;
    if (KeyRing::Keys keys = lane.keys()) return keys;
  }
}

}  // namespace

const crypto::MemberId& Mailbox::owner() const { return lane_->member(); }
const crypto::MemberId& Dropbox::owner() const { return lane_->member(); }

absl::StatusOr<std::vector<v1::MailboxMessage>> Mailbox::Get(absl::Span<const MessageName> names,
                                                             absl::Time deadline) const {
  auto keys = KeysOf(*lane_, deadline);
  if (!keys.ok()) return keys.status();

  std::vector<engine::RowKey> delivery_keys;
  for (const MessageName& name : names) {
    delivery_keys.push_back({table::kDeliveries, (*keys)->MessageRowKey(name.sender, name.id)});
  }
  auto deliveries = ReadRows(lane_->engine(), lane_->tag(), delivery_keys, deadline);
  if (!deliveries.ok()) return deliveries.status();

  std::vector<engine::RowKey> message_keys;
  std::vector<std::size_t> places;  // in `names`, of each message key
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!deliveries->values[i]) continue;
    auto row = OpenRow(**keys, delivery_keys[i], *deliveries->values[i]);
    if (!row.ok()) return row.status();
    auto delivery = DecodeDelivery(*row);
    if (!delivery.ok()) return delivery.status();
    message_keys.push_back({table::kMessages, SequenceKey(delivery->sequence)});
    places.push_back(i);
  }
  auto messages = ReadRows(lane_->engine(), lane_->tag(), message_keys, deadline);
  if (!messages.ok()) return messages.status();

  std::vector<v1::MailboxMessage> found(names.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!messages->values[i]) return absl::DataLossError("a delivered message is not there");
    auto row = OpenRow(**keys, message_keys[i], *messages->values[i]);
    if (!row.ok()) return row.status();
    auto message = DecodeMessage(*row);
    if (!message.ok()) return message.status();
    found[places[i]] = *std::move(message);
  }
  return found;
}

absl::StatusOr<Mailbox::Listing> Mailbox::List(v1::Folder folder, std::size_t page_size,
                                               std::string_view page_token,
                                               absl::Time deadline) const {
  auto keys = KeysOf(*lane_, deadline);
  if (!keys.ok()) return keys.status();
  engine::Range range{.from = "", .to = "", .reverse = true, .limit = page_size};
  if (!page_token.empty()) {
    const auto position = vault::DecodePageToken(**keys, page_token);
    if (!position.ok() || position->folder != static_cast<std::uint8_t>(folder)) {
      return rpc::InvalidField("page_token", common::v1::ERROR_REASON_PAGE_TOKEN,
                               "is not of this mailbox and folder");
    }
    range.to = SequenceKey(position->sequence);
  }

  Listing listing;
  std::size_t bytes = 0;
  std::size_t scanned = 0;
  std::uint64_t last_sequence = 0;
  const auto stopped_at_last = [&]() -> absl::StatusOr<Listing> {
    listing.next_page_token = vault::EncodePageToken(
        **keys, {.folder = static_cast<std::uint8_t>(folder), .sequence = last_sequence});
    return std::move(listing);
  };
  while (true) {
    auto page = ScanRows(lane_->engine(), lane_->tag(), table::kMessages, range, deadline);
    if (!page.ok()) return page.status();
    for (const engine::Row& row : page->rows) {
      if (listing.messages.size() == page_size) return stopped_at_last();
      auto opened = OpenRow(**keys, row.key, row.value);
      if (!opened.ok()) return opened.status();
      auto message = DecodeMessage(*opened);
      if (!message.ok()) return message.status();
      auto sequence = ParseSequenceKey(row.key.key);
      if (!sequence.ok()) return sequence.status();
      if (folder == v1::FOLDER_UNSPECIFIED || message->state().folder() == folder) {
        v1::MessageSummary summary;
        summary.set_header(std::move(*message->mutable_header()));
        *summary.mutable_state() = std::move(*message->mutable_state());
        bytes += summary.ByteSizeLong();
        if (bytes > kMaxListBytes) return stopped_at_last();
        listing.messages.push_back(std::move(summary));
      }
      last_sequence = *sequence;
      ++scanned;
    }
    if (!page->more) return listing;
    if (scanned >= kMaxListScan) return stopped_at_last();
    range = engine::Behind(range, *page);
  }
}

}  // namespace letterlock::mail
