#include "client/config.h"

#include <string_view>

#include "client/failure.h"
#include "server/config/reader.h"

namespace letterlock::client {
namespace {

// "localhost" of "localhost:7441", "::1" of "[::1]:7441".
std::string HostOf(std::string_view address) {
  std::string_view host = address.substr(0, address.rfind(':'));
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  return std::string(host);
}

void ReadEndpoint(config::Reader& reader, const std::string& section, Endpoint* endpoint) {
  reader.Text(section + ".address", &endpoint->address, "host:port to dial", config::kRequired);
  reader.Text(section + ".server_name", &endpoint->server_name,
              "the certificate's name; the host of address where absent");
  reader.Path(section + ".ca_file", &endpoint->ca_file, "PEM: the only roots that count",
              config::kRequired);
  if (endpoint->server_name.empty()) endpoint->server_name = HostOf(endpoint->address);
}

}  // namespace

absl::StatusOr<Config> Config::Load(const std::string& path) {
  auto reader = config::Reader::Load(path);
  if (!reader.ok()) return AsUsageProblem(reader.status());
  Config config;
  reader->Path("trust", &config.trust_file, "the trust file", config::kRequired);
  ReadEndpoint(*reader, "directory", &config.directory);
  ReadEndpoint(*reader, "mail", &config.mail);
  const absl::Status valid = reader->Finish();
  if (!valid.ok()) return AsUsageProblem(valid);
  return config;
}

}  // namespace letterlock::client
