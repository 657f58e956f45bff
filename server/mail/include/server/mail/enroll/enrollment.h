// Checks who may open a mailbox: a directory proof that a member's client carries across, and her
// word for a device (docs/mail-server.md, "Enrolment and sessions").
//
// Thread-safe; pure but for the clock.
#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "attest/trust.h"
#include "crypto/base/clock.h"
#include "letterlock/mail/v1/enrollment_service.pb.h"
#include "server/mail/mailbox/grants.h"

namespace letterlock::mail {

inline constexpr absl::Duration kMaxHeadAge = absl::Minutes(10);
inline constexpr std::size_t kMaxIntermediate = 64;  // entries before the proof's

class EnrollmentVerifier {
 public:
  // Neither is owned; both outlive this.
  EnrollmentVerifier(const attest::TrustFile& trust, const crypto::Clock& clock)
      : trust_(trust), clock_(clock) {}

  // PERMISSION_DENIED: PROOF_INVALID, REGISTRAR_REQUIRED, BAD_SIGNATURE (of the certificate),
  // ENTRY_STEP_INVALID (an entry that the one before it did not authorise).
  // FAILED_PRECONDITION: HEAD_STALE, QUORUM. INVALID_ARGUMENT: PROOF_INVALID, FIELD_MISSING,
  // FIELD_SIZE, TOO_MANY, NOT_CANONICAL, BAD_KEY, WRONG_DEPLOYMENT, FIELD_RANGE (a certificate for
  // somebody else).
  absl::StatusOr<EnrollmentGrant> Verify(const v1::EnrollRequest& request) const;

 private:
  const attest::TrustFile& trust_;
  const crypto::Clock& clock_;
};

}  // namespace letterlock::mail
