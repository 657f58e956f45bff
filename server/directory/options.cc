#include "options.h"

namespace letterlock::directory {

void ReadOptions(config::Reader& reader, DaemonOptions* options) {
  using config::kRequired;
  daemon::ReadCommonOptions(reader, &options->common);
  reader.Path("genesis_file", &options->genesis_file, "the genesis statement", kRequired);
  reader.Path("log_key_file", &options->log_key_file, "the log's signing key, mode 0600",
              kRequired);
  reader.Path("store_directory", &options->store_directory, "entries and the map", kRequired);
  reader.Path("log_directory", &options->log_directory, "the log: public, servable as it is",
              kRequired);
  reader.Path("lock_directory", &options->lock_directory,
              "what was last signed; best on storage that is never rolled back", kRequired);
  reader.Choice("check", &options->check,
                {{"all", log::StartCheck::kAll}, {"edge", log::StartCheck::kEdge}},
                "how much of the log to hash at start");

  reader.Time("head_interval", &options->head_interval, absl::Milliseconds(10), absl::Minutes(1),
              "between two heads; 100ms in development, else 1s");
  reader.Time("head_interval_max", &options->head_interval_max, absl::Milliseconds(100),
              absl::Minutes(10), "a fresh head even if nothing changed");
  reader.Number<uint32_t>("max_waiting", &options->max_waiting, 1, 1'000'000,
                          "requests that may wait for a head");
  reader.Number<uint32_t>("workers", &options->workers, 1, 256, "threads that answer calls");
  reader.Number<uint32_t>("max_queued_calls", &options->max_queued_calls, 1, 1'000'000,
                          "calls that may wait for a worker");
}

}  // namespace letterlock::directory
