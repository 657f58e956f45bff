#include "crypto/seal/report.h"

#include "crypto/base/context.h"
#include "crypto/hpke/hpke.h"

namespace letterlock::seal {
namespace {

using crypto::KeyAccess;

std::string Info() { return std::string(context::kReport) + '\0'; }

std::string Aad(const ReportName& name, const crypto::X25519PublicKey& desk) {
  return std::string(name.deployment.bytes())
      .append(name.reporter.bytes())
      .append(name.sender.bytes())
      .append(name.message_id.bytes())
      .append(crypto::KeyIdOf(desk).bytes());
}

}  // namespace

absl::StatusOr<std::string> SealDisclosure(const crypto::X25519PublicKey& desk,
                                           const ReportName& name,
                                           const crypto::SecretBuffer& disclosure,
                                           crypto::RandomSource& random) {
  if (disclosure.size() + hpke::kEncapsulatedKeySize + hpke::kTagSize > kMaxSealedDisclosure) {
    return absl::InvalidArgumentError("disclosure is too large");
  }
  return hpke::SealBase(desk, Info(), Aad(name, desk), disclosure.RevealView(KeyAccess{}), random);
}

absl::StatusOr<crypto::SecretBuffer> OpenDisclosure(const crypto::X25519PrivateKey& desk,
                                                    const ReportName& name,
                                                    std::string_view sealed) {
  if (sealed.size() > kMaxSealedDisclosure) {
    return absl::InvalidArgumentError("disclosure is too large");
  }
  return hpke::OpenBase(sealed, desk, Info(), Aad(name, desk.public_key()));
}

}  // namespace letterlock::seal
