// What a doctor asks of the machine that it runs on.
#include "doctor/machine.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <string>

#include "letterlock/admin/v1/admin_service.pb.h"
#include "server/config/file_descriptor.h"
#include "support/child.h"
#include "support/temporary_directory.h"

namespace letterlock::doctor {
namespace {

using config::FileDescriptor;
using test::InChild;

// Listens at a port of the kernel's choice.
struct Listener {
  Listener() {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(fd.get(), any, size), 0);
    EXPECT_EQ(::listen(fd.get(), 1), 0);
    EXPECT_EQ(::getsockname(fd.get(), any, &size), 0);
    port = ntohs(address.sin_port);
  }
  FileDescriptor fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::uint16_t port = 0;
};

TEST(ThisMachine, KnowsWhichPortsAreTaken) {
  const auto machine = ThisMachine();
  Listener listener;
  EXPECT_TRUE(absl::IsAlreadyExists(machine->CanListen({"127.0.0.1", listener.port})));
  EXPECT_TRUE(absl::IsAlreadyExists(machine->CanListen({"localhost", listener.port})));
  EXPECT_TRUE(machine->CanConnect({"127.0.0.1", listener.port}).ok());
  EXPECT_TRUE(machine->CanConnect({"localhost", listener.port}).ok());
  listener.fd = FileDescriptor();
  EXPECT_TRUE(machine->CanListen({"127.0.0.1", listener.port}).ok());
  EXPECT_FALSE(machine->CanConnect({"127.0.0.1", listener.port}).ok());
}

TEST(ThisMachine, KnowsItsOwnAddresses) {
  const auto machine = ThisMachine();
  // TEST-NET-1 (RFC 5737) is nobody's.
  EXPECT_TRUE(absl::IsNotFound(machine->CanListen({"192.0.2.1", 0})));
  EXPECT_TRUE(absl::IsNotFound(machine->CanListen({"not an address", 0})));
}

TEST(ThisMachine, KnowsWhoListensAtASocket) {
  const auto machine = ThisMachine();
  const test::TemporaryDirectory directory;
  const std::string path = directory / "socket";
  EXPECT_EQ(machine->ListenerAt(path), std::nullopt);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(machine->ListenerAt(path), std::nullopt);
  ASSERT_EQ(::listen(fd.get(), 1), 0);
  EXPECT_EQ(machine->ListenerAt(path), ::geteuid());
}

TEST(ThisMachine, KnowsItsDisksAndItsClock) {
  const auto machine = ThisMachine();
  const test::TemporaryDirectory directory;
  const auto space = machine->SpaceAt(directory.path());
  ASSERT_TRUE(space.ok()) << space.status();
  EXPECT_GT(space->all_bytes, 0u);
  EXPECT_LE(space->free_bytes, space->all_bytes);
  EXPECT_FALSE(space->read_only);
  EXPECT_TRUE(absl::IsNotFound(machine->SpaceAt(directory / "nowhere").status()));
  EXPECT_TRUE(machine->Clock().ok());
}

TEST(ThisMachine, AsksNobodyForAStatusInVain) {
  const test::TemporaryDirectory directory;
  EXPECT_TRUE(absl::IsUnavailable(ThisMachine()->AskStatus(directory / "socket").status()));
}

// Root gives up everything for the eyes of another; nobody else can have them.
TEST(ThisMachine, BecomesAnotherUserForGoodIfItIsRoot) {
  constexpr uid_t kAnother = 54'321;
  const test::TemporaryDirectory directory;
  const std::string secret = directory / "secret";
  std::ofstream(secret) << "secret";
  const bool root = ::geteuid() == 0;
  EXPECT_EQ(InChild([&] {
              const auto machine = ThisMachine();
              const bool became = machine->Become(kAnother).ok();
              if (!root) return !became && machine->Me() == ::getuid() ? 0 : 1;
              if (!became || machine->Me() != kAnother) return 2;
              if (::access(secret.c_str(), R_OK) == 0) return 3;
              return ::setuid(0) == 0 || machine->Become(0).ok() ? 4 : 0;
            }),
            0);
  EXPECT_EQ(InChild([&] { return ThisMachine()->Become(::geteuid()).ok() ? 0 : 1; }), 0);
}

TEST(Users, HaveNamesOrNumbers) {
  EXPECT_EQ(UserName(0), "root");
  EXPECT_EQ(UserName(54'321), "54321");
  EXPECT_EQ(*UserOf("root"), 0u);
  EXPECT_EQ(*UserOf("54321"), 54'321u);
  EXPECT_TRUE(absl::IsNotFound(UserOf("no such user").status()));
}

}  // namespace
}  // namespace letterlock::doctor
