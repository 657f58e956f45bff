// Names of partitions in the mail store (docs/formats.md, "Rows of a mailbox").
#pragma once

#include "crypto/base/ids.h"

namespace letterlock::vault {

// A mailbox's pseudonym: 16 random bytes, given at enrolment, tied to its member by one sealed
// index row alone.
using MailboxTag = crypto::FixedId<struct MailboxTagTag, 16>;

// Where a member's index row is: a keyed hash of her id.
using IndexTag = crypto::FixedId<struct IndexTagTag, 16>;

}  // namespace letterlock::vault
