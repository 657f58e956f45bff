// The options that all commands share, and how they become an open client.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/client.h"
#include "client/config.h"
#include "passphrase.h"

namespace letterlock::cli {

struct CommonOptions {
  std::string config;   // --config, LETTERLOCK_CONFIG
  std::string account;  // --account, LETTERLOCK_ACCOUNT, ~/.local/share/letterlock
  PassphraseSource passphrase;
  bool json = false;
  double patience = 30;  // seconds
};

absl::StatusOr<client::Config> LoadConfig(const CommonOptions& options);
absl::StatusOr<std::unique_ptr<client::Client>> OpenClient(const CommonOptions& options);

}  // namespace letterlock::cli
