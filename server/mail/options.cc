#include "options.h"

#include <algorithm>
#include <limits>
#include <thread>

#include "crypto/base/ids.h"

namespace letterlock::mail {
namespace {

struct Refusal {
  const char* key;
  const char* why;
};

// Of two values that don't go together, the one that was written down: it has a line.
void RefuseOne(config::Reader& reader, const Refusal& one, const Refusal& other) {
  const Refusal& refused = reader.Has(one.key) ? one : other;
  reader.Refuse(refused.key, refused.why);
}

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

void ReadLimits(config::Reader& reader, Limits* limits) {
  reader.Choice("limits.correspondence", &limits->correspondence,
                {{"by-request", Correspondence::kByRequest}, {"open", Correspondence::kOpen}},
                "whether a first contact costs a credit and waits for an answer, or everybody may "
                "write to everybody");
  reader.Number<std::uint32_t>("limits.sender_share_per_mille", &limits->sender_share_per_mille, 1,
                               1000, "of a mailbox that one sender may fill");
  reader.Number<std::uint32_t>("limits.sends_per_day", &limits->sends_per_day, 1, 1'000'000'000,
                               "messages that one member may send");
  reader.Number<std::uint32_t>("limits.max_unanswered", &limits->max_unanswered, 1, kMostUnanswered,
                               "messages to one who has not answered a first contact yet");

  CreditRules& credits = limits->credits;
  reader.Number<std::uint32_t>("limits.credits.initial", &credits.initial, 0, 1'000'000,
                               "credits for first contacts that a new member has");
  reader.Number<std::uint32_t>("limits.credits.most", &credits.most, 1, 1'000'000,
                               "that a member may have");
  reader.Time("limits.credits.every", &credits.every, absl::Seconds(1), absl::Hours(24 * 366),
              "until one more is given");
  reader.Time("limits.credits.refund_within", &credits.refund_within, absl::Seconds(1),
              absl::Hours(24 * 3660), "of a first contact, for an answer to bring its credit back");
  if (credits.initial > credits.most) {
    RefuseOne(reader, {"limits.credits.initial", "must not be over limits.credits.most"},
              {"limits.credits.most", "must not be under limits.credits.initial"});
  }

  SlowDownRules& slow_down = limits->slow_down;
  reader.Number<std::uint32_t>("limits.slow_down.free", &slow_down.free, 0, 1'000'000,
                               "unanswered first contacts that slow nobody down");
  reader.Time("limits.slow_down.base", &slow_down.base, absl::Milliseconds(1), absl::Hours(24),
              "to wait for the next one with so many, and twice that for each more");
  reader.Time("limits.slow_down.most", &slow_down.most, absl::Milliseconds(1), absl::Hours(24 * 30),
              "that anybody waits");
  reader.Time("limits.slow_down.forget", &slow_down.forget, absl::Seconds(1),
              absl::Hours(24 * 3660),
              "without a first contact, for one unanswered to count no more");
  if (slow_down.base > slow_down.most) {
    RefuseOne(reader, {"limits.slow_down.base", "must not be over limits.slow_down.most"},
              {"limits.slow_down.most", "must not be under limits.slow_down.base"});
  }
}

void ReadDesk(config::Reader& reader, DaemonOptions* options) {
  reader.Text("reports.desk_handle", &options->desk_handle,
              "of the member who is the abuse desk; none: reports are not taken");
  reader.Hex("reports.desk_member", &options->desk_member, 16, "that member's id");
  if (options->desk_handle.empty() != options->desk_member.empty()) {
    RefuseOne(reader, {"reports.desk_member", "goes with reports.desk_handle"},
              {"reports.desk_handle", "goes with reports.desk_member"});
  }
  if (!options->desk_handle.empty() && !crypto::Handle::Parse(options->desk_handle).ok()) {
    reader.Refuse("reports.desk_handle", "is no handle");
  }
  ReportRules& reports = options->limits.reports;
  reader.Number<std::uint32_t>("reports.per_day", &reports.per_day, 1, 1'000'000,
                               "that one member may make");
  auto most = static_cast<std::int64_t>(reports.most);
  reader.Number<std::int64_t>("reports.most", &most, 1, std::int64_t{1} << 40,
                              "that may lie before the desk");
  reports.most = static_cast<std::uint64_t>(most);
  std::size_t bytes = reports.most_bytes;
  reader.Size("reports.most_bytes", &bytes, std::size_t{64} << 10, std::size_t{1} << 50,
              "of sealed disclosures that may lie before the desk");
  reports.most_bytes = bytes;
}

}  // namespace

std::uint32_t DefaultWorkers() {
  return std::clamp<std::uint32_t>(std::thread::hardware_concurrency(), 2, 256);
}

void ReadOptions(config::Reader& reader, DaemonOptions* options) {
  using config::kRequired;
  daemon::ReadCommonOptions(reader, &options->common);
  reader.List("server_names", &options->server_names,
              "names of this server that sessions may be opened under, as in its certificate",
              kRequired);

  reader.Path("trust_file", &options->trust_file, "whom to believe about members", kRequired);
  reader.Path("epoch_key_file", &options->epoch_key_file, "the root key of the store, mode 0600",
              kRequired);
  reader.Path("store_directory", &options->store_directory, "the sealed mailboxes", kRequired);
  reader.Flag("salvage", &options->salvage,
              "open a damaged store, LOSING acknowledged messages behind the damage");

  ReadQuota(reader, &options->quota);
  reader.Time("change_retention", &options->change_retention, absl::Hours(1), absl::Hours(365 * 24),
              "for devices to hear of deletions; later they start again");
  reader.Number<std::uint32_t>("watches.most", &options->max_watches, 1, 1'000'000,
                               "devices that watch at a time, of all members");
  reader.Number<std::uint32_t>("watches.per_member", &options->max_watches_per_member, 1, 1000,
                               "of one member");
  ReadLimits(reader, &options->limits);
  ReadDesk(reader, options);
  reader.Number<std::uint32_t>("memory.mailboxes", &options->mailboxes_in_memory, 64, 1'000'000,
                               "whose keys are kept ready in locked memory");
  reader.Flag("memory.require_locked", &options->require_locked_memory,
              "refuse to start where the system does not lock that memory (RLIMIT_MEMLOCK)");
  reader.Size("memory.block_cache", &options->block_cache, std::size_t{8} << 20,
              std::size_t{1} << 40, "for the store's blocks");

  reader.Number<std::uint32_t>("workers", &options->workers, 1, 256, "threads that answer calls");
  reader.Number<std::uint32_t>("max_queued_calls", &options->max_queued_calls, 1, 1'000'000,
                               "calls that may wait for a worker");
}

}  // namespace letterlock::mail
