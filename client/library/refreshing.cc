// Bringing the local cache up to date, step by step (docs/client.md, "The local cache").
#include <algorithm>
#include <utility>
#include <vector>

#include "cache/mail_cache.h"
#include "cache/search_terms.h"
#include "client/correspondents.h"
#include "client/failure.h"
#include "client_impl.h"
#include "crypto/base/key_access.h"
#include "crypto/seal/envelope_header.h"
#include "letterlock/mail/v1/mail_service.pb.h"
#include "mailbox_changes.h"
#include "mailbox_reader.h"
#include "wire.h"

namespace letterlock::client {
namespace {

using crypto::KeyAccess;
using mail::v1::MailboxMessage;
using mail::v1::MessageReference;

constexpr std::size_t kFetchPage = 100;
// Of refused messages, which are asked for again each time.
constexpr std::size_t kMostAgain = 200;
// Of the beginning of a body that a listing shows where there is no subject.
constexpr std::size_t kGistBytes = 256;
constexpr int kAttempts = 3;

MessageReference ReferenceOf(const MessageKey& key) {
  MessageReference reference;
  reference.set_sender(std::string(key.sender.bytes()));
  reference.set_message_id(std::string(key.id.bytes()));
  return reference;
}

std::string Words(const Message& message) {
  std::string words = message.from.str() + "\n" + message.to.str() + "\n";
  words += message.subject.RevealView(KeyAccess{});
  words += "\n";
  words += message.body.RevealView(KeyAccess{});
  return words;
}

// At most kGistBytes of the body, cut between characters.
crypto::SecretBuffer Gist(const Message& message) {
  std::string_view body = message.body.RevealView(KeyAccess{});
  if (!message.subject.empty()) return {};
  if (body.size() > kGistBytes) {
    std::size_t end = kGistBytes;
    while (end > 0 && (static_cast<unsigned char>(body[end]) & 0xC0) == 0x80) --end;
    body = body.substr(0, end);
  }
  return crypto::SecretBuffer::Copy(body);
}

MailCache::Addition AdditionOf(const MessageKey& key, Message message,
                               const MailboxMessage& stored) {
  const auto header = seal::EnvelopeHeader::Parse(stored.header());
  MailCache::Addition addition{
      .key = key,
      .cached = {.place = {},
                 .header_hash = crypto::Sha256(stored.header()),
                 .signing_key = header.ok() ? header->sender_identity_key_id : crypto::KeyId(),
                 .message = std::move(message)},
      .copy = stored.SerializeAsString(),
      .terms = {}};
  addition.terms = TermsOf(Words(addition.cached.message));
  addition.cached.message.body = Gist(addition.cached.message);
  return addition;
}

CachedRefusal RefusalOf(const absl::Status& why, Folder folder, std::uint64_t sequence) {
  return {.folder = folder,
          .sequence = sequence,
          .code = static_cast<int>(why.code()),
          .problem = static_cast<int>(ProblemOf(why)),
          .why = std::string(why.message()).substr(0, 1000)};
}

// What the cache does not hold, or holds only as refused: the newest first.
struct Wanted {
  MessageKey key;
  Folder folder = Folder::kInbox;
  std::uint64_t sequence = 0;
};

}  // namespace

// What one refresh starts from.
struct ClientImpl::Known {
  std::string token;
  std::map<MessageKey, crypto::Digest> headers;
  std::map<MessageKey, CachedRefusal> refusals;
};

// What came of the messages that were fetched.
struct ClientImpl::Fetched {
  std::vector<MailCache::Addition> additions;
  std::map<MessageKey, CachedRefusal> refusals;
  std::vector<MessageKey> gone;
};

bool IsStillVouchedFor(const State& state, const seal::MemberKeys& keys,
                       const CachedMessage& cached) {
  if (cached.message.sender == keys.member) return true;
  return FindSender(state, keys.deployment, cached.message.sender, cached.signing_key).has_value();
}

absl::StatusOr<ClientImpl::Known> ClientImpl::ReadKnown() {
  // Always in this order, so that no two commands wait for each other.
  auto cache = cache_.Begin();
  if (!cache.ok()) return cache.status();
  auto transaction = state_file_.Begin();
  if (!transaction.ok()) return transaction.status();
  NoteCache(*cache);
  Known known{.token = cache->table().sync_token, .headers = {}, .refusals = {}};
  known.refusals = cache->table().refusals;
  for (const auto& [key, cached] : cache->table().messages) {
    // Its pin is gone, with the state perhaps: it is fetched and checked like a new one.
    if (!IsStillVouchedFor(transaction->state(), keys_, cached)) {
      known.refusals[key] = RefusalOf(VerificationFailed("its sender is not pinned"),
                                      cached.message.folder, cached.message.sequence);
      continue;
    }
    known.headers.emplace(key, cached.header_hash);
  }
  return known;
}

absl::StatusOr<ClientImpl::Fetched> ClientImpl::TakeWanted(const Known& known,
                                                           const MailboxChanges& changes) {
  std::vector<Wanted> wanted;
  Fetched taken;
  for (const auto& [key, summary] : changes.present) {
    const auto held = known.headers.find(key);
    const Folder folder = FolderOf(summary.state().folder());
    if (held == known.headers.end()) {
      wanted.push_back({key, folder, summary.state().sequence()});
    } else if (held->second != crypto::Sha256(summary.header())) {
      taken.refusals[key] = RefusalOf(
          VerificationFailed("another message of this sender was already taken under this id"),
          folder, summary.state().sequence());
    }
  }
  std::size_t again = 0;
  for (const auto& [key, refusal] : known.refusals) {
    const bool told = changes.present.contains(key) || changes.destroyed.contains(key);
    if (told || changes.from_start || key.id.IsZero() || known.headers.contains(key)) continue;
    if (++again > kMostAgain) break;
    wanted.push_back({key, refusal.folder, refusal.sequence});
  }
  std::sort(wanted.begin(), wanted.end(),
            [](const Wanted& a, const Wanted& b) { return a.sequence > b.sequence; });
  if (wanted.size() > MailCache::kMostMessages) wanted.resize(MailCache::kMostMessages);

  std::vector<mail::v1::BatchGetResponse> pages;
  for (std::size_t at = 0; at < wanted.size(); at += kFetchPage) {
    mail::v1::BatchGetRequest request;
    const std::size_t end = std::min(at + kFetchPage, wanted.size());
    for (std::size_t i = at; i < end; ++i) *request.add_references() = ReferenceOf(wanted[i].key);
    const absl::Status status = mail_.BatchGet(request, &pages.emplace_back());
    if (!status.ok()) return status;
    if (static_cast<std::size_t>(pages.back().results_size()) != end - at) {
      return VerificationFailed("the mail server answered for another number of messages");
    }
  }

  auto transaction = state_file_.Begin();
  if (!transaction.ok()) return transaction.status();
  // Each time: mail sealed for keys that another command has made would be taken for damaged.
  const absl::Status complete = CheckComplete(transaction->state());
  if (!complete.ok()) return complete;
  CheckOwnEntry(&transaction->state());
  MailboxReader reader(&keys_, &directory_, &transaction->state());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto& result = pages[i / kFetchPage].results(static_cast<int>(i % kFetchPage));
    if (!result.has_message()) {
      taken.gone.push_back(wanted[i].key);
      continue;
    }
    auto message = reader.Take(result.message(), ReferenceOf(wanted[i].key));
    if (message.ok()) {
      taken.additions.push_back(AdditionOf(wanted[i].key, *std::move(message), result.message()));
    } else {
      taken.refusals[wanted[i].key] =
          RefusalOf(message.status(), wanted[i].folder, wanted[i].sequence);
    }
  }
  // Before anything is shown: what is taken once must be remembered.
  const absl::Status kept = transaction->Commit();
  if (!kept.ok()) return kept;
  absl::MutexLock lock(&mutex_);
  if (alarm_.ok()) alarm_ = reader.alarm();
  return taken;
}

absl::StatusOr<bool> ClientImpl::ApplyToCache(const Known& known, const MailboxChanges& changes,
                                              Fetched taken) {
  auto cache = cache_.Begin();
  if (!cache.ok()) return cache.status();
  MessageTable& table = cache->table();
  // Another command brought it up to date in the meantime, from where we started or elsewhere.
  if (table.sync_token != known.token) return false;
  if (changes.from_start) {
    std::erase_if(table.messages,
                  [&](const auto& message) { return !changes.present.contains(message.first); });
    table.refusals.clear();
    table.truncated = false;
  }
  for (const MessageKey& key : changes.destroyed) {
    table.messages.erase(key);
    table.refusals.erase(key);
  }
  for (const MessageKey& key : taken.gone) table.refusals.erase(key);
  for (const MailCache::Addition& addition : taken.additions) table.refusals.erase(addition.key);
  for (auto& [key, refusal] : taken.refusals) table.refusals[key] = std::move(refusal);
  if (changes.nonsense > 0) {
    table.refusals[MessageKey()] =
        RefusalOf(VerificationFailed("the server lists what is no message"), Folder::kInbox, ~0ull);
  }
  const absl::Status added = cache->Add(std::move(taken.additions));
  if (!added.ok()) return added;
  for (const auto& [key, summary] : changes.present) {
    const auto held = table.messages.find(key);
    if (held != table.messages.end()) SetState(summary.state(), &held->second.message);
  }
  if (changes.present.size() > MailCache::kMostMessages) table.truncated = true;
  table.sync_token = changes.token;
  table.as_of_unix_ms = NowMs();
  const absl::Status kept = cache->Commit();
  if (!kept.ok()) return kept;
  return true;
}

absl::Status ClientImpl::Refresh() {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto known = ReadKnown();
    if (!known.ok()) return known.status();
    const auto changes = CollectChanges(mail_, known->token);
    if (!changes.ok()) return changes.status();
    auto taken = TakeWanted(*known, *changes);
    if (!taken.ok()) return taken.status();
    const auto applied = ApplyToCache(*known, *changes, *std::move(taken));
    if (!applied.ok()) return applied.status();
    if (*applied) return absl::OkStatus();
  }
  return absl::UnavailableError("other commands of this account are bringing its cache up to date");
}

void ClientImpl::NoteCache(const MailCache::Transaction& cache) {
  absl::MutexLock lock(&mutex_);
  if (cache.thrown_away()) cache_thrown_away_ = true;
}

// Somebody who only ever reads must hear of a swapped key too: her new mail is sealed for it.
void ClientImpl::CheckOwnEntry(State* state) {
  const absl::Status checked = impatient_directory_.CheckOwn(keys_.handle, state, /*always=*/true);
  const bool alarm = ProblemOf(checked) == Problem::kAlarm;
  absl::MutexLock lock(&mutex_);
  if (alarm && alarm_.ok()) alarm_ = checked;
  own_entry_unchecked_ = alarm ? absl::OkStatus() : checked;
}

}  // namespace letterlock::client
