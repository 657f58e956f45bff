#include "server/mail/devices/device_registry.h"

#include <memory>

#include "crypto/base/ids.h"
#include "letterlock/common/v1/errors.pb.h"
#include "mailbox/keyring_rows.h"
#include "mailbox/lane.h"
#include "mailbox/profile_edit.h"
#include "mailbox/sealing.h"
#include "server/mail/mailbox/certified_devices.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

absl::Status NoSuchDevice() {
  return rpc::FailField(absl::StatusCode::kNotFound, rpc::FieldPath("device_key"),
                        common::v1::ERROR_REASON_NOT_FOUND, "is no device of this member");
}

}  // namespace

absl::StatusOr<std::vector<Device>> DeviceRegistry::List(const MemberGrant& grant,
                                                         absl::Time deadline) {
  auto mailbox = mailboxes_.Open(grant, deadline);
  if (!mailbox.ok()) return mailbox.status();
  Lane& lane = *mailbox->lane_;
  while (true) {
    if (absl::Status loaded = lane.Load(deadline); !loaded.ok()) return loaded;
    absl::MutexLock lock(&lane.mu);
    if (const Lane::View* view = lane.view()) return view->profile.devices;
  }
}

absl::Status DeviceRegistry::Revoke(const MemberGrant& grant, const crypto::PublicKey& device,
                                    absl::Time deadline) {
  auto mailbox = mailboxes_.Open(grant, deadline);
  if (!mailbox.ok()) return mailbox.status();
  const bool own = crypto::KeyIdOf(device) == grant.device();
  bool tried = false;
  const auto revoke = [&](Profile& profile, const vault::MailboxKeys&,
                          engine::Batch&) -> absl::Status {
    // Of two that revoke each other the first one wins, whatever writes failed before. Who revokes
    // itself may be gone by a write of this call that seemed to fail.
    if (!(own && tried) && !profile.HasDevice(grant.device())) return NotCertified();
    const bool revoked = RevokeDevice(device, &profile);
    // Gone already: by a write of this call that seemed to fail, or before it.
    if (!revoked && !tried) return NoSuchDevice();
    tried = true;
    return absl::OkStatus();
  };
  auto written =
      EditProfile(mailbox->lane_, deadline, revoke, [this] { Reached(point::kRevokeQueued); });
  if (!written.ok()) return written.status();
  Reached(point::kRevokeDurable);
  return absl::OkStatus();
}

absl::Status DeviceRegistry::PutKeyring(const MemberGrant& grant, std::string_view sealed,
                                        absl::Time deadline) {
  auto mailbox = mailboxes_.Open(grant, deadline);
  if (!mailbox.ok()) return mailbox.status();
  const crypto::Digest hash = KeyringHash(sealed);
  const auto keep = [&](Profile& profile, const vault::MailboxKeys& keys,
                        engine::Batch& batch) -> absl::Status {
    if (!profile.HasDevice(grant.device())) return NotCertified();
    if (IsKept(profile, hash)) return absl::OkStatus();
    const engine::RowKey place = KeepKeyring(hash, &profile, &batch);
    batch.puts.push_back(SealRow(keys, place, sealed));
    return absl::OkStatus();
  };
  auto written =
      EditProfile(mailbox->lane_, deadline, keep, [this] { Reached(point::kKeyringQueued); });
  if (!written.ok()) return written.status();
  Reached(point::kKeyringDurable);
  return absl::OkStatus();
}

}  // namespace letterlock::mail
