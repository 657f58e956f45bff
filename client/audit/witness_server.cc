#include "witness_server.h"

#include <httplib.h>

#include <deque>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"

namespace letterlock::audit {
namespace {

// A checkpoint is a few hundred bytes and each of at most 63 proof lines has 45. Room for a note
// with all the signatures that one may bear.
constexpr std::size_t kMaxBody = 64 * 1024;

// So many connections at a time and none in a queue of ours: accepting waits until one is over.
class BoundedThreads final : public httplib::TaskQueue {
 public:
  explicit BoundedThreads(std::size_t threads) {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
  }

  void enqueue(std::function<void()> connection) override {
    absl::MutexLock hold(&mu_);
    const auto room = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return waiting_.empty(); };
    mu_.Await(absl::Condition(&room));
    waiting_.push_back(std::move(connection));
  }

  void shutdown() override {
    {
      absl::MutexLock hold(&mu_);
      over_ = true;
    }
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  void Work() {
    while (true) {
      std::function<void()> connection;
      {
        absl::MutexLock hold(&mu_);
        const auto next = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
          return over_ || !waiting_.empty();
        };
        mu_.Await(absl::Condition(&next));
        if (waiting_.empty()) return;
        connection = std::move(waiting_.front());
        waiting_.pop_front();
      }
      connection();
    }
  }

  absl::Mutex mu_;
  std::deque<std::function<void()>> waiting_ ABSL_GUARDED_BY(mu_);
  bool over_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;
};

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
  auto server = std::make_unique<httplib::Server>();
  const auto seconds = static_cast<time_t>(absl::ToInt64Seconds(options.patience));
  server->set_payload_max_length(kMaxBody);
  server->set_read_timeout(seconds);
  server->set_write_timeout(seconds);
  server->set_keep_alive_timeout(seconds);
  // A checkpoint is no smaller packed, and what a few bytes unpack to is nothing we would bound.
  server->set_pre_routing_handler([](const httplib::Request& request, httplib::Response& response) {
    if (!request.has_header("Content-Encoding")) {
      return httplib::Server::HandlerResponse::Unhandled;
    }
    response.status = 415;
    return httplib::Server::HandlerResponse::Handled;
  });
  server->new_task_queue = [threads = options.threads] { return new BoundedThreads(threads); };
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

WitnessServer::WitnessServer(std::unique_ptr<httplib::Server> server, int port)
    : server_(std::move(server)), port_(port), thread_([this] { server_->listen_after_bind(); }) {
  // stop() before the loop runs would be lost.
  while (!server_->is_running()) std::this_thread::yield();
}

WitnessServer::~WitnessServer() {
  server_->stop();
  thread_.join();
}

}  // namespace letterlock::audit
