// References to messages in requests. Private to api.
#pragma once

#include <set>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "letterlock/mail/v1/mailbox.pb.h"
#include "server/mail/mailbox/mailbox.h"
#include "server/rpc/status.h"

namespace letterlock::mail {

// References of one request, each once. Outlived by the request.
class References {
 public:
  // INVALID_ARGUMENT with the field below `field`: FIELD_SIZE; TOO_MANY where it stands there
  // twice.
  absl::StatusOr<MessageName> Read(const v1::MessageReference& reference,
                                   const rpc::FieldPath& field);

 private:
  std::set<std::pair<std::string_view, std::string_view>> seen_;
};

// INVALID_ARGUMENT: FIELD_MISSING for none, TOO_MANY for over 100.
absl::Status CheckCount(int count, rpc::Literal field);

}  // namespace letterlock::mail
