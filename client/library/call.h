// One unary call: deadline, token, status conversion. Private to the transports.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "client/failure.h"
#include "crypto/base/encoding.h"
#include "server/rpc/grpc_status.h"

namespace letterlock::client {

// Directory answers wait for a signed checkpoint, mail answers for a disk: both far below this.
inline constexpr std::chrono::seconds kCallDeadline{10};

// gRPC reports a certificate that did not verify like a server that is not there, and says which it
// was in words alone.
inline bool IsCertificateRefusal(const grpc::Status& status) {
  if (status.error_code() != grpc::StatusCode::UNAVAILABLE) return false;
  for (const char* words :
       {"CERTIFICATE_VERIFY_FAILED", "certificate verify failed", "is not in peer certificate"}) {
    if (status.error_message().find(words) != std::string::npos) return true;
  }
  return false;
}

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

// Whom a transport talks to.
struct Server {
  std::string name;  // for people: "the mail server"
  std::shared_ptr<grpc::Channel> channel;
};

inline void SetToken(std::string_view token, grpc::ClientContext* context) {
  if (!token.empty()) {
    context->AddMetadata("authorization", "Bearer " + crypto::Base64UrlEncode(token));
  }
}

// What came of a call, in the client's words where they say more than gRPC's.
inline absl::Status StatusOf(const Server& server, const grpc::Status& status) {
  if (IsCertificateRefusal(status)) {
    return VerificationFailed(
        "the server's certificate is not one that the configuration's authority gave for its name, "
        "or "
        "not for the time that this machine's clock shows");
  }
  // gRPC's own word, not the server's: its errors carry details.
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE && status.error_details().empty()) {
    return absl::UnavailableError(server.name + " can't be reached: " + status.error_message());
  }
  // Likewise: without this the member would see an error that says nothing.
  if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED && status.error_details().empty()) {
    return absl::UnimplementedError(server.name + " does not serve this: its version is older");
  }
  return rpc::FromGrpc(status);
}

// `server` is the stub's; `method` is a member function of the stub: (ClientContext*, const
// Request&, Response*).
template <typename Stub, typename Method, typename Request, typename Response>
absl::Status Call(const Server& server, Stub& stub, Method method, const Request& request,
                  Response* response, std::string_view token = {}) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kCallDeadline);
  SetToken(token, &context);
  response->Clear();
  Reconnect(*server.channel);
  return StatusOf(server, (stub.*method)(&context, request, response));
}

}  // namespace letterlock::client
