// What entitles to a mailbox. Each is made by one class alone, after its check; without one there
// is no way to rows (mailboxes.h).
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "attest/entry.h"
#include "crypto/base/ids.h"
#include "crypto/base/sign.h"

namespace letterlock::mail {

// A member's own mailbox, to read and to send from: a session token of hers was verified.
class MemberGrant {
 public:
  class Maker {
    friend class SessionTokens;
    Maker() = default;
  };
  MemberGrant(Maker, const crypto::MemberId& member, const crypto::KeyId& device,
              absl::Time expires)
      : member_(member), device_(device), expires_(expires) {}

  const crypto::MemberId& member() const { return member_; }
  // The device that the session belongs to; Mailboxes::Open checks that it is still certified.
  const crypto::KeyId& device() const { return device_; }
  // When the session ends.
  absl::Time expires() const { return expires_; }

 private:
  crypto::MemberId member_;
  crypto::KeyId device_;
  absl::Time expires_;
};

// Somebody's mailbox, to put one sealed copy in: the rules of sending were checked. Gives no way to
// read a message (dropbox.h).
class DeliveryGrant {
 public:
  class Maker {
    friend class SendOperation;
    Maker() = default;
  };
  DeliveryGrant(Maker, const crypto::MemberId& recipient) : recipient_(recipient) {}

  const crypto::MemberId& recipient() const { return recipient_; }

 private:
  crypto::MemberId recipient_;
};

// The mailbox of somebody whom a member answers without a message: to say so there. Gives no way to
// read one either.
class AnswerGrant {
 public:
  class Maker {
    friend class Answering;
    Maker() = default;
  };
  AnswerGrant(Maker, const crypto::MemberId& requester) : requester_(requester) {}

  const crypto::MemberId& requester() const { return requester_; }

 private:
  crypto::MemberId requester_;
};

// The abuse desk's mailbox, to put a report in. Gives no way to read one.
class ReportGrant {
 public:
  class Maker {
    friend class Reports;
    Maker() = default;
  };
  ReportGrant(Maker, const crypto::MemberId& desk) : desk_(desk) {}

  const crypto::MemberId& desk() const { return desk_; }

 private:
  crypto::MemberId desk_;
};

// The sealed keyring of a member: the caller holds the private half of this key. Whether it is that
// member's recovery key, Mailboxes says. Gives no way to anything else of the mailbox.
class RecoveryGrant {
 public:
  class Maker {
    friend class Sessions;
    Maker() = default;
  };
  RecoveryGrant(Maker, const crypto::MemberId& member, const crypto::PublicKey& recovery_key)
      : member_(member), recovery_key_(recovery_key) {}

  const crypto::MemberId& member() const { return member_; }
  const crypto::PublicKey& recovery_key() const { return recovery_key_; }

 private:
  crypto::MemberId member_;
  crypto::PublicKey recovery_key_;
};

// To open a mailbox, or to bring its keys and devices up to date: a directory proof, the entries
// that led to the proved one, and a device certificate were verified.
class EnrollmentGrant {
 public:
  class Maker {
    friend class EnrollmentVerifier;
    Maker() = default;
  };
  struct Claims {
    // Oldest first, versions without a gap, each authorised by the one before it; the last is the
    // one that the directory holds. At least that one.
    std::vector<attest::CheckedEntry> entries;
    crypto::PublicKey device_key;  // certified by its identity key
    std::uint64_t device_issued_unix_ms = 0;

    const attest::EntryContent& entry() const { return entries.back().content(); }
  };
  EnrollmentGrant(Maker, Claims claims) : claims_(std::move(claims)) {}

  const Claims& claims() const { return claims_; }

 private:
  Claims claims_;
};

}  // namespace letterlock::mail
