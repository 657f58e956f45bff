// Waiting for mail.
#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/failure.h"
#include "client_impl.h"
#include "letterlock/mail/v1/mail_service.pb.h"

namespace letterlock::client {
namespace {

// What came to her, as opposed to what she sent or brought along.
constexpr Folder kWatched[] = {Folder::kInbox, Folder::kRequests};

}  // namespace

absl::StatusOr<Listing> ClientImpl::NewSince(std::set<MessageKey>* known, std::string* token) {
  const absl::Status fresh = Refresh();
  if (!fresh.ok()) return fresh;
  auto cache = OpenCache();
  if (!cache.ok()) return cache.status();
  *token = cache->table().sync_token;
  std::vector<MessageKey> news;
  for (const auto& [key, cached] : cache->table().messages) {
    const Folder folder = cached.message.folder;
    const bool watched =
        std::find(std::begin(kWatched), std::end(kWatched), folder) != std::end(kWatched);
    if (watched && known->insert(key).second) news.push_back(key);
  }
  return ListingOf(cache->table(), news, news.size());
}

absl::Status ClientImpl::Watch(absl::Duration most,
                               absl::FunctionRef<bool(const Listing& news)> tell) {
  const absl::Status complete = CheckComplete();
  if (!complete.ok()) return complete;
  const absl::Time until = parts_.clock->Now() + most;
  std::set<MessageKey> known;
  for (bool first = true;; first = false) {
    mail::v1::WatchRequest request;
    auto news = NewSince(&known, request.mutable_token());
    if (!news.ok()) return news.status();
    // What was there before is no news; an empty listing says that the watch has begun.
    if (first) news->messages.clear();
    if ((first || !news->messages.empty()) && !tell(*news)) return absl::OkStatus();
    const absl::Duration left = until - parts_.clock->Now();
    if (left <= absl::ZeroDuration()) return absl::OkStatus();
    const absl::Status ended = mail_.Watch(request, left, [] { return false; });
    if (!ended.ok()) return ended;
  }
}

}  // namespace letterlock::client
