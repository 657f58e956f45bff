// Listings, searches and single messages, from the local cache once it is up to date.
#include <algorithm>
#include <utility>
#include <vector>

#include "cache/mail_cache.h"
#include "cache/search_terms.h"
#include "client/correspondents.h"
#include "client/failure.h"
#include "client_impl.h"
#include "crypto/base/encoding.h"
#include "crypto/base/key_access.h"
#include "letterlock/mail/v1/mailbox.pb.h"
#include "mailbox_reader.h"

namespace letterlock::client {
namespace {

using crypto::KeyAccess;
using crypto::SecretBuffer;

bool IsHex(std::string_view text) {
  return !text.empty() && text.size() <= 2 * crypto::MessageId::kSize &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool IsIn(const Message& message, Folder folder) {
  return folder == Folder::kArchive ? message.archived
                                    : message.folder == folder && !message.archived;
}

SecretBuffer CopyOf(const SecretBuffer& secret) {
  return SecretBuffer::Copy(secret.RevealView(KeyAccess{}));
}

Message CopyOf(const Message& message) {
  return {.folder = message.folder,
          .id = message.id,
          .thread = message.thread,
          .from = message.from,
          .to = message.to,
          .sender = message.sender,
          .key_replaced = message.key_replaced,
          .subject = CopyOf(message.subject),
          .body = CopyOf(message.body),
          .format = message.format,
          .attachments = message.attachments,
          .sent_unix_ms = message.sent_unix_ms,
          .accepted_unix_ms = message.accepted_unix_ms,
          .delivery = message.delivery,
          .sequence = message.sequence,
          .read = message.read,
          .archived = message.archived,
          .labels = message.labels};
}

RefusedMessage RefusedOf(const MessageKey& key, const CachedRefusal& refusal) {
  return {key.id, StatusOf(static_cast<absl::StatusCode>(refusal.code),
                           static_cast<Problem>(refusal.problem), refusal.why)};
}

// The messages of a folder, newest first.
std::vector<MessageKey> KeysIn(const MessageTable& table, Folder folder) {
  std::vector<std::pair<std::uint64_t, MessageKey>> found;
  for (const auto& [key, cached] : table.messages) {
    if (IsIn(cached.message, folder)) found.emplace_back(cached.message.sequence, key);
  }
  std::sort(found.rbegin(), found.rend());
  std::vector<MessageKey> keys;
  for (const auto& [sequence, key] : found) keys.push_back(key);
  return keys;
}

}  // namespace

absl::Status ClientImpl::RefreshUnlessOffline() {
  {
    absl::MutexLock lock(&mutex_);
    cache_thrown_away_ = false;
    if (offline_) own_entry_unchecked_ = absl::UnavailableError("no server was asked: --offline");
    if (offline_) return absl::OkStatus();
  }
  const absl::Status complete = CheckComplete();
  return complete.ok() ? Refresh() : complete;
}

absl::StatusOr<MailCache::Transaction> ClientImpl::OpenCache() {
  auto cache = cache_.Begin();
  if (!cache.ok()) return cache;
  NoteCache(*cache);
  const bool nothing = cache->table().as_of_unix_ms == 0;
  absl::MutexLock lock(&mutex_);
  if (offline_ && nothing) {
    return cache_thrown_away_
               ? absl::DataLossError(
                     "the local cache was damaged, and was thrown away: without "
                     "--offline it is made again")
               : UsageProblem("nothing is kept for --offline yet: run it once without");
  }
  return cache;
}

absl::StatusOr<Listing> ClientImpl::ListingOf(const MessageTable& table,
                                              const std::vector<MessageKey>& keys,
                                              std::size_t most) {
  auto transaction = state_file_.Begin();
  if (!transaction.ok()) return transaction.status();
  Listing listing;
  listing.as_of_unix_ms = table.as_of_unix_ms;
  listing.truncated = table.truncated;
  for (const MessageKey& key : keys) {
    if (listing.messages.size() == most) {
      listing.more = true;
      break;
    }
    const CachedMessage& cached = table.messages.at(key);
    Message message = CopyOf(cached.message);
    if (key.sender != keys_.member) {
      const auto sender =
          FindSender(transaction->state(), keys_.deployment, key.sender, cached.signing_key);
      if (!sender.has_value()) {
        listing.refused.push_back({key.id, VerificationFailed("its sender is not pinned")});
        continue;
      }
      message.key_replaced = sender->key_replaced;
    } else if (message.folder == Folder::kSent) {
      message.key_replaced = cached.signing_key != crypto::KeyIdOf(keys_.identity.public_key());
    }
    listing.messages.push_back(std::move(message));
  }
  return listing;
}

absl::StatusOr<Listing> ClientImpl::List(Folder folder, std::size_t most) {
  const absl::Status fresh = RefreshUnlessOffline();
  if (!fresh.ok()) return fresh;
  auto cache = OpenCache();
  if (!cache.ok()) return cache.status();
  const MessageTable& table = cache->table();
  auto listing = ListingOf(table, KeysIn(table, folder), most);
  if (!listing.ok()) return listing;
  const std::uint64_t oldest = listing->more ? listing->messages.back().sequence : 0;
  for (const auto& [key, refusal] : table.refusals) {
    if (refusal.folder == folder && refusal.sequence >= oldest) {
      listing->refused.push_back(RefusedOf(key, refusal));
    }
  }
  return listing;
}

absl::StatusOr<Listing> ClientImpl::Search(std::string_view words, std::size_t most) {
  const std::vector<std::uint64_t> terms = TermsOf(words);
  if (terms.empty()) return UsageProblem("there is no word to search for");
  const absl::Status fresh = RefreshUnlessOffline();
  if (!fresh.ok()) return fresh;
  auto cache = OpenCache();
  if (!cache.ok()) return cache.status();
  const auto found = cache->Search(terms);
  NoteCache(*cache);
  if (!found.ok()) return found.status();
  return ListingOf(cache->table(), *found, most);
}

absl::StatusOr<mail::v1::MailboxMessage> ClientImpl::StoredCopy(MailCache::Transaction& cache,
                                                                const MessageKey& key) {
  const auto copy = cache.Copy(cache.table().messages.at(key));
  NoteCache(cache);
  if (!copy.ok()) return copy.status();
  mail::v1::MailboxMessage stored;
  const std::string_view bytes = copy->RevealView(KeyAccess{});
  if (!stored.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("a message of the local cache is malformed");
  }
  return stored;
}

absl::StatusOr<Message> ClientImpl::Open(MailCache::Transaction& cache, const MessageKey& key) {
  const Message listed = CopyOf(cache.table().messages.at(key).message);
  const auto stored = StoredCopy(cache, key);
  if (!stored.ok()) return stored.status();
  mail::v1::MessageReference reference;
  reference.set_sender(std::string(key.sender.bytes()));
  reference.set_message_id(std::string(key.id.bytes()));
  // Opened and verified as if the server had just given it: the cache is believed no more than the
  // server is.
  auto transaction = state_file_.Begin();
  if (!transaction.ok()) return transaction.status();
  MailboxReader reader(&keys_, nullptr, &transaction->state());
  auto message = reader.Take(*stored, reference);
  const absl::Status kept = transaction->Commit();
  if (!message.ok()) return message;
  if (!kept.ok()) return kept;
  message->folder = listed.folder;
  message->sequence = listed.sequence;
  message->delivery = listed.delivery;
  message->read = listed.read;
  message->archived = listed.archived;
  message->labels = listed.labels;
  return message;
}

absl::StatusOr<MessageKey> ClientImpl::Find(const MessageTable& table,
                                            std::string_view id_prefix) const {
  std::vector<MessageKey> found;
  const auto match = [&](const MessageKey& key) {
    if (crypto::HexEncode(key.id.bytes()).starts_with(id_prefix)) found.push_back(key);
  };
  for (const auto& [key, cached] : table.messages) match(key);
  for (const auto& [key, refusal] : table.refusals) {
    if (!table.messages.contains(key)) match(key);
  }
  if (found.empty()) return NotFound("no message of yours has an id that begins so");
  if (found.size() > 1) {
    return UsageProblem("several messages have an id that begins so: give more digits");
  }
  return found.front();
}

absl::StatusOr<Message> ClientImpl::Read(std::string_view id_prefix) {
  if (!IsHex(id_prefix)) {
    return UsageProblem("a message id is up to 32 of the digits 0 to 9 and a to f");
  }
  const absl::Status fresh = RefreshUnlessOffline();
  if (!fresh.ok()) return fresh;
  auto cache = OpenCache();
  if (!cache.ok()) return cache.status();
  const auto key = Find(cache->table(), id_prefix);
  if (!key.ok()) return key.status();
  const auto refusal = cache->table().refusals.find(*key);
  if (refusal != cache->table().refusals.end()) return RefusedOf(*key, refusal->second).why;
  return Open(*cache, *key);
}

void ClientImpl::StayOffline() {
  absl::MutexLock lock(&mutex_);
  offline_ = true;
}

bool ClientImpl::cache_thrown_away() const {
  absl::MutexLock lock(&mutex_);
  return cache_thrown_away_;
}

}  // namespace letterlock::client
