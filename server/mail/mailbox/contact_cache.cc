#include "server/mail/mailbox/contact_cache.h"

#include <algorithm>
#include <utility>

namespace letterlock::mail {

ContactCache::Entry* ContactCache::Find(const crypto::MemberId& member) {
  const auto found = entries_.find(member);
  if (found == entries_.end()) return nullptr;
  found->second->used = ++uses_;
  return found->second.get();
}

ContactCache::Entry* ContactCache::Add(Contact contact, std::string row_key,
                                       engine::Generation read, engine::Generation committed) {
  if (Entry* known = Find(contact.member)) return known;
  if (read < forgotten_) return nullptr;
  if (entries_.size() >= kMost) Shrink(committed);
  const crypto::MemberId member = contact.member;
  auto entry = std::make_unique<Entry>(Entry{std::move(contact), std::move(row_key)});
  entry->used = ++uses_;
  return (entries_[member] = std::move(entry)).get();
}

void ContactCache::Shrink(engine::Generation committed) {
  auto oldest = entries_.end();
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    // What is queued can't be read yet.
    if (it->second->written > committed) continue;
    if (oldest == entries_.end() || it->second->used < oldest->second->used) oldest = it;
  }
  if (oldest == entries_.end()) return;
  forgotten_ = std::max(forgotten_, oldest->second->written);
  entries_.erase(oldest);
}

}  // namespace letterlock::mail
