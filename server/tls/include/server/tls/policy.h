// TLS 1.3 only, for everything in the process that uses OpenSSL.
//
// gRPC 1.51 accepts TLS 1.2 and has no setter. OpenSSL applies a system-wide section to every
// SSL_CTX that is made, and of that section gRPC overrides `MinProtocol` but not `Protocol`.
#pragma once

#include "absl/status/status.h"

namespace letterlock::tls {

// Installs the policy from memory, whatever OPENSSL_CONF and the machine's openssl.cnf say, and
// checks on a fresh SSL_CTX that it holds. Idempotent, thread-safe. To be called before any other
// use of OpenSSL; fails closed. Credentials of credentials.h call it themselves.
absl::Status RequireTls13();

}  // namespace letterlock::tls
