// One unary call: deadline, token, status conversion. Private to the transports.
#pragma once

#include <grpcpp/channel.h>
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

// Between calls nobody works on a channel: what came of the last attempt to connect is seen only
// when the next call waits for it, and the next attempt starts only after a wait of gRPC's own. A
// call that comes back to a connection that was lost therefore gives it a moment, so that the pace
// of repetition is ours alone (retry.h) and a server that is back is found at once.
inline void Reconnect(grpc::Channel& channel) {
  const grpc_connectivity_state state = channel.GetState(/*try_to_connect=*/false);
  if (state == GRPC_CHANNEL_READY || state == GRPC_CHANNEL_IDLE) return;
  grpc::experimental::ChannelResetConnectionBackoff(&channel);
  channel.WaitForConnected(std::chrono::system_clock::now() + std::chrono::milliseconds(500));
}

// `channel` is the stub's; `method` is a member function of the stub: (ClientContext*, const
// Request&, Response*).
template <typename Stub, typename Method, typename Request, typename Response>
absl::Status Call(grpc::Channel& channel, Stub& stub, Method method, const Request& request,
                  Response* response, std::string_view token = {}) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kCallDeadline);
  if (!token.empty()) {
    context.AddMetadata("authorization", "Bearer " + crypto::Base64UrlEncode(token));
  }
  response->Clear();
  Reconnect(channel);
  return rpc::FromGrpc((stub.*method)(&context, request, response));
}

}  // namespace letterlock::client
