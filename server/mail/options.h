// letterlock-maild's configuration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/config/reader.h"
#include "server/daemon/options.h"
#include "server/mail/send/sender.h"

namespace letterlock::mail {

// One for each processor, but two at least: a worker may wait for the disk.
std::uint32_t DefaultWorkers();

struct DaemonOptions {
  daemon::CommonOptions common{.listen = "127.0.0.1:7442"};
  std::vector<std::string> server_names;

  std::string trust_file;
  std::string epoch_key_file;
  std::string store_directory;
  bool salvage = false;

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
};

// Names every option once (config/reader.h).
void ReadOptions(config::Reader& reader, DaemonOptions* options);

}  // namespace letterlock::mail
