// Rows of the rules of correspondence (server/mail/rules), beside those of rows.h. Private to
// server/mail. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/base/ids.h"
#include "letterlock/mail/v1/rows.pb.h"
#include "server/mail/rules/allowance.h"
#include "server/mail/rules/contact.h"

namespace letterlock::mail {

// The part of a CountersRow. An account that nothing was used of has none.
v1::AccountRow AccountRowOf(const Account& account);
Account AccountOf(const v1::AccountRow& row);

// An answer to a first contact that the one who asked has not been told: in the outbox, by its
// sequence.
struct AnswerToTell {
  crypto::MemberId requester;
  Decision decision = Decision::kAccept;
};
std::string EncodeAnswerToTell(const AnswerToTell& answer);
// Nothing where the outbox row is a message's.
absl::StatusOr<std::optional<AnswerToTell>> DecodeAnswerToTell(std::string_view outbox_row);

}  // namespace letterlock::mail
