#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "child.h"
#include "server/confine/confine.h"
#include "support/temporary_directory.h"

namespace letterlock::confine {
namespace {

constexpr int kMptcp = 262;
constexpr int kFastOpen = 0x20000000;

int Try(long result) { return result < 0 ? errno : 0; }

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int TryConnect(int port) {
  const sockaddr_in address = Loopback(port);
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  return Try(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
}

int TryListen(int port) {
  const sockaddr_in address = Loopback(port);
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  const int bound = Try(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
  return bound != 0 ? bound : Try(::listen(fd, 1));
}

int TrySocket(int family, int type, int protocol) { return Try(::socket(family, type, protocol)); }

// Somebody to talk to, on TCP.
class Listener {
 public:
  Listener() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(fd_, 16), 0);
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { ::close(fd_); }
  int port() const { return port_; }

 private:
  const int fd_;
  int port_ = 0;
};

// Without anything to connect to, as the mail server.
Options Closed() {
  Options options;
  options.listen_tcp = {0};
  return options;
}

int LandlockAbi() {
  return InChild([] {
    const auto report = Confine(Closed());
    return report.ok() ? report->landlock_abi : 0;
  });
}

TEST(ConfinedNetwork, ListeningOnTheGivenPortWorks) {
  EXPECT_EQ(InConfinedChild(Closed(), [] { return TryListen(0); }), 0);
}

TEST(ConfinedNetwork, ListeningOnAnotherPortIsRefused) {
  // A port that is free: the kernel's choice of a moment ago.
  const int port = Listener().port();
  EXPECT_EQ(InChild([&] { return TryListen(port); }), 0);
  // Landlock sees ports from ABI 4; before, the report says that this is not restricted.
  EXPECT_EQ(InConfinedChild(Closed(), [&] { return TryListen(port); }),
            LandlockAbi() >= 4 ? EACCES : 0);
}

TEST(ConfinedNetwork, NothingConnectsAnywhere) {
  const Listener listener;
  EXPECT_EQ(InChild([&] { return TryConnect(listener.port()); }), 0);
  EXPECT_EQ(InConfinedChild(Closed(), [&] { return TryConnect(listener.port()); }), ENOSYS);
}

TEST(ConfinedNetwork, FastOpenIsNoWayAroundConnecting) {
  const Listener listener;
  const sockaddr_in to = Loopback(listener.port());
  const auto send = [&] {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    return Try(::sendto(fd, "x", 1, kFastOpen, reinterpret_cast<const sockaddr*>(&to), sizeof(to)));
  };
  const auto send_message = [&] {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    char byte = 'x';
    iovec data = {&byte, 1};
    sockaddr_in address = to;
    msghdr message = {};
    message.msg_name = &address;
    message.msg_namelen = sizeof(address);
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    return Try(::sendmsg(fd, &message, kFastOpen));
  };
  EXPECT_EQ(InConfinedChild(Closed(), send), ENOSYS);
  EXPECT_EQ(InConfinedChild(Closed(), send_message), ENOSYS);
}

TEST(ConfinedNetwork, OnlyTcpAndUnixStreamsAreThere) {
  for (const int type : {int{SOCK_STREAM}, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK}) {
    EXPECT_EQ(InConfinedChild(Closed(), [&] { return TrySocket(AF_INET, type, 0); }), 0);
    EXPECT_EQ(InConfinedChild(Closed(), [&] { return TrySocket(AF_INET6, type, IPPROTO_TCP); }), 0);
    EXPECT_EQ(InConfinedChild(Closed(), [&] { return TrySocket(AF_UNIX, type, 0); }), 0);
  }
  const struct {
    int family, type, protocol;
  } kForbidden[] = {{AF_INET, SOCK_DGRAM, 0},          {AF_INET6, SOCK_DGRAM, 0},
                    {AF_INET, SOCK_STREAM, kMptcp},    {AF_UNIX, SOCK_DGRAM, 0},
                    {AF_UNIX, SOCK_SEQPACKET, 0},      {AF_NETLINK, SOCK_RAW, 0},
                    {AF_INET, SOCK_RAW, IPPROTO_ICMP}, {AF_PACKET, SOCK_RAW, 0},
                    {AF_VSOCK, SOCK_STREAM, 0},        {AF_ALG, SOCK_SEQPACKET, 0}};
  for (const auto& [family, type, protocol] : kForbidden) {
    EXPECT_EQ(InConfinedChild(Closed(), [&] { return TrySocket(family, type, protocol); }), ENOSYS)
        << family << " " << type;
  }
}

TEST(ConfinedNetwork, UnixSocketsOfOthersAreOutOfReach) {
  test::TemporaryDirectory directory;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  (directory / "socket").copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  const auto connect = [&] {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    return Try(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
  };
  EXPECT_EQ(InChild(connect), 0);
  Options options = Closed();
  options.read_write = {directory.path()};
  EXPECT_EQ(InConfinedChild(options, connect), ENOSYS);
  ::close(listener);
}

TEST(ConfinedNetwork, OnlyNamedPortsAreConnectedTo) {
  const Listener named;
  const Listener other;
  Options options = Closed();
  options.connect_tcp = {static_cast<std::uint16_t>(named.port())};
  options.strictness = Strictness::kBestEffort;  // before ABI 4 this is missing, and says so
  EXPECT_EQ(InConfinedChild(options, [&] { return TryConnect(named.port()); }), 0);
  EXPECT_EQ(InConfinedChild(options, [&] { return TryConnect(other.port()); }),
            LandlockAbi() >= 4 ? EACCES : 0);
}

}  // namespace
}  // namespace letterlock::confine
