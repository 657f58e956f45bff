// What a device shows to the mail server: a certificate of the identity key, and a signature for
// each session (docs/formats.md, "Device certificate", "Session"). Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/seal/member_keys.h"

namespace letterlock::seal {

inline constexpr size_t kChallengeSize = 56;  // bytes

struct SignedDeviceCertificate {
  std::string certificate;  // canonical letterlock.mail.v1.DeviceCertificate
  std::string signature;    // by the identity key
};

// Certifies the device key in `keys`.
SignedDeviceCertificate CertifyDevice(const MemberKeys& keys, uint64_t issued_unix_ms);

// The device's answer to a challenge of the mail server. `server_name` is the DNS name or IP
// address that the client dialled and checked the certificate for: a server that passes the
// challenge on to another can't use the answer there. INVALID_ARGUMENT unless the challenge has its
// size and the name is not empty.
absl::StatusOr<std::string> SignSession(const MemberKeys& keys, std::string_view server_name,
                                        std::string_view challenge);

// The same by the recovery key, in the context of recovery sessions: for RecoverKeyring alone.
absl::StatusOr<std::string> SignRecoverySession(const crypto::DeploymentId& deployment,
                                                const crypto::MemberId& member,
                                                const crypto::SigningKey& recovery_key,
                                                std::string_view server_name,
                                                std::string_view challenge);

}  // namespace letterlock::seal
