#include "options.h"

#include <algorithm>
#include <limits>
#include <thread>

namespace letterlock::mail {
namespace {

void ReadQuota(config::Reader& reader, Quota* quota) {
  constexpr std::int64_t kMost = std::int64_t{1} << 50;
  auto messages = static_cast<std::int64_t>(quota->messages);
  reader.Number<std::int64_t>("quota.messages", &messages, 1, kMost, "that one mailbox may hold");
  quota->messages = static_cast<std::uint64_t>(messages);
  std::size_t bytes = quota->bytes;
  reader.Size("quota.bytes", &bytes, std::size_t{64} << 10, std::size_t{1} << 50,
              "of sealed content that one mailbox may hold");
  quota->bytes = bytes;
}

}  // namespace

std::uint32_t DefaultWorkers() {
  return std::clamp<std::uint32_t>(std::thread::hardware_concurrency(), 2, 256);
}

void ReadOptions(config::Reader& reader, DaemonOptions* options) {
  using config::kRequired;
  reader.Text("listen", &options->listen, "address and port to serve; port 0: any that is free");
  reader.Path("port_file", &options->port_file, "where to write the port, once it is open");
  reader.List("server_names", &options->server_names,
              "names of this server that sessions may be opened under, as in its certificate",
              kRequired);

  reader.Path("trust_file", &options->trust_file, "whom to believe about members", kRequired);
  reader.Path("epoch_key_file", &options->epoch_key_file, "the root key of the store, mode 0600",
              kRequired);
  reader.Path("store_directory", &options->store_directory, "the sealed mailboxes", kRequired);
  reader.Flag("salvage", &options->salvage,
              "open a damaged store, LOSING acknowledged messages behind the damage");

  reader.Path("tls.certificate_file", &options->tls_certificate_file, "PEM, chain, leaf first",
              kRequired);
  reader.Path("tls.key_file", &options->tls_key_file, "PEM, mode 0600", kRequired);
  reader.Time("tls.refresh", &options->tls_refresh, absl::Milliseconds(100), absl::Hours(24),
              "how often both files are read again; connections that are there keep the old");

  metrics::ReadOperationsOptions(reader, &options->operations);

  ReadQuota(reader, &options->quota);
  reader.Time("change_retention", &options->change_retention, absl::Hours(1), absl::Hours(365 * 24),
              "for devices to hear of deletions; later they start again");
  reader.Number<std::uint32_t>("watches.most", &options->max_watches, 1, 1'000'000,
                               "devices that watch at a time, of all members");
  reader.Number<std::uint32_t>("watches.per_member", &options->max_watches_per_member, 1, 1000,
                               "of one member");
  reader.Number<std::uint32_t>("memory.mailboxes", &options->mailboxes_in_memory, 64, 1'000'000,
                               "whose keys are kept ready in locked memory");
  reader.Flag("memory.require_locked", &options->require_locked_memory,
              "refuse to start where the system does not lock that memory (RLIMIT_MEMLOCK)");
  reader.Size("memory.block_cache", &options->block_cache, std::size_t{8} << 20,
              std::size_t{1} << 40, "for the store's blocks");

  reader.Number<std::uint32_t>("workers", &options->workers, 1, 256, "threads that answer calls");
  reader.Number<std::uint32_t>("max_queued_calls", &options->max_queued_calls, 1, 1'000'000,
                               "calls that may wait for a worker");
  reader.Time("drain", &options->drain, absl::ZeroDuration(), absl::Minutes(5),
              "for calls in flight at the stop");

  reader.Choice("confinement", &options->confinement,
                {{"by-deployment", Confinement::kByDeployment},
                 {"required", Confinement::kRequired},
                 {"best-effort", Confinement::kBestEffort}},
                "what to do where the kernel lacks a layer of confinement");
  reader.Flag("verbose", &options->verbose, "log every call");
}

}  // namespace letterlock::mail
