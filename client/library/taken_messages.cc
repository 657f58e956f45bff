#include "client/taken_messages.h"

#include <utility>

namespace letterlock::client {
namespace {

constexpr std::size_t kKeySize = 16;
constexpr std::size_t kRecordSize = kKeySize + 32;

std::string KeyOf(const crypto::MemberId& sender, const crypto::MessageId& id) {
  const crypto::Digest digest = crypto::Sha256Concat({sender.bytes(), id.bytes()});
  return crypto::ToString(digest).substr(0, kKeySize);
}

}  // namespace

TakenMessages::Verdict TakenMessages::Ask(const crypto::MemberId& sender,
                                          const crypto::MessageId& id,
                                          const crypto::Digest& message) const {
  const auto found = digests_.find(KeyOf(sender, id));
  if (found == digests_.end()) return Verdict::kNew;
  return found->second == message ? Verdict::kSame : Verdict::kDifferent;
}

TakenMessages::Verdict TakenMessages::Take(const crypto::MemberId& sender,
                                           const crypto::MessageId& id,
                                           const crypto::Digest& message) {
  const Verdict verdict = Ask(sender, id, message);
  if (verdict == Verdict::kNew) Add(KeyOf(sender, id), message);
  return verdict;
}

bool TakenMessages::Add(std::string key, const crypto::Digest& message) {
  if (!digests_.emplace(key, message).second) return false;
  order_.push_back(std::move(key));
  if (order_.size() > kMost) {
    digests_.erase(order_.front());
    order_.pop_front();
  }
  return true;
}

std::string TakenMessages::Serialise() const {
  std::string out;
  out.reserve(order_.size() * kRecordSize);
  for (const std::string& key : order_) out += key + crypto::ToString(digests_.at(key));
  return out;
}

absl::StatusOr<TakenMessages> TakenMessages::Parse(std::string_view bytes) {
  if (bytes.size() % kRecordSize != 0 || bytes.size() / kRecordSize > kMost) {
    return absl::InvalidArgumentError("taken messages: wrong size");
  }
  TakenMessages out;
  for (; !bytes.empty(); bytes.remove_prefix(kRecordSize)) {
    const auto digest = crypto::DigestFromBytes(bytes.substr(kKeySize, 32));
    if (!digest.ok() || !out.Add(std::string(bytes.substr(0, kKeySize)), *digest)) {
      return absl::InvalidArgumentError("taken messages: a pair stands there twice");
    }
  }
  return out;
}

}  // namespace letterlock::client
