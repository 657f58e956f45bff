#include "cli/device_name.h"

#include <gtest/gtest.h>

#include <string>

#include "crypto/base/encoding.h"
#include "crypto/base/hash.h"
#include "crypto/base/ids.h"

namespace letterlock::cli {
namespace {

// The names are read out between devices of different versions: they may never change.
TEST(DeviceName, IsTwoWordsOfTheKeyId) {
  const auto key = crypto::PublicKey::FromBytes(std::string(32, '\x07'));
  const std::string id(crypto::KeyIdOf(*key).bytes());
  EXPECT_EQ(crypto::HexEncode(id).substr(0, 8), "2bc8ef15");
  EXPECT_EQ(DeviceName(*key), "fozam-vusij");
}

}  // namespace
}  // namespace letterlock::cli
