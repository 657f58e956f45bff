// Changes::Sync: what a device that knows everything up to a number has to hear
// (docs/mail-server.md, "Changes and devices").
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "crypto/vault/sync_token.h"
#include "letterlock/common/v1/errors.pb.h"
#include "mailbox/found_messages.h"
#include "mailbox/lane.h"
#include "mailbox/sealing.h"
#include "server/mail/mailbox/engine_calls.h"
#include "server/mail/mailbox/rows.h"
#include "server/mail/sync/changes.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

// Sealed rows that one Sync reads, more or less; messages are read whole.
constexpr std::size_t kMostBytesRead = std::size_t{4} << 20;

absl::Status Resync() {
  return rpc::FailField(absl::StatusCode::kFailedPrecondition, rpc::FieldPath("token"),
                        common::v1::ERROR_REASON_RESYNC,
                        "is of a state that this mailbox can't tell the way from");
}

// One thing to tell, by the number under which it happened.
struct Event {
  enum Kind { kArrived, kChanged, kDestroyed };
  std::uint64_t number = 0;
  Kind kind = kArrived;
  std::uint64_t sequence = 0;  // but of a destroyed one
  v1::Change change{};         // of a changed one filled in later
};

// Events of one kind, in the order of their numbers: all of them up to `complete`.
struct Events {
  std::vector<Event> events;
  std::uint64_t complete = 0;
};

// Reads for one Sync. What it returns is never older than the counters that it read first.
class Reader {
 public:
  Reader(Lane& lane, KeyRing::Keys keys, absl::Time deadline)
      : lane_(lane), keys_(std::move(keys)), deadline_(deadline) {}

  absl::StatusOr<Counters> ReadCounters() {
    const engine::RowKey place{table::kCounters, ""};
    auto rows = ReadRows(lane_.engine(), lane_.tag(), {place}, deadline_);
    if (!rows.ok()) return rows.status();
    if (!rows->values[0]) return absl::DataLossError("a mailbox lacks a row");
    auto row = OpenRow(*keys_, place, *rows->values[0]);
    if (!row.ok()) return row.status();
    return DecodeCounters(*row);
  }

  // Messages that arrived under the numbers after `from`, as they are now, at most `most`.
  absl::StatusOr<Events> Arrivals(std::uint64_t from, std::uint64_t through, std::size_t most) {
    Events found{.events = {}, .complete = through};
    engine::Range range{
        .from = SequenceKey(from + 1), .to = SequenceKey(through + 1), .limit = most};
    while (from < through) {
      auto page = ScanRows(lane_.engine(), lane_.tag(), table::kMessages, range, deadline_);
      if (!page.ok()) return page.status();
      if (absl::Status added = AddArrivals(*page, &found.events); !added.ok()) return added;
      if (!page->more) return found;
      found.complete = found.events.back().number;
      if (found.events.size() >= most || bytes_read_ >= kMostBytesRead) return found;
      found.complete = through;
      range = engine::Behind(range, *page);
      range.limit = most - found.events.size();
    }
    return found;
  }

  // Changes of messages that are there; their state comes later.
  absl::StatusOr<Events> Changed(std::uint64_t from, std::uint64_t through, std::size_t most) {
    return Scan(ChangeKind::kChanged, from, through, most,
                [](std::string_view row, Event* event) -> absl::Status {
                  auto sequence = DecodeChanged(row);
                  if (!sequence.ok()) return sequence.status();
                  event->kind = Event::kChanged;
                  event->sequence = *sequence;
                  return absl::OkStatus();
                });
  }

  absl::StatusOr<Events> Deleted(std::uint64_t from, std::uint64_t through, std::size_t most) {
    return Scan(ChangeKind::kDestroyed, from, through, most,
                [](std::string_view row, Event* event) -> absl::Status {
                  auto destroyed = DecodeDestroyed(row);
                  if (!destroyed.ok()) return destroyed.status();
                  event->kind = Event::kDestroyed;
                  v1::MessageReference* gone = event->change.mutable_destroyed();
                  gone->set_sender(std::string(destroyed->name.sender.bytes()));
                  gone->set_message_id(std::string(destroyed->name.id.bytes()));
                  return absl::OkStatus();
                });
  }

  // Fills in the messages of `changed`, as they are now; an event of one that was deleted since
  // stays without a change: its deletion has a higher number. True if all were read; false if it
  // stopped at a piece of them, and then `changed` is cut there.
  absl::StatusOr<bool> FillIn(std::vector<Event*>* changed) {
    constexpr std::size_t kPiece = 50;
    for (std::size_t done = 0; done < changed->size(); done += kPiece) {
      if (done > 0 && bytes_read_ >= kMostBytesRead) {
        changed->resize(done);
        return false;
      }
      const std::size_t end = std::min(done + kPiece, changed->size());
      std::vector<std::uint64_t> sequences;
      for (std::size_t i = done; i < end; ++i) sequences.push_back((*changed)[i]->sequence);
      auto messages = ReadMessages(lane_, *keys_, sequences, deadline_);
      if (!messages.ok()) return messages.status();
      for (std::size_t i = done; i < end; ++i) {
        std::optional<v1::MailboxMessage>& message = (*messages)[i - done];
        if (!message) continue;
        bytes_read_ += message->ByteSizeLong();
        *(*changed)[i]->change.mutable_message() = SummaryOf(*std::move(message));
      }
    }
    return true;
  }

 private:
  absl::Status AddArrivals(const engine::Page& page, std::vector<Event>* events) {
    auto messages = OpenMessages(lane_, *keys_, page, deadline_);
    if (!messages.ok()) return messages.status();
    for (std::size_t i = 0; i < messages->size(); ++i) {
      bytes_read_ += page.rows[i].value.size();
      const std::uint64_t sequence = (*messages)[i].state().sequence();
      Event event{.number = sequence, .kind = Event::kArrived, .sequence = sequence};
      *event.change.mutable_message() = SummaryOf(std::move((*messages)[i]));
      events->push_back(std::move(event));
    }
    return absl::OkStatus();
  }

  template <typename Decode>
  absl::StatusOr<Events> Scan(ChangeKind kind, std::uint64_t from, std::uint64_t through,
                              std::size_t most, Decode decode) {
    Events found{.events = {}, .complete = through};
    if (from >= through) return found;
    engine::Range range = ChangeRange(kind, from + 1, through);
    range.limit = most;
    auto page = ScanRows(lane_.engine(), lane_.tag(), table::kChanges, range, deadline_);
    if (!page.ok()) return page.status();
    for (const engine::Row& row : page->rows) {
      auto number = ParseChangeKey(kind, row.key.key);
      if (!number.ok()) return number.status();
      auto opened = OpenRow(*keys_, row.key, row.value);
      if (!opened.ok()) return opened.status();
      Event event{.number = *number};
      if (absl::Status good = decode(*opened, &event); !good.ok()) return good;
      found.events.push_back(std::move(event));
    }
    if (page->more) found.complete = found.events.back().number;
    return found;
  }

  Lane& lane_;
  const KeyRing::Keys keys_;
  const absl::Time deadline_;
  std::size_t bytes_read_ = 0;
};

// All events up to the number that every source is complete to, in order, at most `most`; that
// number, or that of the last event where there are more.
Events Merge(std::vector<Events> sources, std::size_t most) {
  Events merged{.events = {}, .complete = UINT64_MAX};
  for (Events& source : sources) {
    merged.complete = std::min(merged.complete, source.complete);
    std::move(source.events.begin(), source.events.end(), std::back_inserter(merged.events));
  }
  std::erase_if(merged.events, [&](const Event& event) { return event.number > merged.complete; });
  std::sort(merged.events.begin(), merged.events.end(),
            [](const Event& a, const Event& b) { return a.number < b.number; });
  if (merged.events.size() > most) {
    merged.events.resize(most);
    merged.complete = merged.events.back().number;
  }
  return merged;
}

// Everything between two numbers, as far as one page goes.
absl::StatusOr<Events> ReadChanges(Reader& reader, std::uint64_t from, std::uint64_t through,
                                   std::size_t most) {
  std::vector<Events> sources;
  for (auto read : {&Reader::Arrivals, &Reader::Changed, &Reader::Deleted}) {
    auto events = (reader.*read)(from, through, most);
    if (!events.ok()) return events.status();
    sources.push_back(*std::move(events));
  }
  Events merged = Merge(std::move(sources), most);

  // Who is told of a message as it is now need not hear of its changes, too.
  absl::flat_hash_set<std::uint64_t> arrived;
  for (const Event& event : merged.events) {
    if (event.kind == Event::kArrived) arrived.insert(event.sequence);
  }
  std::vector<Event*> changed;
  for (Event& event : merged.events) {
    if (event.kind == Event::kChanged && !arrived.contains(event.sequence)) {
      changed.push_back(&event);
    }
  }
  auto all = reader.FillIn(&changed);
  if (!all.ok()) return all.status();
  if (!*all) {
    merged.complete = changed.back()->number;
    std::erase_if(merged.events,
                  [&](const Event& event) { return event.number > merged.complete; });
  }
  return merged;
}

}  // namespace

absl::StatusOr<Changes::Page> Changes::Sync(const Mailbox& mailbox, std::string_view token,
                                            std::size_t most, absl::Time deadline) const {
  const std::shared_ptr<Lane>& lane = mailbox.lane_;
  auto keys = KeysOf(*lane, deadline);
  if (!keys.ok()) return keys.status();
  Forget(lane, deadline);
  Reader reader(*lane, *keys, deadline);
  auto counters = reader.ReadCounters();
  if (!counters.ok()) return counters.status();
  // What was given out by now; what comes later has a higher number and another Sync.
  const std::uint64_t now = counters->next_sequence - 1;

  vault::SyncPosition position{.change = now, .walking = true, .walked = 0};
  if (!token.empty()) {
    auto decoded = vault::DecodeSyncToken(**keys, token);
    if (!decoded.ok()) {
      return rpc::InvalidField("token", common::v1::ERROR_REASON_PAGE_TOKEN,
                               "is not of this mailbox");
    }
    position = *decoded;
  }
  // From the future: this mailbox was put back to an older state.
  if (position.change > now) return Resync();

  auto events = position.walking ? reader.Arrivals(position.walked, position.change, most)
                                 : ReadChanges(reader, position.change, now, most);
  if (!events.ok()) return events.status();
  // At the end, since deletions may have been forgotten while the others were read.
  counters = reader.ReadCounters();
  if (!counters.ok()) return counters.status();
  if (position.change < counters->forgotten_through) return Resync();

  Page page;
  for (Event& event : events->events) {
    if (event.change.change_case() != v1::Change::CHANGE_NOT_SET) {
      page.changes.push_back(std::move(event.change));
    }
  }
  if (position.walking && events->complete < position.change) {
    position.walked = events->complete;
  } else if (position.walking) {
    position = {.change = position.change, .walking = false, .walked = 0};
  } else {
    position.change = events->complete;
  }
  page.more = position.walking || position.change < now;
  page.token = vault::EncodeSyncToken(**keys, position);
  return page;
}

}  // namespace letterlock::mail
