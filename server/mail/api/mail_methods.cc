#include "api/mail_methods.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "api/references.h"
#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

using rpc::FieldPath;
using rpc::InvalidField;

absl::StatusOr<std::vector<MessageName>> ReadReferences(const v1::BatchGetRequest& request) {
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
  return names;
}

absl::StatusOr<std::vector<crypto::Digest>> ReadAttachments(const v1::SendRequest& request) {
  const FieldPath root("attachments");
  if (static_cast<std::size_t>(request.attachments_size()) > kMaxMessageAttachments) {
    return InvalidField(root, common::v1::ERROR_REASON_TOO_MANY, "are over 16");
  }
  std::vector<crypto::Digest> hashes;
  for (const std::string& bytes : request.attachments()) {
    const auto hash = crypto::DigestFromBytes(bytes);
    const FieldPath field = root.At(hashes.size());
    if (!hash.ok()) {
      return InvalidField(field, common::v1::ERROR_REASON_FIELD_SIZE, "is not 32 bytes");
    }
    if (std::ranges::find(hashes, *hash) != hashes.end()) {
      return InvalidField(field, common::v1::ERROR_REASON_TOO_MANY, "stands there twice");
    }
    hashes.push_back(*hash);
  }
  return hashes;
}

}  // namespace

void Send(Sender& sender, const MemberGrant& grant, rpc::CallContext& call,
          const v1::SendRequest& request, v1::SendResponse* response, rpc::Done done) {
  if (!request.has_envelope()) {
    return done(InvalidField("envelope", common::v1::ERROR_REASON_FIELD_MISSING, "must be set"));
  }
  auto attachments = ReadAttachments(request);
  if (!attachments.ok()) return done(attachments.status());
  sender.Send(grant, request.envelope(), *std::move(attachments), call.deadline(),
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
  if (!request.thread_id().empty() && request.thread_id().size() != crypto::MessageId::kSize) {
    return InvalidField("thread_id", common::v1::ERROR_REASON_FIELD_SIZE, "is not 16 bytes");
  }
  if (!request.thread_id().empty() && request.folder() != v1::FOLDER_UNSPECIFIED) {
    return InvalidField("folder", common::v1::ERROR_REASON_FIELD_RANGE,
                        "is set beside a thread, which is listed from all folders");
  }
  const std::size_t page_size = request.page_size() == 0 ? kDefaultListPage : request.page_size();
  auto mailbox = mailboxes.Open(grant, call.deadline());
  if (!mailbox.ok()) return mailbox.status();
  sender.SettleOutbox(*mailbox);
  auto listing =
      request.thread_id().empty()
          ? mailbox->List(request.folder(), page_size, request.page_token(), call.deadline())
          : mailbox->ListThread(request.thread_id(), page_size, request.page_token(),
                                call.deadline());
  if (!listing.ok()) return listing.status();
  for (v1::MessageSummary& message : listing->messages) {
    *response->add_messages() = std::move(message);
  }
  response->set_next_page_token(std::move(listing->next_page_token));
  return absl::OkStatus();
}

}  // namespace letterlock::mail
