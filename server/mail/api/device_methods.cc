#include "api/device_methods.h"

#include <string>

#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"

namespace letterlock::mail {

using rpc::InvalidField;

absl::Status ListDevices(DeviceRegistry& devices, const MemberGrant& grant, rpc::CallContext& call,
                         v1::ListDevicesResponse* response) {
  auto listed = devices.List(grant, call.deadline());
  if (!listed.ok()) return listed.status();
  for (const Device& device : *listed) {
    v1::RegisteredDevice* added = response->add_devices();
    added->set_device_key(std::string(device.key.bytes()));
    added->set_issued_unix_ms(device.issued_unix_ms);
    added->set_current(device.id == grant.device());
  }
  return absl::OkStatus();
}

absl::Status RevokeDevice(DeviceRegistry& devices, const MemberGrant& grant, rpc::CallContext& call,
                          const v1::RevokeDeviceRequest& request) {
  const auto key = crypto::PublicKey::FromBytes(request.device_key());
  if (!key.ok()) {
    return InvalidField("device_key", common::v1::ERROR_REASON_FIELD_SIZE, "is not 32 bytes");
  }
  return devices.Revoke(grant, *key, call.deadline());
}

absl::Status PutKeyring(DeviceRegistry& devices, const MemberGrant& grant, rpc::CallContext& call,
                        const v1::PutKeyringRequest& request) {
  const std::string& sealed = request.sealed_keyring();
  if (sealed.empty()) {
    return InvalidField("sealed_keyring", common::v1::ERROR_REASON_FIELD_MISSING, "must be set");
  }
  if (sealed.size() > kMaxSealedKeyring) {
    return InvalidField("sealed_keyring", common::v1::ERROR_REASON_TOO_LARGE,
                        "is over 65,536 bytes");
  }
  // What is in it nobody here can tell; this keeps out what was never meant to be one.
  if (!sealed.starts_with(kKeyringMagic) || sealed.size() < kLeastSealedKeyring) {
    return InvalidField("sealed_keyring", common::v1::ERROR_REASON_FIELD_FORMAT,
                        "is no sealed keyring");
  }
  return devices.PutKeyring(grant, sealed, call.deadline());
}

}  // namespace letterlock::mail
