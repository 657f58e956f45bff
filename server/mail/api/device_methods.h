// The methods of DeviceService that need a session, as mail_methods.h. Private to api.
#pragma once

#include "absl/status/status.h"
#include "letterlock/mail/v1/device_service.pb.h"
#include "server/mail/devices/device_registry.h"
#include "server/rpc/service.h"

namespace letterlock::mail {

absl::Status ListDevices(DeviceRegistry& devices, const MemberGrant& grant, rpc::CallContext& call,
                         v1::ListDevicesResponse* response);
absl::Status RevokeDevice(DeviceRegistry& devices, const MemberGrant& grant, rpc::CallContext& call,
                          const v1::RevokeDeviceRequest& request);
absl::Status PutKeyring(DeviceRegistry& devices, const MemberGrant& grant, rpc::CallContext& call,
                        const v1::PutKeyringRequest& request);

}  // namespace letterlock::mail
