#include "server/config/address.h"

#include <charconv>
#include <optional>

namespace letterlock::config {
namespace {

std::optional<ListenAddress> Split(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  ListenAddress address;
  const auto [at, error] =
      std::from_chars(text.data() + colon + 1, text.data() + text.size(), address.port);
  if (error != std::errc() || at != text.data() + text.size()) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  // Without brackets nobody knows which colon the port is behind.
  if (host.empty() || (!brackets && host.find(':') != std::string_view::npos)) return std::nullopt;
  address.host = std::string(host);
  return address;
}

bool IsLoopback(std::string_view host) {
  if (host == "::1") return true;
  return host.starts_with("127.") &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text) {
  std::optional<ListenAddress> address = Split(text);
  if (!address) return absl::InvalidArgumentError("must be ADDRESS:PORT");
  return *std::move(address);
}

absl::StatusOr<ListenAddress> ParseLoopbackAddress(std::string_view text) {
  std::optional<ListenAddress> address = Split(text);
  if (!address || !IsLoopback(address->host)) {
    return absl::InvalidArgumentError("must be a port of a loopback address, as in 127.0.0.1:9464");
  }
  return *std::move(address);
}

}  // namespace letterlock::config
