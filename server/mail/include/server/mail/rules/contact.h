// How one mailbox stands to another member, and what follows from it when one writes to the other,
// answers, accepts or declines (docs/mail-server.md, "Rules"). Acts on metadata and on what members
// do explicitly, never on content.
//
// Each rule is a pair: Check says whether something may happen and changes nothing, the other makes
// it happen in the values that it is given. Whoever calls holds the lock under which both are one.
//
// Pure functions over plain values; times are milliseconds since the Unix epoch. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "crypto/base/ids.h"
#include "server/mail/rules/allowance.h"
#include "server/mail/rules/limits.h"

namespace letterlock::mail {

// As one mailbox sees it. Numbers as in letterlock.mail.v1.Standing.
enum class Standing {
  kNone = 0,             // nobody wrote yet
  kAsked = 1,            // the owner wrote first, and waits
  kRequested = 2,        // the other one did
  kOpen = 3,             // both may write
  kDeclined = 4,         // the other one declined: not before she writes herself
  kDeclinedByOwner = 5,  // the owner did
};

struct Contact {
  crypto::MemberId member;  // the other one
  Standing standing = Standing::kNone;
  std::uint64_t first_contact_ms = 0;
  bool credit_held = false;      // kAsked: the first contact's credit may still come back
  std::uint32_t unanswered = 0;  // kAsked: messages that wait for an answer
  std::uint64_t blocked_ms = 0;  // since when the owner takes nothing of hers; 0: she does
  // Row keys of her messages in FOLDER_REQUESTS; at most kMostUnanswered.
  std::vector<std::string> requests{};
  std::uint64_t messages = 0;  // of hers in this mailbox
  std::uint64_t bytes = 0;
  // In the other one's mailbox, of what last answered the owner: an older answer that comes late
  // changes nothing.
  std::uint64_t answered_sequence = 0;

  friend bool operator==(const Contact&, const Contact&) = default;
};

enum class Decision { kAccept, kDecline };

// --- A message, in the sender's mailbox.

// FAILED_PRECONDITION: DECLINED, AWAITING_ANSWER. RESOURCE_EXHAUSTED with RetryInfo: RATE,
// NO_CREDITS, SLOW_DOWN.
absl::Status CheckSending(const Limits& limits, const Contact& recipient, const Account& account,
                          std::uint64_t now_ms);
// Whether the contact changed; the account always does. REQUIRES: CheckSending.
bool CountSending(const Limits& limits, std::uint64_t now_ms, Contact* recipient, Account* account);
// The recipient's mailbox did not take it after all: gives back what a first contact took.
void TakeBackSending(const Limits& limits, std::uint64_t now_ms, Contact* recipient,
                     Account* account);

// --- A message, in the recipient's mailbox.

// PERMISSION_DENIED: RECIPIENT_REFUSES (blocked). FAILED_PRECONDITION: DECLINED, AWAITING_ANSWER.
// RESOURCE_EXHAUSTED: SENDER_SHARE. `size`: of the ciphertext.
absl::Status CheckReceiving(const Limits& limits, const Quota& quota, const Contact& sender,
                            std::uint64_t size);
// Whether it goes to the requests, not to the inbox. Where it answers a first contact of the
// owner's, her credit comes back. `sent_sequence`: in the sender's mailbox; `row_key`: of the
// message in this one. REQUIRES: CheckReceiving.
bool CountReceiving(const Limits& limits, std::uint64_t now_ms, std::uint64_t sent_sequence,
                    std::string_view row_key, std::uint64_t size, Contact* sender,
                    Account* account);

// --- An answer without a message.

// In the mailbox of the one who answers. FAILED_PRECONDITION: NOT_A_REQUEST.
absl::Status CheckAnswering(const Contact& requester, Decision decision);
// Whether anything changed: the same again does nothing. REQUIRES: CheckAnswering.
bool CountAnswering(Decision decision, Contact* requester);
// In the mailbox of the one who asked. Whether anything changed: idempotent.
bool CountAnswered(const Limits& limits, std::uint64_t now_ms, Decision decision,
                   std::uint64_t sequence, Contact* answerer, Account* account);

}  // namespace letterlock::mail
