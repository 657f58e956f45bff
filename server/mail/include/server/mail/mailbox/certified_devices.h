// A profile's devices: which certificates are taken, and which not any more.
// Pure functions, thread-safe.
//
// A certificate is good for as long as the identity key that signed it is the entry's, and whoever
// saw an enrolment can send it again. So a device that was revoked is remembered with the time of
// its newest certificate: none as old is taken again, a newer one (the owner's will) is. Memory is
// bounded, and what falls out of it is never forgotten in the device's favour: of kMaxRevoked + 1
// the one with the oldest certificate goes, and from then on a certificate as old as that is taken
// of no device but those that are registered. Another identity key makes all of it void, as it does
// the certificates.
#pragma once

#include "absl/status/status.h"
#include "crypto/base/sign.h"
#include "server/mail/mailbox/rows.h"

namespace letterlock::mail {

// Registers a device, or takes its newer certificate. REQUIRES: the profile's identity key signed
// it. FAILED_PRECONDITION: TOO_MANY. PERMISSION_DENIED: UNKNOWN_DEVICE.
absl::Status TakeCertificate(const Device& device, Profile* profile);

// False where no such device is registered.
bool RevokeDevice(const crypto::PublicKey& device, Profile* profile);

// What the session of a device that is not registered any more is told: UNAUTHENTICATED,
// UNKNOWN_DEVICE.
absl::Status NotCertified();

}  // namespace letterlock::mail
