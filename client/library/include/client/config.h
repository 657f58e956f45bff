// client.toml: what a client must know of a deployment (docs/client.md, "Configuration").
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace letterlock::client {

struct Endpoint {
  std::string address;      // host:port
  std::string server_name;  // never empty once loaded
  std::string ca_file;
};

struct Config {
  std::string trust_file;
  Endpoint directory;
  Endpoint mail;
  // How long a call goes on trying while a server is not there (retry.h). Not in the file.
  absl::Duration patience = absl::Seconds(30);

  // INVALID_ARGUMENT with all that is wrong, file and line named.
  static absl::StatusOr<Config> Load(const std::string& path);
};

}  // namespace letterlock::client
