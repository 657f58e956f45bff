#include "api/mail_methods.h"

#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

using rpc::FieldPath;
using rpc::InvalidField;

absl::StatusOr<std::vector<MessageName>> ReadReferences(const v1::BatchGetRequest& request) {
  const FieldPath root("references");
  if (request.references().empty()) {
    return InvalidField(root, common::v1::ERROR_REASON_FIELD_MISSING, "must be set");
  }
  if (static_cast<std::size_t>(request.references_size()) > kMaxBatchGet) {
    return InvalidField(root, common::v1::ERROR_REASON_TOO_MANY, "are over 100");
  }
  std::vector<MessageName> names;
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const v1::MessageReference& reference : request.references()) {
    const FieldPath field = root.At(names.size());
    const auto sender = crypto::MemberId::FromBytes(reference.sender());
    if (!sender.ok()) {
      return InvalidField(field.Then("sender"), common::v1::ERROR_REASON_FIELD_SIZE,
                          "is not 16 bytes");
    }
    const auto id = crypto::MessageId::FromBytes(reference.message_id());
    if (!id.ok()) {
      return InvalidField(field.Then("message_id"), common::v1::ERROR_REASON_FIELD_SIZE,
                          "is not 16 bytes");
    }
    if (!seen.emplace(reference.sender(), reference.message_id()).second) {
      return InvalidField(field, common::v1::ERROR_REASON_TOO_MANY, "stands there twice");
    }
    names.push_back({*sender, *id});
  }
  return names;
}

}  // namespace

void Send(Sender& sender, const MemberGrant& grant, rpc::CallContext& call,
          const v1::SendRequest& request, v1::SendResponse* response, rpc::Done done) {
  if (!request.has_envelope()) {
    return done(InvalidField("envelope", common::v1::ERROR_REASON_FIELD_MISSING, "must be set"));
  }
  sender.Send(grant, request.envelope(), call.deadline(),
              [response, done = std::move(done)](absl::StatusOr<SendResult> result) {
                if (!result.ok()) return done(result.status());
                response->set_state(result->state);
                response->set_accepted_unix_ms(result->accepted_unix_ms);
                done(absl::OkStatus());
              });
}

absl::Status BatchGet(Mailboxes& mailboxes, Sender& sender, const MemberGrant& grant,
                      rpc::CallContext& call, const v1::BatchGetRequest& request,
                      v1::BatchGetResponse* response) {
  auto names = ReadReferences(request);
  if (!names.ok()) return names.status();
  auto mailbox = mailboxes.Open(grant, call.deadline());
  if (!mailbox.ok()) return mailbox.status();
  sender.SettleOutbox(*mailbox);
  auto messages = mailbox->Get(*names, call.deadline());
  if (!messages.ok()) return messages.status();
  for (v1::MailboxMessage& message : *messages) {
    v1::BatchGetResult* result = response->add_results();
    if (!message.header().empty()) *result->mutable_message() = std::move(message);
  }
  return absl::OkStatus();
}

absl::Status List(Mailboxes& mailboxes, Sender& sender, const MemberGrant& grant,
                  rpc::CallContext& call, const v1::ListRequest& request,
                  v1::ListResponse* response) {
  if (!v1::Folder_IsValid(request.folder())) {
    return InvalidField("folder", common::v1::ERROR_REASON_FIELD_RANGE, "is no folder");
  }
  if (request.page_size() > kMaxListPage) {
    return InvalidField("page_size", common::v1::ERROR_REASON_FIELD_RANGE, "is over 200");
  }
  const std::size_t page_size = request.page_size() == 0 ? kDefaultListPage : request.page_size();
  auto mailbox = mailboxes.Open(grant, call.deadline());
  if (!mailbox.ok()) return mailbox.status();
  sender.SettleOutbox(*mailbox);
  auto listing = mailbox->List(request.folder(), page_size, request.page_token(), call.deadline());
  if (!listing.ok()) return listing.status();
  for (v1::MessageSummary& message : listing->messages) {
    *response->add_messages() = std::move(message);
  }
  response->set_next_page_token(std::move(listing->next_page_token));
  return absl::OkStatus();
}

}  // namespace letterlock::mail
