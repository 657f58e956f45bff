#include "echo_server.h"

#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <cstdlib>
#include <memory>

#include "absl/synchronization/mutex.h"
#include "letterlock/mail/v1/mail_service.grpc.pb.h"
#include "server/config/files.h"
#include "server/tls/credentials.h"

namespace letterlock::bench {
namespace {

namespace pb = ::letterlock::mail::v1;

class EchoService final : public pb::MailService::CallbackService {
 public:
  grpc::ServerUnaryReactor* Send(grpc::CallbackServerContext* context, const pb::SendRequest*,
                                 pb::SendResponse* response) override {
    response->set_state(pb::DELIVERY_STATE_DELIVERED);
    response->set_accepted_unix_ms(1'700'000'000'000);
    return Answer(context);
  }

  grpc::ServerUnaryReactor* BatchGet(grpc::CallbackServerContext* context,
                                     const pb::BatchGetRequest* request,
                                     pb::BatchGetResponse* response) override {
    const auto size = context->client_metadata().find("echo-message-bytes");
    const std::string text = size == context->client_metadata().end()
                                 ? std::string("0")
                                 : std::string(size->second.data(), size->second.size());
    const size_t bytes = std::strtoul(text.c_str(), nullptr, 10);
    for (int i = 0; i < request->references_size(); ++i) {
      response->add_results()->mutable_message()->set_ciphertext(std::string(bytes, 'e'));
    }
    return Answer(context);
  }

 private:
  static grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context) {
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

}  // namespace

absl::Status ServeEcho(const EchoOptions& options) {
  // As the daemons have it.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  // Before gRPC starts threads, so that all of them inherit the mask and sigwait gets the signal.
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);

  tls::ServerCredentialsOptions credentials;
  credentials.certificate_file = options.certificate_file;
  credentials.key_file = options.key_file;
  auto made = tls::MakeServerCredentials(credentials);
  if (!made.ok()) return made.status();

  EchoService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", *made, &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return absl::UnavailableError("the echo server did not start");
  if (auto written = config::WriteFileDurably(options.port_file, std::to_string(port),
                                              config::FileMode::kPublic);
      !written.ok()) {
    return written;
  }
  int signal = 0;
  sigwait(&stop, &signal);
  server->Shutdown();
  return absl::OkStatus();
}

}  // namespace letterlock::bench
