// kill -9 of the real daemon while a member revokes devices and puts keyrings: what was
// acknowledged is so afterwards, and the keyring that her entry names is there throughout.
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <string>

#include "absl/time/clock.h"
#include "support/served_maild.h"

namespace letterlock {
namespace {

using testing::MailUser;

constexpr int kKilled = 128 + 9;
constexpr int kCalls = 10;

class KilledDevices : public ::testing::Test, public ::testing::WithParamInterface<const char*> {
 protected:
  void Begin() {
    ASSERT_TRUE(served_.Start().ok()) << served_.LogText();
    ASSERT_TRUE(served_.Enroll(ann_).ok());
  }
  bool Enroll(const MailUser& device) {
    served_.directory().MakeHead(absl::Now());
    return served_.client().Call(testing::EnrollRequestOf(served_.directory(), device)).ok();
  }
  // Calls `one` with 0, 1, ... until the daemon is killed at the point; how many were acknowledged.
  int CallUntilKilled(const std::function<bool(int, const std::string& token)>& one) {
    EXPECT_EQ(served_.Stop().value_or(-1), 0);
    EXPECT_TRUE(served_.Start({"--crash-at", std::string(GetParam()) + ":5"}).ok());
    const std::string token = served_.client().OpenSession(ann_).value();
    int acknowledged = 0;
    while (acknowledged < kCalls && one(acknowledged, token)) ++acknowledged;
    EXPECT_EQ(served_.daemon().WaitForExit().value_or(0), kKilled) << served_.LogText();
    EXPECT_TRUE(served_.Start().ok()) << served_.LogText();
    return acknowledged;
  }
  // Her next entry names it.
  bool Name(const std::string& keyring) {
    testing::PublishKeyringIn(served_.directory(), ann_, keyring, absl::Now());
    return Enroll(ann_);
  }
  bool Put(const std::string& keyring, const std::string& token) {
    mail::v1::PutKeyringRequest request;
    request.set_sealed_keyring(keyring);
    return served_.client().Call(request, token).ok();
  }

  test::ServedMaild served_;
  const MailUser ann_{"ann", served_.deployment()};
};

using KilledRevoking = KilledDevices;
using KilledPutting = KilledDevices;

TEST_P(KilledRevoking, WhatWasRevokedStaysRevoked) {
  Begin();
  std::deque<MailUser> devices;
  for (int i = 0; i < kCalls; ++i) {
    devices.emplace_back("ann", served_.deployment(), "device " + std::to_string(i));
    ASSERT_TRUE(Enroll(devices.back()));
  }
  const auto revoke = [&](int i, const std::string& token) {
    mail::v1::RevokeDeviceRequest request;
    request.set_device_key(
        std::string(devices[static_cast<std::size_t>(i)].device.public_key().bytes()));
    return served_.client().Call(request, token).status();
  };
  const int revoked =
      CallUntilKilled([&](int i, const std::string& token) { return revoke(i, token).ok(); });
  EXPECT_EQ(revoked, 4);
  for (int i = 0; i < kCalls; ++i) {
    const MailUser& device = devices[static_cast<std::size_t>(i)];
    const bool there = served_.client().OpenSession(device).ok();
    if (i < revoked) EXPECT_FALSE(there);
    if (i > revoked) EXPECT_TRUE(there);
    // Also what was not acknowledged is whole: gone for good, or there.
    EXPECT_EQ(Enroll(device), there) << i;
  }
  const absl::Status again = revoke(revoked, served_.client().OpenSession(ann_).value());
  EXPECT_TRUE(again.ok() || absl::IsNotFound(again)) << again;
  EXPECT_FALSE(Enroll(devices[static_cast<std::size_t>(revoked)]));
}
INSTANTIATE_TEST_SUITE_P(Each, KilledRevoking,
                         ::testing::Values("revoke-queued", "revoke-durable"));

TEST_P(KilledPutting, TheNamedKeyringAndTheLastAcknowledgedOneAreThere) {
  Begin();
  const std::string named = testing::SealedKeyring("named", 65'536);
  ASSERT_TRUE(Put(named, served_.client().OpenSession(ann_).value()));
  ASSERT_TRUE(Name(named));
  const auto keyring = [](int i) {
    return testing::SealedKeyring("keyring " + std::to_string(i), 65'536);
  };
  const int put =
      CallUntilKilled([&](int i, const std::string& token) { return Put(keyring(i), token); });
  EXPECT_EQ(put, 4);
  EXPECT_EQ(served_.client().Recover(ann_).value_or(""), named);
  // The one whose answer was lost took the place of the last acknowledged, or did not.
  ASSERT_TRUE(Name(keyring(put)));
  auto recovered = served_.client().Recover(ann_);
  if (recovered.ok()) {
    EXPECT_EQ(*recovered, keyring(put));
  } else {
    EXPECT_TRUE(absl::IsNotFound(recovered.status())) << recovered.status();
    ASSERT_TRUE(Name(keyring(put - 1)));
    EXPECT_EQ(served_.client().Recover(ann_).value_or(""), keyring(put - 1));
  }
  ASSERT_TRUE(Put(keyring(put + 1), served_.client().OpenSession(ann_).value()));
  ASSERT_TRUE(Name(keyring(put + 1)));
  EXPECT_EQ(served_.client().Recover(ann_).value_or(""), keyring(put + 1));
}
INSTANTIATE_TEST_SUITE_P(Each, KilledPutting,
                         ::testing::Values("keyring-queued", "keyring-durable"));

}  // namespace
}  // namespace letterlock
