// The account's devices, as the mail server knows them.
#include <string>
#include <utility>
#include <vector>

#include "client/failure.h"
#include "client_impl.h"
#include "letterlock/mail/v1/device_service.pb.h"

namespace letterlock::client {

absl::StatusOr<std::vector<Device>> ClientImpl::Devices() {
  const absl::Status complete = CheckComplete();
  if (!complete.ok()) return complete;
  mail::v1::ListDevicesResponse response;
  const absl::Status status = mail_.ListDevices({}, &response);
  if (!status.ok()) return status;
  std::vector<Device> devices;
  for (const mail::v1::RegisteredDevice& device : response.devices()) {
    const auto key = crypto::PublicKey::FromBytes(device.device_key());
    if (!key.ok()) return VerificationFailed("the mail server lists a device that is none");
    devices.push_back({.key = *key,
                       .linked_unix_ms = device.issued_unix_ms(),
                       .current = *key == keys_.device.public_key()});
  }
  return devices;
}

absl::Status ClientImpl::RevokeDevice(const crypto::PublicKey& key) {
  const absl::Status complete = CheckComplete();
  if (!complete.ok()) return complete;
  mail::v1::RevokeDeviceRequest request;
  request.set_device_key(std::string(key.bytes()));
  mail::v1::RevokeDeviceResponse response;
  const absl::Status status = mail_.RevokeDevice(request, &response);
  // Also what an attempt finds whose forerunner was carried out, its answer lost.
  const bool own = key == keys_.device.public_key();
  const bool done = absl::IsNotFound(status) || (own && ProblemOf(status) == Problem::kRevoked);
  return done ? absl::OkStatus() : status;
}

}  // namespace letterlock::client
