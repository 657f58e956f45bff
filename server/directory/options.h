// letterlock-directoryd's configuration.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "server/config/reader.h"
#include "server/daemon/options.h"
#include "server/log/sequencer.h"

namespace letterlock::directory {

struct DaemonOptions {
  daemon::CommonOptions common{.listen = "127.0.0.1:7441"};

  std::string genesis_file;
  std::string log_key_file;
  std::string store_directory;
  std::string log_directory;
  std::string lock_directory;
  log::StartCheck check = log::StartCheck::kAll;

  absl::Duration head_interval = absl::ZeroDuration();  // zero: by the kind of deployment
  absl::Duration head_interval_max = absl::Seconds(60);
  uint32_t max_waiting = 4096;
  uint32_t workers = 4;
  uint32_t max_queued_calls = 1024;
};

// Names every option once (config/reader.h).
void ReadOptions(config::Reader& reader, DaemonOptions* options);

}  // namespace letterlock::directory
