// Marking and deleting messages of the own mailbox.
#include <utility>
#include <vector>

#include "client/failure.h"
#include "client_impl.h"
#include "letterlock/mail/v1/mail_service.pb.h"

namespace letterlock::client {
namespace {

constexpr std::size_t kMostAtOnce = 100;

void SetReference(const MessageKey& key, mail::v1::MessageReference* reference) {
  reference->set_sender(std::string(key.sender.bytes()));
  reference->set_message_id(std::string(key.id.bytes()));
}

absl::Status WrongNumber() {
  return VerificationFailed("the mail server answered for another number of messages");
}

}  // namespace

absl::StatusOr<std::vector<MessageKey>> ClientImpl::Resolve(
    const std::vector<std::string>& id_prefixes) {
  if (id_prefixes.empty() || id_prefixes.size() > kMostAtOnce) {
    return UsageProblem("1 to 100 messages at a time");
  }
  const absl::Status complete = CheckComplete();
  if (!complete.ok()) return complete;
  const absl::Status fresh = Refresh();
  if (!fresh.ok()) return fresh;
  auto cache = OpenCache();
  if (!cache.ok()) return cache.status();
  std::vector<MessageKey> keys;
  for (const std::string& prefix : id_prefixes) {
    const auto key = Find(cache->table(), prefix);
    if (!key.ok()) return key.status();
    for (const MessageKey& known : keys) {
      if (known == *key) return UsageProblem("the same message is named twice");
    }
    keys.push_back(*key);
  }
  return keys;
}

absl::StatusOr<std::vector<Marked>> ClientImpl::Mark(const std::vector<std::string>& id_prefixes,
                                                     const MarkRequest& request) {
  const auto keys = Resolve(id_prefixes);
  if (!keys.ok()) return keys.status();
  mail::v1::UpdateRequest wire;
  for (const MessageKey& key : *keys) {
    mail::v1::MessageUpdate& update = *wire.add_updates();
    SetReference(key, update.mutable_reference());
    if (request.read.has_value()) update.set_read(*request.read);
    if (request.archived.has_value()) update.set_archived(*request.archived);
    for (const std::string& label : request.add_labels) update.add_add_labels(label);
    for (const std::string& label : request.remove_labels) update.add_remove_labels(label);
  }
  mail::v1::UpdateResponse response;
  const absl::Status status = mail_.Update(wire, &response);
  if (!status.ok()) return status;
  if (static_cast<std::size_t>(response.results_size()) != keys->size()) return WrongNumber();
  std::vector<Marked> marked;
  for (std::size_t i = 0; i < keys->size(); ++i) {
    marked.push_back({(*keys)[i].id, response.results(static_cast<int>(i)).has_state()});
  }
  return marked;
}

absl::StatusOr<std::vector<Marked>> ClientImpl::Delete(
    const std::vector<std::string>& id_prefixes) {
  const auto keys = Resolve(id_prefixes);
  if (!keys.ok()) return keys.status();
  mail::v1::DeleteRequest wire;
  for (const MessageKey& key : *keys) SetReference(key, wire.add_references());
  mail::v1::DeleteResponse response;
  const absl::Status status = mail_.Delete(wire, &response);
  if (!status.ok()) return status;
  if (static_cast<std::size_t>(response.results_size()) != keys->size()) return WrongNumber();
  std::vector<Marked> marked;
  for (std::size_t i = 0; i < keys->size(); ++i) {
    marked.push_back({(*keys)[i].id, response.results(static_cast<int>(i)).deleted()});
  }
  // The local copy goes with it, not only with the next listing.
  const absl::Status fresh = Refresh();
  if (!fresh.ok()) return fresh;
  return marked;
}

}  // namespace letterlock::client
