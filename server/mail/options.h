// letterlock-maild's configuration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/config/reader.h"
#include "server/mail/send/sender.h"
#include "server/metrics/operations.h"

namespace letterlock::mail {

// What to do where the kernel lacks a layer of confinement.
enum class Confinement {
  kByDeployment,  // go on in a development deployment, not in any other
  kRequired,      // do not start
  kBestEffort,    // go on, and say what is missing
};

// One for each processor, but two at least: a worker may wait for the disk.
std::uint32_t DefaultWorkers();

struct DaemonOptions {
  std::string listen = "127.0.0.1:7442";
  std::string port_file;
  std::vector<std::string> server_names;

  std::string trust_file;
  std::string epoch_key_file;
  std::string store_directory;
  bool salvage = false;

  std::string tls_certificate_file;
  std::string tls_key_file;
  absl::Duration tls_refresh = absl::Seconds(30);
  metrics::OperationsOptions operations;

  Quota quota;
  absl::Duration change_retention = absl::Hours(30 * 24);
  std::uint32_t max_watches = 4096;
  std::uint32_t max_watches_per_member = 8;
  Limits limits;
  std::string desk_handle;  // the abuse desk; empty: there is none
  std::string desk_member;  // its 16 bytes
  std::uint32_t mailboxes_in_memory = 16'384;
  bool require_locked_memory = false;
  std::size_t block_cache = std::size_t{128} << 20;

  std::uint32_t workers = DefaultWorkers();
  std::uint32_t max_queued_calls = 2048;
  absl::Duration drain = absl::Seconds(10);

  Confinement confinement = Confinement::kByDeployment;
  bool verbose = false;
};

// Names every option once (config/reader.h).
void ReadOptions(config::Reader& reader, DaemonOptions* options);

}  // namespace letterlock::mail
