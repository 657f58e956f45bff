#include "report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace letterlock::bench {
namespace {

nlohmann::json ToJson(const Figure& figure) {
  return {{"calls_per_second", figure.calls_per_second},
          {"p50_us", absl::ToDoubleMicroseconds(figure.p50)},
          {"p99_us", absl::ToDoubleMicroseconds(figure.p99)},
          {"server_cpu_us_per_call", absl::ToDoubleMicroseconds(figure.server_cpu_per_call)}};
}

std::string Columns(const Figure& figure) {
  return fmt::format("{:>9.0f} {:>8.2f} {:>8.2f} {:>8.0f}", figure.calls_per_second,
                     absl::ToDoubleMilliseconds(figure.p50), absl::ToDoubleMilliseconds(figure.p99),
                     absl::ToDoubleMicroseconds(figure.server_cpu_per_call));
}

}  // namespace

std::string ToTable(const std::vector<Row>& rows) {
  constexpr const char* kColumns = "  calls/s   p50 ms   p99 ms   CPU us";
  std::string out =
      fmt::format("{:<16} {:>5}  {:<36}  {:<36}  {:>5}\n{:<16} {:>5}  {}  {}  {:>5}\n", "", "",
                  "echo", "letterlock-maild", "", "call", "out", kColumns, kColumns, "ratio");
  for (const Row& row : rows) {
    out += fmt::format("{:<16} {:>5}  {}  {}  {:>5.2f}\n", row.call, row.outstanding,
                       Columns(row.echo), Columns(row.mail), row.ratio);
  }
  return out +
         "\nSend: 1 KiB of body, sealed beforehand, durable before it is answered. Both over TLS "
         "1.3. CPU: of the\n"
         "server, a call. Client and servers share this machine. Medians of the rounds; the ratio "
         "is of calls/s.\n";
}

std::string ToJson(const std::vector<Row>& rows) {
  nlohmann::json out = nlohmann::json::array();
  for (const Row& row : rows) {
    out.push_back({{"call", row.call},
                   {"outstanding", row.outstanding},
                   {"echo", ToJson(row.echo)},
                   {"mail", ToJson(row.mail)},
                   {"ratio", row.ratio}});
  }
  return out.dump(2) + "\n";
}

}  // namespace letterlock::bench
