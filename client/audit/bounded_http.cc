#include "bounded_http.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"

namespace letterlock::audit {
namespace {

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

// A connection whose every request has a budget of bytes and a deadline. One thread's.
class BoundedStream final : public httplib::Stream {
 public:
  explicit BoundedStream(socket_t socket) : socket_(socket) {}

  // Waits for the first byte of a request; false where none comes.
  bool Next(const HttpBounds& bounds) {
    deadline_ = absl::Now() + bounds.idle_time;
    if (at_ == end_ && !Ready(POLLIN)) return false;
    deadline_ = absl::Now() + bounds.request_time;
    left_ = bounds.request_bytes;
    return true;
  }

  bool is_readable() const override { return at_ < end_ || Ready(POLLIN); }
  bool is_writable() const override { return Ready(POLLOUT); }

  ssize_t read(char* to, std::size_t size) override {
    if (left_ == 0) return -1;
    if (at_ == end_) {
      if (!Ready(POLLIN)) return -1;
      const ssize_t got = recv(socket_, buffer_.data(), buffer_.size(), 0);
      if (got <= 0) return got;
      at_ = 0;
      end_ = static_cast<std::size_t>(got);
    }
    const std::size_t taken = std::min({size, end_ - at_, left_});
    std::copy_n(buffer_.data() + at_, taken, to);
    at_ += taken;
    left_ -= taken;
    return static_cast<ssize_t>(taken);
  }

  ssize_t write(const char* from, std::size_t size) override {
    return Ready(POLLOUT) ? send(socket_, from, size, MSG_NOSIGNAL) : -1;
  }

  void get_remote_ip_and_port(std::string&, int&) const override {}  // nobody's business here
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return socket_; }

 private:
  // Before the deadline.
  bool Ready(short events) const {
    pollfd waiting = {socket_, events, 0};
    const auto left = absl::ToInt64Milliseconds(deadline_ - absl::Now());
    return left > 0 && poll(&waiting, 1, static_cast<int>(left)) > 0;
  }

  const socket_t socket_;
  absl::Time deadline_;
  std::size_t left_ = 0;
  std::array<char, 4096> buffer_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
};

}  // namespace

BoundedHttpServer::BoundedHttpServer(const HttpBounds& bounds) : bounds_(bounds) {
  set_payload_max_length(bounds.request_bytes);  // says 413 where a length was announced
  new_task_queue = [connections = bounds.connections] { return new BoundedThreads(connections); };
}

bool BoundedHttpServer::process_and_close_socket(socket_t socket) {
  BoundedStream stream(socket);
  bool good = true;
  for (std::size_t left = bounds_.requests; left > 0 && good; --left) {
    bool closed = false;
    if (svr_sock_ == INVALID_SOCKET || !stream.Next(bounds_)) break;
    good = process_request(stream, left == 1, closed, nullptr);
    if (closed) break;
  }
  shutdown(socket, SHUT_RDWR);
  close(socket);
  return good;
}

}  // namespace letterlock::audit
