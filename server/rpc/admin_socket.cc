#include "admin_socket.h"

#include <fcntl.h>
#include <grpcpp/server.h>
#include <grpcpp/server_posix.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace letterlock::rpc {
namespace {

using config::FileDescriptor;

constexpr int kBacklog = 8;

absl::StatusOr<FileDescriptor> Listen(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(path + ": is too long for a Unix socket");
  }
  std::memcpy(address.sun_path, path.data(), path.size());

  struct stat about = {};
  if (::lstat(path.c_str(), &about) == 0 && S_ISSOCK(about.st_mode)) ::unlink(path.c_str());

  FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, path);
  // On Linux the mode of the socket's file is the mode of its inode here, narrowed by the umask:
  // nobody can connect in between.
  if (::fchmod(fd.get(), S_IRUSR | S_IWUSR) != 0 ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(fd.get(), kBacklog) != 0) {
    return absl::ErrnoToStatus(errno, path);
  }
  return fd;
}

bool IsAdministrator(int fd) {
  ucred peer = {};
  socklen_t size = sizeof(peer);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == 0 || peer.uid == ::geteuid();
}

}  // namespace

absl::StatusOr<std::unique_ptr<AdminSocket>> AdminSocket::Open(const std::string& path,
                                                               grpc::Server* server,
                                                               const Logger& logger) {
  absl::StatusOr<FileDescriptor> listener = Listen(path);
  if (!listener.ok()) return listener.status();
  FileDescriptor stop(::eventfd(0, EFD_CLOEXEC));
  if (!stop.valid()) return absl::ErrnoToStatus(errno, "eventfd");
  return std::unique_ptr<AdminSocket>(
      new AdminSocket(path, *std::move(listener), std::move(stop), server, logger));
}

AdminSocket::AdminSocket(std::string path, FileDescriptor listener, FileDescriptor stop,
                         grpc::Server* server, Logger logger)
    : path_(std::move(path)),
      listener_(std::move(listener)),
      stop_(std::move(stop)),
      server_(server),
      logger_(std::move(logger)),
      thread_([this] { Run(); }) {}

AdminSocket::~AdminSocket() {
  ::eventfd_write(stop_.get(), 1);
  thread_.join();
  ::unlink(path_.c_str());
}

void AdminSocket::Run() {
  while (true) {
    pollfd wait[2] = {{stop_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    if (::poll(wait, 2, -1) < 0 && errno != EINTR) return;
    if (wait[0].revents != 0) return;
    if (wait[1].revents != 0) Accept();
  }
}

void AdminSocket::Accept() {
  FileDescriptor fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd.valid()) return;
  if (!IsAdministrator(fd.get())) {
    logger_.Warning("admin_refused");
    return;
  }
  grpc::AddInsecureChannelFromFd(server_, fd.release());
}

}  // namespace letterlock::rpc
