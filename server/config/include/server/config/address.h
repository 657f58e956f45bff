// Addresses to listen at, as configurations name them: "127.0.0.1:7442", "[::1]:7442",
// "localhost:7442". Pure functions; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace letterlock::config {

struct ListenAddress {
  std::string host;        // without brackets
  std::uint16_t port = 0;  // 0: any that is free
};

// INVALID_ARGUMENT for anything but ADDRESS:PORT.
absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text);

// The same, and INVALID_ARGUMENT unless the address is 127.0.0.0/8 or [::1].
absl::StatusOr<ListenAddress> ParseLoopbackAddress(std::string_view text);

}  // namespace letterlock::config
