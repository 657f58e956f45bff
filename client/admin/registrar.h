// A registrar's key and word, where no platform stands behind it: for tests, and for small
// deployments whose operator vouches by hand.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/base/ids.h"
#include "crypto/base/sign.h"

namespace letterlock::directory::v1 {
class RegistrarAttestation;
}  // namespace letterlock::directory::v1

namespace letterlock::admin {

// Makes `path` (0600; ALREADY_EXISTS if it is there) with a fresh key.
absl::StatusOr<crypto::PublicKey> MakeRegistrarKey(const std::string& path);

struct Vouching {
  crypto::DeploymentId deployment;
  crypto::Handle handle;
  crypto::PublicKey genesis_key;
  absl::Time now;
};

// Signs that the registrar stands behind handle and key.
absl::StatusOr<directory::v1::RegistrarAttestation> Attest(const std::string& key_path,
                                                           const Vouching& vouching);

}  // namespace letterlock::admin
