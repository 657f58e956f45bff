// Rows of the rules of correspondence (server/mail/rules), beside those of rows.h. Private to
// server/mail. Pure functions.
#pragma once

#include "letterlock/mail/v1/rows.pb.h"
#include "server/mail/rules/allowance.h"

namespace letterlock::mail {

// The part of a CountersRow. An account that nothing was used of has none.
v1::AccountRow AccountRowOf(const Account& account);
Account AccountOf(const v1::AccountRow& row);

}  // namespace letterlock::mail
