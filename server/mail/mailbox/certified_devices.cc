#include "server/mail/mailbox/certified_devices.h"

#include <algorithm>
#include <vector>

#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

std::vector<Device>::iterator Find(std::vector<Device>& devices, const crypto::PublicKey& key) {
  return std::ranges::find(devices, key, &Device::key);
}

}  // namespace

absl::Status NotCertified() {
  return rpc::Fail(absl::StatusCode::kUnauthenticated, common::v1::ERROR_REASON_UNKNOWN_DEVICE,
                   "the device is not certified any more");
}

absl::Status TakeCertificate(const Device& device, Profile* profile) {
  const auto known = Find(profile->devices, device.key);
  if (known != profile->devices.end()) {
    known->issued_unix_ms = std::max(known->issued_unix_ms, device.issued_unix_ms);
    return absl::OkStatus();
  }
  const auto revoked = Find(profile->revoked, device.key);
  const bool again = revoked != profile->revoked.end();
  if (device.issued_unix_ms < profile->refused_before_unix_ms ||
      (again && device.issued_unix_ms <= revoked->issued_unix_ms)) {
    return rpc::FailField(absl::StatusCode::kPermissionDenied, rpc::FieldPath("device_certificate"),
                          common::v1::ERROR_REASON_UNKNOWN_DEVICE,
                          "is no newer than the device's revocation");
  }
  if (profile->devices.size() == kMaxDevices) {
    return rpc::FailField(absl::StatusCode::kFailedPrecondition,
                          rpc::FieldPath("device_certificate"), common::v1::ERROR_REASON_TOO_MANY,
                          "is of a 17th device");
  }
  if (again) profile->revoked.erase(revoked);
  profile->devices.push_back(device);
  return absl::OkStatus();
}

bool RevokeDevice(const crypto::PublicKey& device, Profile* profile) {
  const auto known = Find(profile->devices, device);
  if (known == profile->devices.end()) return false;
  std::vector<Device>& revoked = profile->revoked;
  revoked.push_back(*known);
  profile->devices.erase(known);
  if (revoked.size() > kMaxRevoked) {
    const auto oldest = std::ranges::min_element(revoked, {}, &Device::issued_unix_ms);
    profile->refused_before_unix_ms =
        std::max(profile->refused_before_unix_ms, oldest->issued_unix_ms + 1);
    revoked.erase(oldest);
  }
  return true;
}

}  // namespace letterlock::mail
