#include "options.h"

#include <utility>

#include "client/failure.h"

namespace letterlock::cli {

absl::StatusOr<client::Config> LoadConfig(const CommonOptions& options) {
  if (options.config.empty()) {
    return client::UsageProblem(
        "no configuration: give --config client.toml or set LETTERLOCK_CONFIG");
  }
  auto config = client::Config::Load(options.config);
  if (config.ok()) config->patience = absl::Seconds(options.patience);
  return config;
}

absl::StatusOr<std::unique_ptr<client::Client>> OpenClient(const CommonOptions& options) {
  const auto config = LoadConfig(options);
  if (!config.ok()) return config.status();
  const auto passphrase = ReadPassphrase(options.passphrase, PassphraseUse::kOpen);
  if (!passphrase.ok()) return passphrase.status();
  return client::Client::Open(*config, options.account, *passphrase);
}

}  // namespace letterlock::cli
