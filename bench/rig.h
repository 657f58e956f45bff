// What is measured: a deployment of its own in a temporary folder, with the real daemons, and the
// echo server.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/config.h"
#include "measure.h"

namespace letterlock::bench {

// Stops its processes and removes its folder when destroyed.
class Rig {
 public:
  // `binaries`: the folder of letterlock-admin, letterlock-maild and the rest.
  static absl::StatusOr<std::unique_ptr<Rig>> Start(const std::string& binaries);
  virtual ~Rig() = default;

  virtual const std::string& folder() const = 0;
  virtual const client::Config& config() const = 0;
  virtual const Target& echo() const = 0;
  virtual const Target& mail() const = 0;
};

}  // namespace letterlock::bench
