#include "server/config/address.h"

#include <gtest/gtest.h>

namespace letterlock::config {
namespace {

TEST(ListenAddress, IsSplitAtThePort) {
  const auto name = ParseListenAddress("mail.example.org:443");
  ASSERT_TRUE(name.ok());
  EXPECT_EQ(name->host, "mail.example.org");
  EXPECT_EQ(name->port, 443);
  const auto six = ParseListenAddress("[::]:0");
  ASSERT_TRUE(six.ok());
  EXPECT_EQ(six->host, "::");
  EXPECT_EQ(six->port, 0);
}

TEST(ListenAddress, IsNothingElse) {
  for (const char* text : {"", "7442", ":7442", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x",
                           "127.0.0.1:-1", "127.0.0.1:65536", "127.0.0.1:80 ", "::1:80"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseListenAddress(text).status())) << text;
  }
}

TEST(LoopbackAddress, IsThisMachineAlone) {
  for (const char* text : {"0.0.0.0:9464", "[::]:9464", "192.0.2.1:9464", "localhost:9464", ":9464",
                           "9464", "127.0.0.1", "127.0.0.1.example.org:1", ""}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseLoopbackAddress(text).status())) << text;
  }
  EXPECT_EQ(ParseLoopbackAddress("127.0.0.1:9464")->port, 9464);
  EXPECT_EQ(ParseLoopbackAddress("127.1.2.3:0")->port, 0);
  EXPECT_EQ(ParseLoopbackAddress("[::1]:9464")->host, "::1");
}

}  // namespace
}  // namespace letterlock::config
