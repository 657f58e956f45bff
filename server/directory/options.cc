#include "options.h"

namespace letterlock::directory {

void ReadOptions(config::Reader& reader, DaemonOptions* options) {
  using config::kRequired;
  reader.Text("listen", &options->listen, "address and port to serve; port 0: any that is free");
  reader.Path("port_file", &options->port_file, "where to write the port, once it is open");

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

  reader.Path("tls.certificate_file", &options->tls_certificate_file, "PEM, chain, leaf first",
              kRequired);
  reader.Path("tls.key_file", &options->tls_key_file, "PEM, mode 0600", kRequired);
  reader.Time("tls.refresh", &options->tls_refresh, absl::Milliseconds(100), absl::Hours(24),
              "how often both files are read again; connections that are there keep the old");

  metrics::ReadOperationsOptions(reader, &options->operations);

  reader.Time("head_interval", &options->head_interval, absl::Milliseconds(10), absl::Minutes(1),
              "between two heads; 100ms in development, else 1s");
  reader.Time("head_interval_max", &options->head_interval_max, absl::Milliseconds(100),
              absl::Minutes(10), "a fresh head even if nothing changed");
  reader.Number<uint32_t>("max_waiting", &options->max_waiting, 1, 1'000'000,
                          "requests that may wait for a head");
  reader.Number<uint32_t>("workers", &options->workers, 1, 256, "threads that answer calls");
  reader.Number<uint32_t>("max_queued_calls", &options->max_queued_calls, 1, 1'000'000,
                          "calls that may wait for a worker");
  reader.Time("drain", &options->drain, absl::ZeroDuration(), absl::Minutes(5),
              "for calls in flight at the stop");

  reader.Choice("confinement", &options->confinement,
                {{"by-deployment", Confinement::kByDeployment},
                 {"required", Confinement::kRequired},
                 {"best-effort", Confinement::kBestEffort}},
                "where the kernel lacks a layer: refuse to start, or go on and say so; "
                "by-deployment: go on in development alone");
  reader.Flag("verbose", &options->verbose, "log every call");
}

}  // namespace letterlock::directory
