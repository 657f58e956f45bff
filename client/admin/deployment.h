// Making the public plane of a deployment: keys, genesis statement, certificates, configuration,
// trust file.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/base/sign.h"

namespace letterlock::admin {

struct DeploymentPlan {
  std::string directory;           // made; if it is there, it must be empty
  std::string origin;              // of the log, e.g. "letterlock.example/log"
  std::vector<std::string> names;  // of the server's certificate: DNS names and IP addresses
  std::string listen;              // of letterlock-directoryd
  std::vector<crypto::PublicKey> registrars;  // none: members register themselves (development)
  absl::Time now;
};

struct Deployment {
  std::string id;  // hex
  std::string origin;
  std::string log_vkey;
  bool development = false;
  std::string config_file;  // for letterlock-directoryd
  std::string trust_file;   // for everybody who verifies
  std::string ca_file;      // for everybody who dials
};

// Makes it, all or nothing: what fails leaves no directory. FAILED_PRECONDITION for a directory
// that is not empty; INVALID_ARGUMENT for a plan that can't be.
absl::StatusOr<Deployment> MakeDeployment(const DeploymentPlan& plan);

}  // namespace letterlock::admin
