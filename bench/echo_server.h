// The ceiling: a server of the same service, library, sizes and TLS as the mail server, which
// answers at once and does nothing. What the mail server takes longer is what storing, sealing and
// checking cost.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace letterlock::bench {

struct EchoOptions {
  std::string certificate_file;  // PEM, the mail server's own
  std::string key_file;
  std::string port_file;  // the chosen port is written here once it serves
};

// Serves on 127.0.0.1 until SIGTERM. A BatchGet is answered with as many messages as it names, each
// of the size that the caller gives in the metadata "echo-message-bytes".
absl::Status ServeEcho(const EchoOptions& options);

}  // namespace letterlock::bench
