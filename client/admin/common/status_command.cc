#include "admin/status_command.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "letterlock/admin/v1/admin_service.pb.h"

namespace letterlock::admin {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(5);

absl::Time FromMs(std::uint64_t ms) { return absl::FromUnixMillis(static_cast<std::int64_t>(ms)); }

std::string When(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

// "3 d 4 h", "5 min 10 s": two units tell enough.
std::string HowLong(absl::Duration time) {
  const std::int64_t seconds = std::max<std::int64_t>(0, absl::ToInt64Seconds(time));
  if (seconds >= 86400) return absl::StrCat(seconds / 86400, " d ", seconds % 86400 / 3600, " h");
  if (seconds >= 3600) return absl::StrCat(seconds / 3600, " h ", seconds % 3600 / 60, " min");
  if (seconds >= 60) return absl::StrCat(seconds / 60, " min ", seconds % 60, " s");
  return absl::StrCat(seconds, " s");
}

std::string Megabytes(std::uint64_t bytes) {
  return absl::StrFormat("%.1f MB", static_cast<double>(bytes) / 1e6);
}

void Row(std::string* text, const char* name, const std::string& value) {
  absl::StrAppend(text, absl::StrFormat("%-12s %s\n", name, value));
}

void TellStore(const v1::StoreStatus& store, std::string* text) {
  Row(text, "store",
      absl::StrCat(store.writable() ? "writable" : "NOT WRITABLE: start the daemon again",
                   store.stalled() ? ", STALLED" : "", ", ", Megabytes(store.bytes()),
                   " in files, held back ", store.stalls(), " times"));
}

void TellTables(const v1::GetStatusResponse& status, std::string* text) {
  absl::StrAppend(text, "\n", absl::StrFormat("%-44s %10s %10s\n", "pool", "waiting", "refused"));
  for (const v1::PoolStatus& pool : status.pools()) {
    absl::StrAppend(
        text, absl::StrFormat("%-44s %10d %10d\n", pool.name(), pool.waiting(), pool.refused()));
  }
  absl::StrAppend(text, "\n", absl::StrFormat("%-44s %10s %10s\n", "method", "calls", "failed"));
  for (const v1::MethodStatus& method : status.methods()) {
    const std::string name = method.name().substr(method.name().rfind('.') + 1);
    absl::StrAppend(text,
                    absl::StrFormat("%-44s %10d %10d\n", name, method.calls(), method.failed()));
  }
}

struct Flags {
  std::string config;
  std::string socket;
  bool json = false;
};

absl::Status Ask(const Flags& flags) {
  std::string socket = flags.socket;
  if (socket.empty()) {
    absl::StatusOr<std::string> named = AdminSocketOf(flags.config);
    if (!named.ok()) return named.status();
    socket = *std::move(named);
  }
  const auto status = AskStatus(socket, kPatience);
  if (!status.ok()) return status.status();
  const std::string text = flags.json ? StatusJson(*status) : StatusText(*status);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return absl::OkStatus();
}

}  // namespace

std::string StatusText(const v1::GetStatusResponse& status) {
  const absl::Time now = FromMs(status.now_unix_ms());
  std::string text;
  Row(&text, "daemon",
      absl::StrCat(status.daemon(), " ", status.version(), ", process ", status.pid(), ", port ",
                   status.port(), ", up ", HowLong(now - FromMs(status.started_unix_ms()))));
  Row(&text, "deployment", status.deployment());
  if (status.labels_size() > 0) Row(&text, "labels", absl::StrJoin(status.labels(), ", "));
  const absl::Time end = FromMs(status.certificate_not_after_unix_ms());
  Row(&text, "certificate", absl::StrCat("until ", When(end), ", ", HowLong(end - now)));
  if (status.has_store()) TellStore(status.store(), &text);
  if (status.has_keys()) {
    Row(&text, "keys",
        absl::StrCat("epoch ", status.keys().epoch(), ", of ", status.keys().mailboxes_in_memory(),
                     " mailboxes in memory"));
  }
  if (status.has_log()) {
    const v1::LogStatus& log = status.log();
    Row(&text, "log",
        absl::StrCat(log.size(), " leaves; head ", log.head_sequence(), ", ",
                     HowLong(now - FromMs(log.head_unix_ms())), " old, ", log.waiting(),
                     " wait for the next"));
  }
  Row(&text, "calls", absl::StrCat(status.calls_in_flight(), " in flight"));
  TellTables(status, &text);
  return text;
}

std::string StatusJson(const v1::GetStatusResponse& status) {
  using Json = nlohmann::ordered_json;
  Json all = {{"daemon", status.daemon()},
              {"version", status.version()},
              {"pid", status.pid()},
              {"port", status.port()},
              {"started_unix_ms", status.started_unix_ms()},
              {"now_unix_ms", status.now_unix_ms()},
              {"deployment", status.deployment()},
              {"labels", std::vector<std::string>(status.labels().begin(), status.labels().end())},
              {"certificate_not_after_unix_ms", status.certificate_not_after_unix_ms()},
              {"calls_in_flight", status.calls_in_flight()}};
  if (status.has_store()) {
    all["store"] = Json{{"writable", status.store().writable()},
                        {"stalled", status.store().stalled()},
                        {"stalls", status.store().stalls()},
                        {"bytes", status.store().bytes()}};
  }
  if (status.has_keys()) {
    all["keys"] = Json{{"epoch", status.keys().epoch()},
                       {"mailboxes_in_memory", status.keys().mailboxes_in_memory()}};
  }
  if (status.has_log()) {
    all["log"] = Json{{"size", status.log().size()},
                      {"head_sequence", status.log().head_sequence()},
                      {"head_unix_ms", status.log().head_unix_ms()},
                      {"waiting", status.log().waiting()}};
  }
  all["pools"] = Json::array();
  for (const v1::PoolStatus& pool : status.pools()) {
    all["pools"].push_back(
        Json{{"name", pool.name()}, {"waiting", pool.waiting()}, {"refused", pool.refused()}});
  }
  all["methods"] = Json::array();
  for (const v1::MethodStatus& method : status.methods()) {
    all["methods"].push_back(
        Json{{"name", method.name()}, {"calls", method.calls()}, {"failed", method.failed()}});
  }
  return all.dump(2) + "\n";
}

void AddStatusCommand(CLI::App& app, const std::function<void(absl::Status)>& ended) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("status", "what the daemon says of itself");
  auto* where = command->add_option_group("where");
  where->add_option("--config", flags->config, "the daemon's configuration");
  where->add_option("--socket", flags->socket, "its admin socket");
  where->require_option(1);
  command->add_flag("--json", flags->json, "machine-readable");
  command->callback([flags, ended] { ended(Ask(*flags)); });
}

}  // namespace letterlock::admin
