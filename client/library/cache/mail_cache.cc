#include "cache/mail_cache.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "cache/segment_files.h"
#include "crypto/base/bytes.h"
#include "crypto/base/random.h"
#include "crypto/base/strings.h"
#include "server/config/file_lock.h"

namespace letterlock::client {
namespace {

using crypto::SecretBuffer;

constexpr char kTable[] = "table";
constexpr char kLock[] = "lock";

std::uint64_t NewName(const MessageTable& table) {
  crypto::SystemRandom random;
  while (true) {
    const auto drawn = crypto::RandomArray<8>(random);
    const std::uint64_t name = crypto::ByteReader(crypto::AsView(drawn)).U64();
    if (!table.segments.contains(name)) return name;
  }
}

// The messages of each segment that the table still holds, by slot.
std::map<std::uint64_t, std::map<std::uint16_t, MessageKey>> LiveSlots(const MessageTable& table) {
  std::map<std::uint64_t, std::map<std::uint16_t, MessageKey>> live;
  for (const auto& [key, cached] : table.messages) {
    live[cached.place.segment].emplace(cached.place.slot, key);
  }
  return live;
}

// The slots in which all of `terms` stand. REQUIRES: both sorted, terms each once and not empty.
std::set<std::uint16_t> SlotsWith(const std::vector<Posting>& postings,
                                  const std::vector<std::uint64_t>& terms) {
  std::map<std::uint16_t, std::size_t> found;
  for (const std::uint64_t term : terms) {
    auto at = std::lower_bound(postings.begin(), postings.end(), Posting{term, 0});
    for (; at != postings.end() && at->term == term; ++at) ++found[at->slot];
  }
  std::set<std::uint16_t> slots;
  for (const auto& [slot, times] : found) {
    if (times == terms.size()) slots.insert(slot);
  }
  return slots;
}

}  // namespace

struct MailCache::Transaction::Impl {
  // What one segment is made of, before it is written.
  struct Making {
    std::vector<MessageKey> keys;
    std::vector<std::string_view> copies;
    std::vector<Posting> postings;
  };

  absl::Status Write(const Making& making);
  absl::StatusOr<SecretBuffer> Read(std::uint64_t segment, bool terms);
  absl::Status Rewrite(const std::vector<std::uint64_t>& sparse);
  absl::Status MakeDenser();
  void KeepToBounds();
  absl::Status Damage(const absl::Status& status);

  config::FileLock lock;
  std::shared_ptr<const SealedFiles> files;
  MessageTable table;
  bool thrown_away = false;
};

absl::Status MailCache::Transaction::Impl::Write(const Making& making) {
  const std::uint64_t name = NewName(table);
  const auto copies = files->Write(CopiesFile(name), WriteCopies(making.copies));
  if (!copies.ok()) return copies.status();
  const auto terms = files->Write(TermsFile(name), WritePostings(making.postings));
  if (!terms.ok()) return terms.status();
  table.segments[name] = {static_cast<std::uint32_t>(making.keys.size()), *copies, *terms};
  for (std::size_t i = 0; i < making.keys.size(); ++i) {
    table.messages.at(making.keys[i]).place = {name, static_cast<std::uint16_t>(i)};
  }
  return absl::OkStatus();
}

// What does not open now will not open later: nothing is left of the cache.
absl::Status MailCache::Transaction::Impl::Damage(const absl::Status& status) {
  if (!absl::IsDataLoss(status) && !absl::IsNotFound(status)) return status;
  table = MessageTable();
  thrown_away = true;
  files->RemoveAllBut({kLock});
  return absl::DataLossError("the local cache was damaged, and was thrown away");
}

absl::StatusOr<SecretBuffer> MailCache::Transaction::Impl::Read(std::uint64_t segment, bool terms) {
  const auto found = table.segments.find(segment);
  if (found == table.segments.end()) return Damage(absl::DataLossError("no such segment"));
  auto bytes = terms ? files->Read(TermsFile(segment), found->second.terms)
                     : files->Read(CopiesFile(segment), found->second.copies);
  if (!bytes.ok()) return Damage(bytes.status());
  return bytes;
}

absl::Status MailCache::Transaction::Impl::Rewrite(const std::vector<std::uint64_t>& sparse) {
  const auto live = LiveSlots(table);
  std::vector<SecretBuffer> opened;  // what the views of `making` look into
  Making making;
  for (const std::uint64_t segment : sparse) {
    const auto slots = live.find(segment);
    if (slots == live.end()) continue;
    auto copies_bytes = Read(segment, /*terms=*/false);
    if (!copies_bytes.ok()) return copies_bytes.status();
    const auto terms_bytes = Read(segment, /*terms=*/true);
    if (!terms_bytes.ok()) return terms_bytes.status();
    const auto copies = ReadCopies(*copies_bytes);
    if (!copies.ok()) return Damage(copies.status());
    const auto postings = ReadPostings(*terms_bytes);
    if (!postings.ok()) return Damage(postings.status());

    std::map<std::uint16_t, std::uint16_t> moved;
    for (const auto& [slot, key] : slots->second) {
      if (slot >= copies->size()) return Damage(absl::DataLossError("no such slot"));
      moved[slot] = static_cast<std::uint16_t>(making.keys.size());
      making.keys.push_back(key);
      making.copies.push_back((*copies)[slot]);
    }
    for (const Posting& posting : *postings) {
      const auto to = moved.find(posting.slot);
      if (to != moved.end()) making.postings.push_back({posting.term, to->second});
    }
    opened.push_back(*std::move(copies_bytes));
    if (making.keys.size() >= kSegmentMessages) {
      const absl::Status written = Write(making);
      if (!written.ok()) return written;
      making = {};
      opened.clear();
    }
  }
  return making.keys.empty() ? absl::OkStatus() : Write(making);
}

absl::Status MailCache::Transaction::Impl::MakeDenser() {
  const auto live = LiveSlots(table);
  std::vector<std::uint64_t> sparse;
  for (const auto& [name, segment] : table.segments) {
    const auto slots = live.find(name);
    const std::size_t count = slots == live.end() ? 0 : slots->second.size();
    if (count <= kSegmentMessages / 2) sparse.push_back(name);
  }
  if (sparse.size() <= kMostSparse) return absl::OkStatus();
  return Rewrite(sparse);
}

void MailCache::Transaction::Impl::KeepToBounds() {
  while (table.refusals.size() > kMostRefusals) table.refusals.erase(table.refusals.begin());
  if (table.messages.size() <= kMostMessages) return;
  std::vector<std::pair<std::uint64_t, MessageKey>> by_age;
  for (const auto& [key, cached] : table.messages)
    by_age.emplace_back(cached.message.sequence, key);
  const std::size_t surplus = table.messages.size() - kMostMessages;
  std::nth_element(by_age.begin(), by_age.begin() + static_cast<std::ptrdiff_t>(surplus),
                   by_age.end());
  for (std::size_t i = 0; i < surplus; ++i) table.messages.erase(by_age[i].second);
  table.truncated = true;
}

MailCache::Transaction::Transaction(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MailCache::Transaction::Transaction(Transaction&&) noexcept = default;
MailCache::Transaction& MailCache::Transaction::operator=(Transaction&&) noexcept = default;
MailCache::Transaction::~Transaction() = default;

MessageTable& MailCache::Transaction::table() { return impl_->table; }
bool MailCache::Transaction::thrown_away() const { return impl_->thrown_away; }

absl::Status MailCache::Transaction::Add(std::vector<Addition> additions) {
  for (std::size_t at = 0; at < additions.size(); at += kSegmentMessages) {
    const std::size_t end = std::min(at + kSegmentMessages, additions.size());
    Impl::Making making;
    for (std::size_t i = at; i < end; ++i) {
      Addition& addition = additions[i];
      const auto slot = static_cast<std::uint16_t>(i - at);
      making.keys.push_back(addition.key);
      making.copies.push_back(addition.copy);
      for (const std::uint64_t term : addition.terms) making.postings.push_back({term, slot});
      impl_->table.messages.insert_or_assign(addition.key, std::move(addition.cached));
    }
    const absl::Status written = impl_->Write(making);
    if (!written.ok()) return written;
  }
  return absl::OkStatus();
}

absl::StatusOr<SecretBuffer> MailCache::Transaction::Copy(const CachedMessage& cached) {
  const SegmentPlace place = cached.place;
  auto bytes = impl_->Read(place.segment, /*terms=*/false);
  if (!bytes.ok()) return bytes;
  const auto copies = ReadCopies(*bytes);
  if (!copies.ok()) return impl_->Damage(copies.status());
  if (place.slot >= copies->size()) return impl_->Damage(absl::DataLossError("no such slot"));
  return SecretBuffer::Copy((*copies)[place.slot]);
}

absl::StatusOr<std::vector<MessageKey>> MailCache::Transaction::Search(
    const std::vector<std::uint64_t>& terms) {
  std::vector<std::pair<std::uint64_t, MessageKey>> found;
  if (terms.empty()) return std::vector<MessageKey>();
  for (const auto& [segment, slots] : LiveSlots(impl_->table)) {
    const auto bytes = impl_->Read(segment, /*terms=*/true);
    if (!bytes.ok()) return bytes.status();
    const auto postings = ReadPostings(*bytes);
    if (!postings.ok()) return impl_->Damage(postings.status());
    for (const std::uint16_t slot : SlotsWith(*postings, terms)) {
      const auto live = slots.find(slot);
      if (live == slots.end()) continue;
      found.emplace_back(impl_->table.messages.at(live->second).message.sequence, live->second);
    }
  }
  std::sort(found.rbegin(), found.rend());
  std::vector<MessageKey> keys;
  for (const auto& [sequence, key] : found) keys.push_back(key);
  return keys;
}

absl::Status MailCache::Transaction::Commit() {
  impl_->KeepToBounds();
  absl::Status status = impl_->MakeDenser();
  if (!status.ok()) return status;
  const auto live = LiveSlots(impl_->table);
  std::erase_if(impl_->table.segments,
                [&](const auto& segment) { return !live.contains(segment.first); });
  const auto written = impl_->files->Write(kTable, impl_->table.Serialise());
  if (!written.ok()) return written.status();
  std::set<std::string> needed = {kTable, kLock};
  for (const auto& [name, segment] : impl_->table.segments) {
    needed.insert(CopiesFile(name));
    needed.insert(TermsFile(name));
  }
  impl_->files->RemoveAllBut(needed);
  return absl::OkStatus();
}

absl::StatusOr<MailCache::Transaction> MailCache::Begin(absl::Duration patience) const {
  const absl::Status made = files_->MakeFolder();
  if (!made.ok()) return made;
  auto lock = config::FileLock::Take(files_->folder() + "/" + kLock, patience,
                                     "another command is using this account's cache");
  if (!lock.ok()) return lock.status();
  auto impl = std::make_unique<Transaction::Impl>(
      Transaction::Impl{*std::move(lock), files_, MessageTable(), false});
  const auto bytes = files_->Read(kTable);
  if (bytes.ok()) {
    auto table = MessageTable::Parse(*bytes);
    if (table.ok()) {
      impl->table = *std::move(table);
    } else {
      impl->Damage(table.status()).IgnoreError();
    }
  } else if (absl::IsDataLoss(bytes.status())) {
    impl->Damage(bytes.status()).IgnoreError();
  } else if (!absl::IsNotFound(bytes.status())) {
    return bytes.status();
  }
  return Transaction(std::move(impl));
}

}  // namespace letterlock::client
