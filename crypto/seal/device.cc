#include "crypto/seal/device.h"

#include "canonical.h"
#include "crypto/base/bytes.h"
#include "crypto/base/context.h"
#include "letterlock/mail/v1/device.pb.h"

namespace letterlock::seal {
namespace {

constexpr std::string_view kDaemon = "letterlock-maild";

absl::StatusOr<std::string> SignChallenge(std::string_view context,
                                          const crypto::DeploymentId& deployment,
                                          const crypto::MemberId& member,
                                          const crypto::SigningKey& key,
                                          std::string_view server_name,
                                          std::string_view challenge) {
  if (challenge.size() != kChallengeSize) {
    return absl::InvalidArgumentError("challenge has the wrong length");
  }
  if (server_name.empty()) return absl::InvalidArgumentError("server name is missing");
  const std::string message = crypto::ByteWriter()
                                  .Bytes(deployment.bytes())
                                  .Field(kDaemon)
                                  .Field(server_name)
                                  .Bytes(member.bytes())
                                  .Bytes(key.public_key().bytes())
                                  .Bytes(challenge)
                                  .Take();
  return key.Sign(context, {message});
}

}  // namespace

SignedDeviceCertificate CertifyDevice(const MemberKeys& keys, uint64_t issued_unix_ms) {
  mail::v1::DeviceCertificate m;
  m.mutable_deployment()->assign(keys.deployment.bytes());
  m.mutable_member()->assign(keys.member.bytes());
  m.mutable_device_key()->assign(keys.device.public_key().bytes());
  m.set_issued_unix_ms(issued_unix_ms);
  SignedDeviceCertificate out;
  out.certificate = internal::SerialiseCanonical(m);
  out.signature = keys.identity.Sign(context::kDeviceCertificate, {out.certificate});
  return out;
}

absl::StatusOr<std::string> SignSession(const MemberKeys& keys, std::string_view server_name,
                                        std::string_view challenge) {
  return SignChallenge(context::kSession, keys.deployment, keys.member, keys.device, server_name,
                       challenge);
}

absl::StatusOr<std::string> SignRecoverySession(const crypto::DeploymentId& deployment,
                                                const crypto::MemberId& member,
                                                const crypto::SigningKey& recovery_key,
                                                std::string_view server_name,
                                                std::string_view challenge) {
  return SignChallenge(context::kRecoverySession, deployment, member, recovery_key, server_name,
                       challenge);
}

}  // namespace letterlock::seal
