// cpp-httplib's server with bounds that it lacks: how many bytes a request may have in all, headers
// and chunks included, how long it may take, and how many connections are served at a time.
//
// Private to the witness's transport: it includes httplib.h.
#pragma once

#include <httplib.h>

#include <cstddef>

#include "absl/time/time.h"

namespace letterlock::audit {

struct HttpBounds {
  std::size_t request_bytes = 64 * 1024;           // request line, headers and body
  absl::Duration request_time = absl::Seconds(5);  // from its first byte to the answer's last
  absl::Duration idle_time = absl::Seconds(5);     // between requests of a connection
  std::size_t requests = 100;                      // of a connection
  std::size_t connections = 8;                     // at a time; more wait in the kernel
};

class BoundedHttpServer final : public httplib::Server {
 public:
  explicit BoundedHttpServer(const HttpBounds& bounds);

 private:
  bool process_and_close_socket(socket_t socket) override;

  const HttpBounds bounds_;
};

}  // namespace letterlock::audit
