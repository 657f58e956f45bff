// What a handler knows of the call that it answers.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace letterlock::rpc {

// Thread-safe. Lives until the call's Done has been called (service.h); not to be kept beyond it.
class CallContext {
 public:
  virtual ~CallContext() = default;

  // When the caller stops waiting; never infinite: calls without a deadline have ten seconds,
  // and no call more than a minute.
  virtual absl::Time deadline() const = 0;
  // 16 hex digits, random: the call's name in logs and in the trailer `letterlock-request-id`.
  virtual const std::string& request_id() const = 0;
  // X of `authorization: Bearer X`; empty without one. Not checked here, never logged.
  virtual std::string_view bearer_token() const = 0;
  // gRPC's name for the peer, `ipv4:127.0.0.1:50000`. Member data: never logged, never stored.
  virtual std::string peer() const = 0;
  // SHA-256 of the SubjectPublicKeyInfo of the certificate that the peer proved to hold (mTLS), 32
  // bytes; empty where the server asked for none.
  virtual std::string peer_key_hash() const = 0;
  // The caller has gone away: nobody reads the answer.
  virtual bool IsCancelled() const = 0;

  // OK, CANCELLED or DEADLINE_EXCEEDED. To be asked before work that cannot be undone or that
  // costs.
  absl::Status CheckAlive() const;
};

}  // namespace letterlock::rpc
