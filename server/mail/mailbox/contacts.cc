#include "mailbox/contacts.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "mailbox/sealing.h"
#include "server/mail/mailbox/engine_calls.h"
#include "server/mail/mailbox/rows.h"

namespace letterlock::mail {
namespace {

// Lost races and failed writes that one change makes up for.
constexpr int kMostAttempts = 8;

}  // namespace

absl::StatusOr<Contact> OpenContact(const vault::MailboxKeys& keys, const std::string& row_key,
                                    const crypto::MemberId& member,
                                    const std::optional<std::string>& sealed) {
  if (!sealed) return Contact{.member = member};
  auto row = OpenRow(keys, {table::kContacts, row_key}, *sealed);
  if (!row.ok()) return row.status();
  auto contact = DecodeContact(*row);
  if (!contact.ok()) return contact.status();
  if (contact->member != member) return absl::DataLossError("a contact is another member");
  return contact;
}

absl::StatusOr<FoundContact> FindContact(Lane& lane, const crypto::MemberId& member,
                                         absl::Time deadline) {
  FoundContact found;
  KeyRing::Keys keys;
  while (keys == nullptr) {
    if (absl::Status loaded = lane.Load(deadline); !loaded.ok()) return loaded;
    absl::MutexLock lock(&lane.mu);
    if (lane.view() == nullptr) continue;
    keys = lane.view()->keys;
    found.incarnation = lane.incarnation();
    if (const ContactCache::Entry* entry = lane.view()->contacts.Find(member)) {
      found.row_key = entry->row_key;
      found.read = entry->contact;
      found.read_at = entry->written;
      return found;
    }
  }
  found.row_key = keys->ContactRowKey(member);
  auto rows = ReadRows(lane.engine(), lane.tag(), {{table::kContacts, found.row_key}}, deadline);
  if (!rows.ok()) return rows.status();
  auto contact = OpenContact(*keys, found.row_key, member, rows->values[0]);
  if (!contact.ok()) return contact.status();
  found.read = *std::move(contact);
  found.read_at = rows->generation;
  return found;
}

ContactCache::Entry* EntryOf(Lane& lane, const crypto::MemberId& member,
                             const FoundContact& found) {
  ContactCache& contacts = lane.view()->contacts;
  if (ContactCache::Entry* entry = contacts.Find(member)) return entry;
  if (!found.read) return nullptr;
  return contacts.Add(*found.read, found.row_key, found.read_at, lane.committed());
}

void PutContact(const Lane::View& view, ContactCache::Entry* entry, engine::Batch* batch) {
  batch->puts.push_back(
      SealRow(*view.keys, {table::kContacts, entry->row_key}, EncodeContact(entry->contact)));
  entry->written = view.next + 1;
}

void PutContactWithout(Lane& lane, const crypto::MemberId& member, std::uint64_t size,
                       engine::Batch* batch) {
  ContactCache::Entry* const entry = lane.view()->contacts.Find(member);
  if (entry == nullptr || entry->contact.messages == 0) return;
  entry->contact.messages -= 1;
  entry->contact.bytes -= std::min(entry->contact.bytes, size);
  PutContact(*lane.view(), entry, batch);
}

absl::StatusOr<bool> EditContact(const std::shared_ptr<Lane>& lane, const crypto::MemberId& member,
                                 absl::Time deadline, ContactEdit edit) {
  absl::Status last = absl::AbortedError("not tried");
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    auto found = FindContact(*lane, member, deadline);
    if (!found.ok()) return found.status();
    auto pending = PendingAnswer<engine::Generation>::Make();
    {
      absl::MutexLock lock(&lane->mu);
      Lane::View* view = lane->view();
      if (view == nullptr || lane->incarnation() != found->incarnation) continue;
      ContactCache::Entry* entry = EntryOf(*lane, member, *found);
      if (entry == nullptr) continue;
      engine::Batch batch;
      auto changed = edit(*view, entry->contact, batch);
      if (!changed.ok() || !*changed) return changed;
      PutContact(*view, entry, &batch);
      batch.puts.push_back(
          SealRow(*view->keys, {table::kCounters, ""}, EncodeCounters(view->counters)));
      const engine::Generation expected = view->next;
      const std::uint64_t incarnation = lane->Queue();
      lane->engine().Apply(lane->tag(), expected, std::move(batch),
                           [lane, pending, incarnation](absl::StatusOr<engine::Generation> answer) {
                             lane->Answer(incarnation, answer.status());
                             pending->Fill(std::move(answer));
                           });
    }
    auto answer = pending->WaitUntil(deadline);
    if (!answer) return WriteError(absl::UnavailableError("not answered"));
    if (answer->ok()) return true;
    last = answer->status();
    const bool again =
        absl::IsAborted(last) || (absl::IsUnavailable(last) && lane->engine().Writable().ok());
    if (!again) break;
  }
  return WriteError(last);
}

}  // namespace letterlock::mail
