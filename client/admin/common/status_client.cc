#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "admin/status_command.h"
#include "letterlock/admin/v1/admin_service.grpc.pb.h"
#include "server/config/reader.h"

namespace letterlock::admin {

absl::StatusOr<std::string> AdminSocketOf(const std::string& config_file) {
  auto reader = config::Reader::Load(config_file);
  if (!reader.ok()) return reader.status();
  std::string socket;
  reader->Path("admin_socket", &socket, "");
  if (absl::Status status = reader->FinishPart(); !status.ok()) return status;
  if (socket.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(config_file, ": names no admin_socket: set it, and start the daemon again"));
  }
  return socket;
}

absl::StatusOr<v1::GetStatusResponse> AskStatus(const std::string& socket,
                                                absl::Duration patience) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // The kernel says who is on either side: no TLS.
  const auto channel =
      grpc::CreateCustomChannel("unix:" + socket, grpc::InsecureChannelCredentials(), arguments);
  const auto stub = v1::AdminService::NewStub(channel);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + patience));
  v1::GetStatusResponse response;
  const grpc::Status status = stub->GetStatus(&context, {}, &response);
  if (!status.ok()) {
    return absl::UnavailableError(
        absl::StrCat(socket,
                     ": nobody answers: the daemon does not run, or this is neither its "
                     "user nor root"));
  }
  return response;
}

}  // namespace letterlock::admin
