#include "mailbox/found_messages.h"

#include <algorithm>
#include <utility>

#include "mailbox/sealing.h"
#include "server/mail/mailbox/engine_calls.h"

namespace letterlock::mail {
namespace {

engine::RowKey FlagsPlace(std::uint64_t sequence) { return {table::kFlags, SequenceKey(sequence)}; }
engine::RowKey MessagePlace(std::uint64_t sequence) {
  return {table::kMessages, SequenceKey(sequence)};
}

absl::StatusOr<Flags> OpenFlags(const vault::MailboxKeys& keys, const engine::RowKey& place,
                                std::string_view sealed) {
  auto row = OpenRow(keys, place, sealed);
  if (!row.ok()) return row.status();
  return DecodeFlags(*row);
}

absl::StatusOr<Delivery> OpenDelivery(const vault::MailboxKeys& keys, const engine::RowKey& place,
                                      std::string_view sealed) {
  auto row = OpenRow(keys, place, sealed);
  if (!row.ok()) return row.status();
  return DecodeDelivery(*row);
}

// Fills in `known` and `delivery`.
absl::Status ReadDeliveries(Lane& lane, absl::Span<const std::string> row_keys, absl::Time deadline,
                            FoundMessages* found) {
  std::vector<engine::RowKey> places;
  for (const std::string& key : row_keys) places.push_back({table::kDeliveries, key});
  auto rows = ReadRows(lane.engine(), lane.tag(), places, deadline);
  if (!rows.ok()) return rows.status();
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!rows->values[i]) continue;
    auto delivery = OpenDelivery(*found->keys, places[i], *rows->values[i]);
    if (!delivery.ok()) return delivery.status();
    found->messages[i].known = true;
    found->messages[i].delivery = *std::move(delivery);
  }
  return absl::OkStatus();
}

// The messages that are there.
std::vector<FoundMessage*> Present(FoundMessages& found) {
  std::vector<FoundMessage*> present;
  for (FoundMessage& message : found.messages) {
    if (message.known && !message.delivery.deleted) present.push_back(&message);
  }
  return present;
}

absl::Status ReadFlags(Lane& lane, absl::Time deadline, FoundMessages* found) {
  const std::vector<FoundMessage*> present = Present(*found);
  std::vector<engine::RowKey> places;
  for (const FoundMessage* message : present) {
    places.push_back(FlagsPlace(message->delivery.sequence));
  }
  auto rows = ReadRows(lane.engine(), lane.tag(), places, deadline);
  if (!rows.ok()) return rows.status();
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!rows->values[i]) continue;
    auto flags = OpenFlags(*found->keys, places[i], *rows->values[i]);
    if (!flags.ok()) return flags.status();
    present[i]->flags = *std::move(flags);
  }
  return absl::OkStatus();
}

// Leaves those out that were deleted since their delivery rows were read.
absl::Status ReadContents(Lane& lane, absl::Time deadline, FoundMessages* found) {
  const std::vector<FoundMessage*> present = Present(*found);
  std::vector<engine::RowKey> places;
  for (const FoundMessage* message : present) {
    places.push_back(MessagePlace(message->delivery.sequence));
  }
  auto rows = ReadRows(lane.engine(), lane.tag(), places, deadline);
  if (!rows.ok()) return rows.status();
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!rows->values[i]) continue;
    auto message = OpenMessage(*found->keys, {places[i], *std::move(rows->values[i])});
    if (!message.ok()) return message.status();
    ApplyFlags(present[i]->flags, message->mutable_state());
    present[i]->message = *std::move(message);
  }
  return absl::OkStatus();
}

bool SomeAreMissing(FoundMessages& found) {
  for (const FoundMessage* message : Present(found)) {
    if (!message->message) return true;
  }
  return false;
}

// Flags of messages, by sequence. For many of one range this costs less than reading each.
absl::StatusOr<absl::flat_hash_map<std::uint64_t, Flags>> ScanFlags(Lane& lane,
                                                                    const vault::MailboxKeys& keys,
                                                                    std::uint64_t first,
                                                                    std::uint64_t last,
                                                                    absl::Time deadline) {
  absl::flat_hash_map<std::uint64_t, Flags> all;
  engine::Range range{.from = SequenceKey(first), .to = SequenceKey(last) + '\0'};
  while (true) {
    auto page = ScanRows(lane.engine(), lane.tag(), table::kFlags, range, deadline);
    if (!page.ok()) return page.status();
    for (const engine::Row& row : page->rows) {
      auto sequence = ParseSequenceKey(row.key.key);
      if (!sequence.ok()) return sequence.status();
      auto flags = OpenFlags(keys, row.key, row.value);
      if (!flags.ok()) return flags.status();
      all.emplace(*sequence, *std::move(flags));
    }
    if (!page->more) return all;
    range = engine::Behind(range, *page);
  }
}

}  // namespace

absl::StatusOr<KeyRing::Keys> KeysOf(Lane& lane, absl::Time deadline) {
  // A failed write may drop the view at any moment: then load it again.
  while (true) {
    if (absl::Status loaded = lane.Load(deadline); !loaded.ok()) return loaded;
    if (KeyRing::Keys keys = lane.keys()) return keys;
  }
}

absl::StatusOr<FoundMessages> FindMessages(Lane& lane, absl::Span<const std::string> row_keys,
                                           absl::Time deadline, bool with_messages) {
  FoundMessages found;
  found.messages.resize(row_keys.size());
  while (found.keys == nullptr) {
    if (absl::Status loaded = lane.Load(deadline); !loaded.ok()) return loaded;
    absl::MutexLock lock(&lane.mu);
    if (lane.view() == nullptr) continue;
    found.keys = lane.view()->keys;
    found.incarnation = lane.incarnation();
  }
  if (absl::Status read = ReadDeliveries(lane, row_keys, deadline, &found); !read.ok()) return read;
  if (absl::Status read = ReadFlags(lane, deadline, &found); !read.ok()) return read;
  if (!with_messages) return found;
  if (absl::Status read = ReadContents(lane, deadline, &found); !read.ok()) return read;
  if (!SomeAreMissing(found)) return found;
  // The owner may have deleted them between the two reads, and then the delivery row says so.
  if (absl::Status read = ReadDeliveries(lane, row_keys, deadline, &found); !read.ok()) return read;
  if (SomeAreMissing(found)) return absl::DataLossError("a delivered message is not there");
  return found;
}

absl::StatusOr<std::vector<std::optional<v1::MailboxMessage>>> ReadMessages(
    Lane& lane, const vault::MailboxKeys& keys, absl::Span<const std::uint64_t> sequences,
    absl::Time deadline) {
  std::vector<engine::RowKey> places;
  std::vector<engine::RowKey> flags_places;
  for (const std::uint64_t sequence : sequences) {
    places.push_back(MessagePlace(sequence));
    flags_places.push_back(FlagsPlace(sequence));
  }
  auto rows = ReadRows(lane.engine(), lane.tag(), places, deadline);
  if (!rows.ok()) return rows.status();
  auto flags_rows = ReadRows(lane.engine(), lane.tag(), flags_places, deadline);
  if (!flags_rows.ok()) return flags_rows.status();
  std::vector<std::optional<v1::MailboxMessage>> messages(sequences.size());
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    if (!rows->values[i]) continue;
    auto message = OpenMessage(keys, {places[i], *std::move(rows->values[i])});
    if (!message.ok()) return message.status();
    if (flags_rows->values[i]) {
      auto flags = OpenFlags(keys, flags_places[i], *flags_rows->values[i]);
      if (!flags.ok()) return flags.status();
      ApplyFlags(*flags, message->mutable_state());
    }
    messages[i] = *std::move(message);
  }
  return messages;
}

absl::StatusOr<v1::MailboxMessage> OpenMessage(const vault::MailboxKeys& keys,
                                               const engine::Row& row) {
  auto opened = OpenRow(keys, row.key, row.value);
  if (!opened.ok()) return opened.status();
  return DecodeMessage(*opened);
}

v1::MessageSummary SummaryOf(v1::MailboxMessage message) {
  v1::MessageSummary summary;
  summary.set_header(std::move(*message.mutable_header()));
  *summary.mutable_state() = std::move(*message.mutable_state());
  return summary;
}

absl::Status OpenThread(const vault::MailboxKeys& keys, const engine::Row& row) {
  auto opened = OpenRow(keys, row.key, row.value);
  if (!opened.ok()) return opened.status();
  return *opened == EncodeThread() ? absl::OkStatus() : absl::DataLossError("a thread row is none");
}

absl::StatusOr<std::vector<v1::MailboxMessage>> OpenMessages(Lane& lane,
                                                             const vault::MailboxKeys& keys,
                                                             const engine::Page& page,
                                                             absl::Time deadline) {
  std::vector<v1::MailboxMessage> messages;
  if (page.rows.empty()) return messages;
  auto first = ParseSequenceKey(page.rows.front().key.key);
  if (!first.ok()) return first.status();
  auto last = ParseSequenceKey(page.rows.back().key.key);
  if (!last.ok()) return last.status();
  auto flags = ScanFlags(lane, keys, std::min(*first, *last), std::max(*first, *last), deadline);
  if (!flags.ok()) return flags.status();
  for (const engine::Row& row : page.rows) {
    auto message = OpenMessage(keys, row);
    if (!message.ok()) return message.status();
    const auto marked = flags->find(message->state().sequence());
    if (marked != flags->end()) ApplyFlags(marked->second, message->mutable_state());
    messages.push_back(*std::move(message));
  }
  return messages;
}

bool IsListedUnder(v1::Folder folder, const v1::MessageState& state) {
  if (folder == v1::FOLDER_UNSPECIFIED) return true;
  if (folder == v1::FOLDER_ARCHIVE) return state.archived();
  return state.folder() == folder && !state.archived();
}

void PutFlags(Lane::View& view, std::uint64_t sequence, Flags flags, engine::Batch* batch) {
  if (flags.change != 0) {
    batch->deletes.push_back(ChangeKey(ChangeKind::kChanged, flags.change));
  }
  flags.change = view.counters.next_sequence++;
  batch->puts.push_back(SealRow(*view.keys, FlagsPlace(sequence), EncodeFlags(flags)));
  batch->puts.push_back(
      SealRow(*view.keys, ChangeKey(ChangeKind::kChanged, flags.change), EncodeChanged(sequence)));
}

void PutChange(Lane::View& view, std::uint64_t sequence, Flags flags, engine::Batch* batch) {
  PutFlags(view, sequence, std::move(flags), batch);
  batch->puts.push_back(SealRow(*view.keys, {table::kCounters, ""}, EncodeCounters(view.counters)));
}

}  // namespace letterlock::mail
