// One unary call: deadline, token, status conversion. Private to the transports.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "crypto/base/encoding.h"
#include "server/rpc/grpc_status.h"

namespace letterlock::client {

// Directory answers wait for a signed checkpoint, mail answers for a disk: both far below this.
inline constexpr std::chrono::seconds kCallDeadline{10};

// `method` is a member function of the stub: (ClientContext*, const Request&, Response*).
template <typename Stub, typename Method, typename Request, typename Response>
absl::Status Call(Stub& stub, Method method, const Request& request, Response* response,
                  std::string_view token = {}) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kCallDeadline);
  if (!token.empty()) {
    context.AddMetadata("authorization", "Bearer " + crypto::Base64UrlEncode(token));
  }
  response->Clear();
  return rpc::FromGrpc((stub.*method)(&context, request, response));
}

}  // namespace letterlock::client
