#include "api/references.h"

#include "letterlock/common/v1/errors.pb.h"

namespace letterlock::mail {

using rpc::InvalidField;

absl::StatusOr<MessageName> References::Read(const v1::MessageReference& reference,
                                             const rpc::FieldPath& field) {
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
  if (!seen_.emplace(reference.sender(), reference.message_id()).second) {
    return InvalidField(field, common::v1::ERROR_REASON_TOO_MANY, "stands there twice");
  }
  return MessageName{*sender, *id};
}

absl::Status CheckCount(int count, rpc::Literal field) {
  constexpr int kMost = 100;
  if (count == 0) {
    return InvalidField(field, common::v1::ERROR_REASON_FIELD_MISSING, "must be set");
  }
  if (count > kMost) return InvalidField(field, common::v1::ERROR_REASON_TOO_MANY, "are over 100");
  return absl::OkStatus();
}

}  // namespace letterlock::mail
