// What entitles to a mailbox. Each is made by one class alone, after its check; without one there
// is no way to rows (mailboxes.h).
#pragma once

#include <cstdint>
#include <utility>

#include "crypto/base/ids.h"
#include "crypto/base/sign.h"
#include "crypto/base/x25519.h"

namespace letterlock::mail {

// A member's own mailbox, to read and to send from: a session token of hers was verified.
class MemberGrant {
 public:
  class Maker {
    friend class SessionTokens;
    Maker() = default;
  };
  MemberGrant(Maker, const crypto::MemberId& member, const crypto::KeyId& device)
      : member_(member), device_(device) {}

  const crypto::MemberId& member() const { return member_; }
  // The device that the session belongs to; Mailboxes::Open checks that it is still certified.
  const crypto::KeyId& device() const { return device_; }

 private:
  crypto::MemberId member_;
  crypto::KeyId device_;
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

// To open a mailbox, or to bring its keys and devices up to date: a directory proof and a device
// certificate were verified.
class EnrollmentGrant {
 public:
  class Maker {
    friend class EnrollmentVerifier;
    Maker() = default;
  };
  struct Claims {
    crypto::MemberId member;
    std::uint64_t entry_version = 0;
    crypto::PublicKey identity_key;
    crypto::X25519PublicKey encryption_key;
    crypto::PublicKey device_key;
    std::uint64_t device_issued_unix_ms = 0;
  };
  EnrollmentGrant(Maker, const Claims& claims) : claims_(claims) {}

  const Claims& claims() const { return claims_; }

 private:
  Claims claims_;
};

}  // namespace letterlock::mail
