// letterlock-directoryd's configuration.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "server/config/reader.h"
#include "server/log/sequencer.h"
#include "server/metrics/operations.h"

namespace letterlock::directory {

// What to do where the kernel lacks a layer of confinement.
enum class Confinement {
  kByDeployment,  // as kBestEffort in development, else as kRequired
  kRequired,      // refuse to start
  kBestEffort,    // go on, and say what is missing
};

struct DaemonOptions {
  std::string listen = "127.0.0.1:7441";
  std::string port_file;

  std::string genesis_file;
  std::string log_key_file;
  std::string store_directory;
  std::string log_directory;
  std::string lock_directory;
  log::StartCheck check = log::StartCheck::kAll;

  std::string tls_certificate_file;
  std::string tls_key_file;
  absl::Duration tls_refresh = absl::Seconds(30);
  metrics::OperationsOptions operations;

  absl::Duration head_interval = absl::ZeroDuration();  // zero: by the kind of deployment
  absl::Duration head_interval_max = absl::Seconds(60);
  uint32_t max_waiting = 4096;
  uint32_t workers = 4;
  uint32_t max_queued_calls = 1024;
  absl::Duration drain = absl::Seconds(10);

  Confinement confinement = Confinement::kByDeployment;
  bool verbose = false;
};

// Names every option once (config/reader.h).
void ReadOptions(config::Reader& reader, DaemonOptions* options);

}  // namespace letterlock::directory
