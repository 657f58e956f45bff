#include "doctor/machine.h"

#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <functional>
#include <system_error>

#include "absl/time/clock.h"
#include "admin/status_command.h"
#include "letterlock/admin/v1/admin_service.pb.h"
#include "server/config/file_descriptor.h"
#include "server/confine/confine.h"

namespace letterlock::doctor {
namespace {

using config::FileDescriptor;

constexpr absl::Duration kPatience = absl::Seconds(5);
constexpr timeval kConnectPatience = {5, 0};

absl::Status FromErrno(int error) {
  switch (error) {
    case EADDRINUSE:
      return absl::AlreadyExistsError("is in use");
    case EADDRNOTAVAIL:
      return absl::NotFoundError("is no address of this machine");
    case EACCES:
      return absl::PermissionDeniedError("is not for this user to listen at");
    default:
      return absl::UnavailableError(std::error_code(error, std::generic_category()).message());
  }
}

using WithSocket = std::function<int(int fd, const sockaddr* address, socklen_t size)>;

// What became of `use` with a TCP socket for each meaning of the address, in order.
absl::StatusOr<std::vector<absl::Status>> ForEach(const config::ListenAddress& address,
                                                  const WithSocket& use) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found) !=
      0) {
    return absl::NotFoundError("is no address");
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);
  std::vector<absl::Status> all;
  for (const addrinfo* next = found; next != nullptr; next = next->ai_next) {
    const FileDescriptor fd(::socket(next->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const bool done = fd.valid() && use(fd.get(), next->ai_addr, next->ai_addrlen) == 0;
    all.push_back(done ? absl::OkStatus() : FromErrno(errno));
  }
  return all;
}

// OK if one is, else the first.
absl::Status AnyOf(const std::vector<absl::Status>& all) {
  for (const absl::Status& status : all) {
    if (status.ok()) return status;
  }
  return all.front();
}

class SystemMachine final : public Machine {
 public:
  absl::Time Now() const override { return absl::Now(); }

  absl::StatusOr<ClockState> Clock() const override {
    timex state = {};
    const int said = ::adjtimex(&state);  // modes 0: reads
    if (said < 0) return absl::ErrnoToStatus(errno, "adjtimex");
    return ClockState{said != TIME_ERROR && (state.status & STA_UNSYNC) == 0,
                      absl::Microseconds(state.maxerror)};
  }

  absl::StatusOr<DiskSpace> SpaceAt(const std::string& directory) const override {
    struct statvfs state = {};
    if (::statvfs(directory.c_str(), &state) != 0) return absl::ErrnoToStatus(errno, directory);
    return DiskSpace{state.f_bavail * state.f_frsize, state.f_blocks * state.f_frsize,
                     state.f_favail, state.f_files, (state.f_flag & ST_RDONLY) != 0};
  }

  std::vector<std::string> MissingLayers() const override { return confine::MissingLayers(); }

  absl::Status CanListen(const config::ListenAddress& address) const override {
    // Bound and closed again, never listened at: nobody can have connected. With SO_REUSEADDR a
    // port that was used a moment ago is free, one that is listened at is not.
    const auto all = ForEach(address, [](int fd, const sockaddr* to, socklen_t size) {
      const int on = 1;
      ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
      return ::bind(fd, to, size);
    });
    if (!all.ok()) return all.status();
    for (const absl::Status& status : *all) {
      if (absl::IsAlreadyExists(status)) return status;
    }
    return AnyOf(*all);
  }

  absl::Status CanConnect(const config::ListenAddress& address) const override {
    const auto all = ForEach(address, [](int fd, const sockaddr* to, socklen_t size) {
      ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kConnectPatience, sizeof(kConnectPatience));
      return ::connect(fd, to, size);
    });
    return all.ok() ? AnyOf(*all) : all.status();
  }

  std::optional<uid_t> ListenerAt(const std::string& socket) const override {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (socket.empty() || socket.size() >= sizeof(address.sun_path)) return std::nullopt;
    std::memcpy(address.sun_path, socket.data(), socket.size());
    const FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ucred peer = {};
    socklen_t size = sizeof(peer);
    if (!fd.valid() ||
        ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
        ::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
      return std::nullopt;
    }
    return peer.uid;
  }

  absl::StatusOr<admin::v1::GetStatusResponse> AskStatus(const std::string& socket) const override {
    return admin::AskStatus(socket, kPatience);
  }

  uid_t Me() const override { return ::geteuid(); }

  absl::Status Become(uid_t user) const override {
    if (user == ::geteuid()) return absl::OkStatus();
    const passwd* const about = ::getpwuid(user);  // NOLINT(concurrency-mt-unsafe): one thread
    const gid_t group = about == nullptr ? static_cast<gid_t>(user) : about->pw_gid;
    const int groups =
        about == nullptr ? ::setgroups(0, nullptr) : ::initgroups(about->pw_name, group);
    if (groups != 0 || ::setresgid(group, group, group) != 0 ||
        ::setresuid(user, user, user) != 0) {
      return absl::ErrnoToStatus(errno, UserName(user));
    }
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Machine> ThisMachine() { return std::make_unique<SystemMachine>(); }

std::string UserName(uid_t user) {
  const passwd* const about = ::getpwuid(user);  // NOLINT(concurrency-mt-unsafe): one thread
  return about == nullptr ? std::to_string(user) : std::string(about->pw_name);
}

absl::StatusOr<uid_t> UserOf(const std::string& name) {
  if (const passwd* about =
          ::getpwnam(name.c_str())) {  // NOLINT(concurrency-mt-unsafe): one thread
    return about->pw_uid;
  }
  uid_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) {
    return absl::NotFoundError(name + ": no such user");
  }
  return number;
}

}  // namespace letterlock::doctor
