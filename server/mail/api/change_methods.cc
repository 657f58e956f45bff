#include "api/change_methods.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/references.h"
#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

using rpc::FieldPath;
using rpc::InvalidField;

constexpr std::size_t kMaxLabelSize = 32;

// `^[a-z0-9][a-z0-9._-]{0,31}$`
bool IsLabel(std::string_view text) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (text.empty() || text.size() > kMaxLabelSize || !alphanumeric(text.front())) return false;
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

absl::StatusOr<std::vector<std::string>> ReadLabels(
    const google::protobuf::RepeatedPtrField<std::string>& labels, const FieldPath& field) {
  if (static_cast<std::size_t>(labels.size()) > kMaxLabels) {
    return InvalidField(field, common::v1::ERROR_REASON_TOO_MANY, "are over 16");
  }
  for (int i = 0; i < labels.size(); ++i) {
    if (IsLabel(labels[i])) continue;
    return InvalidField(field.At(static_cast<std::size_t>(i)),
                        common::v1::ERROR_REASON_FIELD_FORMAT, "is no label");
  }
  return std::vector<std::string>(labels.begin(), labels.end());
}

absl::StatusOr<MessageUpdate> ReadUpdate(const v1::MessageUpdate& sent, const FieldPath& field,
                                         References* references) {
  auto name = references->Read(sent.reference(), field.Then("reference"));
  if (!name.ok()) return name.status();
  auto add = ReadLabels(sent.add_labels(), field.Then("add_labels"));
  if (!add.ok()) return add.status();
  auto remove = ReadLabels(sent.remove_labels(), field.Then("remove_labels"));
  if (!remove.ok()) return remove.status();
  for (std::size_t i = 0; i < remove->size(); ++i) {
    if (std::find(add->begin(), add->end(), (*remove)[i]) == add->end()) continue;
    return InvalidField(field.Then("remove_labels").At(i), common::v1::ERROR_REASON_FIELD_RANGE,
                        "is to be added, too");
  }
  MessageUpdate update{
      .name = *name, .add_labels = *std::move(add), .remove_labels = *std::move(remove)};
  if (sent.has_read()) update.read = sent.read();
  if (sent.has_archived()) update.archived = sent.archived();
  return update;
}

}  // namespace

absl::Status Update(Mailboxes& mailboxes, const Changes& changes, const MemberGrant& grant,
                    rpc::CallContext& call, const v1::UpdateRequest& request,
                    v1::UpdateResponse* response) {
  if (absl::Status count = CheckCount(request.updates_size(), "updates"); !count.ok()) {
    return count;
  }
  References references;
  std::vector<MessageUpdate> updates;
  for (const v1::MessageUpdate& sent : request.updates()) {
    auto update = ReadUpdate(sent, FieldPath("updates").At(updates.size()), &references);
    if (!update.ok()) return update.status();
    updates.push_back(*std::move(update));
  }
  auto mailbox = mailboxes.Open(grant, call.deadline());
  if (!mailbox.ok()) return mailbox.status();
  if (absl::Status alive = call.CheckAlive(); !alive.ok()) return alive;
  auto states = changes.Update(*mailbox, updates, call.deadline());
  if (!states.ok()) return states.status();
  for (std::optional<v1::MessageState>& state : *states) {
    v1::UpdateResult* result = response->add_results();
    if (state) *result->mutable_state() = *std::move(state);
  }
  return absl::OkStatus();
}

absl::Status Delete(Mailboxes& mailboxes, const Changes& changes, const MemberGrant& grant,
                    rpc::CallContext& call, const v1::DeleteRequest& request,
                    v1::DeleteResponse* response) {
  if (absl::Status count = CheckCount(request.references_size(), "references"); !count.ok()) {
    return count;
  }
  References references;
  std::vector<MessageName> names;
  for (const v1::MessageReference& reference : request.references()) {
    auto name = references.Read(reference, FieldPath("references").At(names.size()));
    if (!name.ok()) return name.status();
    names.push_back(*name);
  }
  auto mailbox = mailboxes.Open(grant, call.deadline());
  if (!mailbox.ok()) return mailbox.status();
  if (absl::Status alive = call.CheckAlive(); !alive.ok()) return alive;
  auto deleted = changes.Delete(*mailbox, names, call.deadline());
  if (!deleted.ok()) return deleted.status();
  for (const bool was_there : *deleted) response->add_results()->set_deleted(was_there);
  return absl::OkStatus();
}

absl::Status Sync(Mailboxes& mailboxes, Sender& sender, const Changes& changes,
                  const MemberGrant& grant, rpc::CallContext& call, const v1::SyncRequest& request,
                  v1::SyncResponse* response) {
  if (request.max_changes() > kMaxSyncChanges) {
    return InvalidField("max_changes", common::v1::ERROR_REASON_FIELD_RANGE, "is over 500");
  }
  const std::size_t most = request.max_changes() == 0 ? kDefaultSyncChanges : request.max_changes();
  auto mailbox = mailboxes.Open(grant, call.deadline());
  if (!mailbox.ok()) return mailbox.status();
  sender.SettleOutbox(*mailbox);
  auto page = changes.Sync(*mailbox, request.token(), most, call.deadline());
  if (!page.ok()) return page.status();
  for (v1::Change& change : page->changes) *response->add_changes() = std::move(change);
  response->set_token(std::move(page->token));
  response->set_more(page->more);
  return absl::OkStatus();
}

absl::Status Import(Importer& importer, const MemberGrant& grant, rpc::CallContext& call,
                    const v1::ImportRequest& request, v1::ImportResponse* response) {
  if (!request.has_envelope()) {
    return InvalidField("envelope", common::v1::ERROR_REASON_FIELD_MISSING, "must be set");
  }
  auto accepted_unix_ms = importer.Import(grant, request.envelope(), call.deadline());
  if (!accepted_unix_ms.ok()) return accepted_unix_ms.status();
  response->set_accepted_unix_ms(*accepted_unix_ms);
  return absl::OkStatus();
}

}  // namespace letterlock::mail
