#include "server/metrics/exposer.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "server/config/address.h"

namespace letterlock::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// What the port answers to bytes, until it hangs up.
std::string Ask(int port, const std::string& bytes) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::recv(fd, buffer, sizeof(buffer), 0)) > 0;) {
    answer.append(buffer, static_cast<std::size_t>(n));
  }
  ::close(fd);
  return answer;
}

int PortOf(const Exposer& exposer) { return config::ParseLoopbackAddress(exposer.address())->port; }

TEST(Exposer, ServesTheMetricsAndNothingElse) {
  Metrics metrics;
  metrics.AddCounter("test_total", "Of the test.").Add(5);
  auto exposer = Exposer::Start("127.0.0.1:0", metrics);
  ASSERT_TRUE(exposer.ok()) << exposer.status();
  const int port = PortOf(**exposer);
  ASSERT_GT(port, 0);
  const std::string answer = Ask(port, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("200 OK"));
  EXPECT_THAT(answer, HasSubstr("test_total 5"));
  for (const char* path : {"/", "/etc/passwd", "/../etc/passwd", "/metrics/../../etc/passwd"}) {
    const std::string other =
        Ask(port, std::string("GET ") + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_THAT(other, Not(HasSubstr("200 OK"))) << path;
    EXPECT_THAT(other, Not(HasSubstr("root:"))) << path;
  }
}

TEST(Exposer, OutlivesRubbish) {
  Metrics metrics;
  auto exposer = Exposer::Start("127.0.0.1:0", metrics);
  ASSERT_TRUE(exposer.ok());
  const int port = PortOf(**exposer);
  Ask(port, "rubbish\r\n\r\n");
  Ask(port, "GET " + std::string(20'000, 'x') + " HTTP/1.1\r\n\r\n");
  EXPECT_THAT(Ask(port, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"), HasSubstr("200 OK"));
}

TEST(Exposer, APortThatIsTakenIsAnError) {
  Metrics metrics;
  auto first = Exposer::Start("127.0.0.1:0", metrics);
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(absl::IsUnavailable(Exposer::Start((*first)->address(), metrics).status()));
}

TEST(Exposer, ServesThisMachineAlone) {
  const Metrics metrics;
  EXPECT_TRUE(absl::IsInvalidArgument(Exposer::Start("0.0.0.0:0", metrics).status()));
}

}  // namespace
}  // namespace letterlock::metrics
