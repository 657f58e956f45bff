// A member's devices, and the sealed keyring that lets another one in (docs/mail-server.md,
// "Devices and keyrings"). Who may read that keyring without a device: session/sessions.h.
//
// Thread-safe. Methods block on disk; call them from a pool.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/base/sign.h"
#include "server/mail/fault_points.h"
#include "server/mail/mailbox/grants.h"
#include "server/mail/mailbox/mailboxes.h"
#include "server/mail/mailbox/rows.h"

namespace letterlock::mail {

// docs/formats.md, "Keyring".
inline constexpr std::string_view kKeyringMagic = "LLKRING1";
inline constexpr std::size_t kMaxSealedKeyring = 65'536;
inline constexpr std::size_t kLeastSealedKeyring = 8 + 32 + 16;  // magic, HPKE's key and tag

class DeviceRegistry {
 public:
  // Neither is owned; both outlive this. `points` may be nullptr.
  explicit DeviceRegistry(Mailboxes& mailboxes, FaultPoints* points = nullptr)
      : mailboxes_(mailboxes), points_(points) {}

  // Of the grant's member, in the order in which they came; at most kMaxDevices.
  absl::StatusOr<std::vector<Device>> List(const MemberGrant& grant, absl::Time deadline);

  // From the answer on no call of the device's sessions opens the mailbox, none is opened, and no
  // certificate that is known by now brings it back; its streams end before their next piece, and
  // what opened the mailbox before may finish. A device may revoke itself. NOT_FOUND: NOT_FOUND.
  // Errors as WriteError gives them; after any but UNAVAILABLE nothing was written: try again.
  absl::Status Revoke(const MemberGrant& grant, const crypto::PublicKey& device,
                      absl::Time deadline);

  // Keeps a sealed keyring beside the one that the member's entry names, and no other: so whoever
  // puts many costs one row. Idempotent. REQUIRES: at most kMaxSealedKeyring bytes. Errors of
  // writing likewise.
  absl::Status PutKeyring(const MemberGrant& grant, std::string_view sealed, absl::Time deadline);

 private:
  void Reached(std::string_view where) const {
    if (points_ != nullptr) points_->Reached(where);
  }

  Mailboxes& mailboxes_;
  FaultPoints* const points_;
};

}  // namespace letterlock::mail
