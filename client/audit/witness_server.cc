#include "witness_server.h"

#include <utility>

#include "bounded_http.h"

namespace letterlock::audit {
namespace {

void Give(WitnessAnswer answer, const std::function<void(const WitnessAnswer&)>& on_event,
          httplib::Response* response) {
  if (!answer.event.empty()) on_event(answer);
  response->status = answer.status;
  response->set_content(std::move(answer.body), answer.content_type);
}

}  // namespace

absl::StatusOr<std::unique_ptr<WitnessServer>> WitnessServer::Start(
    const WitnessServerOptions& options, Witness* witness,
    std::function<void(const WitnessAnswer&)> on_event) {
  auto server = std::make_unique<BoundedHttpServer>(HttpBounds{});
  // A checkpoint is no smaller packed, and what a few bytes unpack to is nothing we would bound.
  server->set_pre_routing_handler([](const httplib::Request& request, httplib::Response& response) {
    if (!request.has_header("Content-Encoding")) {
      return httplib::Server::HandlerResponse::Unhandled;
    }
    response.status = 415;
    return httplib::Server::HandlerResponse::Handled;
  });
  server->Post("/add-checkpoint",
               [witness, on_event](const httplib::Request& request, httplib::Response& response) {
                 Give(witness->AddCheckpoint(request.body), on_event, &response);
               });
  server->Get("/([0-9a-f]{64})/checkpoint",
              [witness, on_event](const httplib::Request& request, httplib::Response& response) {
                Give(witness->NewestCheckpoint(request.matches[1].str()), on_event, &response);
              });
  const int port = options.port == 0
                       ? server->bind_to_any_port(options.host)
                       : (server->bind_to_port(options.host, options.port) ? options.port : -1);
  if (port <= 0) return absl::UnavailableError("can't listen on " + options.host);
  return std::unique_ptr<WitnessServer>(new WitnessServer(std::move(server), port));
}

WitnessServer::WitnessServer(std::unique_ptr<BoundedHttpServer> server, int port)
    : server_(std::move(server)), port_(port), thread_([this] { server_->listen_after_bind(); }) {
  // stop() before the loop runs would be lost.
  while (!server_->is_running()) std::this_thread::yield();
}

WitnessServer::~WitnessServer() {
  server_->stop();
  thread_.join();
}

}  // namespace letterlock::audit
