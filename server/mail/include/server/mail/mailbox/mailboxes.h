// All mailboxes of the store, each reached with a grant for it alone (grants.h). There is no way to
// list or walk them.
//
// Thread-safe. Methods block on disk; call them from a pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/base/ids.h"
#include "crypto/base/sign.h"
#include "engine/engine.h"
#include "server/mail/fault_points.h"
#include "server/mail/keys/key_ring.h"
#include "server/mail/mailbox/dropbox.h"
#include "server/mail/mailbox/grants.h"
#include "server/mail/mailbox/mailbox.h"

namespace letterlock::mail {

class LaneCache;

struct Enrolled {
  bool created = false;
  std::uint64_t entry_version = 0;
};

class Mailboxes {
 public:
  // `engine` and `ring` are not owned and outlive this. At most about `max_lanes` mailboxes are
  // remembered at a time; the ring must hold somewhat more. `points` may be nullptr.
  static absl::StatusOr<std::unique_ptr<Mailboxes>> Create(engine::Engine& engine,
                                                           const KeyRing& ring,
                                                           std::size_t max_lanes,
                                                           FaultPoints* points = nullptr);
  ~Mailboxes();
  Mailboxes(const Mailboxes&) = delete;
  Mailboxes& operator=(const Mailboxes&) = delete;

  // The member's own mailbox. UNAUTHENTICATED: UNKNOWN_DEVICE (the device is not certified any
  // more), NOT_ENROLLED.
  absl::StatusOr<Mailbox> Open(const MemberGrant& grant, absl::Time deadline);

  // A recipient's. NOT_FOUND: UNKNOWN_RECIPIENT.
  absl::StatusOr<Dropbox> Open(const DeliveryGrant& grant, absl::Time deadline);

  // Of somebody who asked first. NOT_FOUND: UNKNOWN_RECIPIENT.
  absl::StatusOr<Dropbox> Open(const AnswerGrant& grant, absl::Time deadline);

  // The abuse desk's. NOT_FOUND (plain): there is none.
  absl::StatusOr<Dropbox> Open(const ReportGrant& grant, absl::Time deadline);

  // Makes the mailbox or brings it up to date; idempotent. Where the newest entry names a keyring
  // that is kept, the others go. FAILED_PRECONDITION: ENTRY_SUPERSEDED (the mailbox stands on a
  // newer entry), ENTRY_STEPS_MISSING, TOO_MANY (devices). PERMISSION_DENIED: PROOF_INVALID
  // (another entry of the same version), ENTRY_STEP_INVALID (not authorised by the entry that the
  // mailbox stands on), UNKNOWN_DEVICE (it was revoked, and the certificate is not newer).
  absl::StatusOr<Enrolled> Enroll(const EnrollmentGrant& grant, absl::Time deadline);

  // Whether the device is certified for the member, as the store has it. An unknown member costs as
  // many reads and openings as a known one.
  absl::StatusOr<bool> HasDevice(const crypto::MemberId& member, const crypto::PublicKey& device,
                                 absl::Time deadline);

  // The sealed keyring that the member's entry names. PERMISSION_DENIED (plain): the key is not her
  // recovery key, or there is no such member: both cost as many reads and openings. NOT_FOUND
  // (plain): none is kept, or not the one that the entry names.
  absl::StatusOr<std::string> ReadKeyring(const RecoveryGrant& grant, absl::Time deadline);

 private:
  struct Decoy;
  struct Known;
  Mailboxes(engine::Engine& engine, const KeyRing& ring, std::size_t max_lanes,
            std::unique_ptr<Decoy> decoy, FaultPoints* points);

  void Reached(std::string_view where) {
    if (points_ != nullptr) points_->Reached(where);
  }

  // nullptr where the member has no mailbox.
  absl::StatusOr<std::shared_ptr<Lane>> Find(const crypto::MemberId& member, absl::Time deadline);
  // A member's mailbox as the store has it; nullptr where she has none, after as many reads and
  // openings.
  absl::StatusOr<std::unique_ptr<Known>> LookUp(const crypto::MemberId& member,
                                                absl::Time deadline);
  // The tag in the index row of the member; nothing where there is none.
  absl::StatusOr<std::optional<engine::MailboxTag>> ReadIndex(const crypto::MemberId& member,
                                                              absl::Time deadline);
  absl::StatusOr<engine::MailboxTag> ReadOrWriteIndex(const crypto::MemberId& member,
                                                      absl::Time deadline);
  // True if this call made it, false if it was there.
  absl::StatusOr<bool> Make(const engine::MailboxTag& tag, const EnrollmentGrant& grant,
                            absl::Time deadline);
  absl::Status Update(const std::shared_ptr<Lane>& lane, const EnrollmentGrant& grant,
                      absl::Time deadline);

  engine::Engine& engine_;
  const KeyRing& ring_;
  const std::unique_ptr<LaneCache> lanes_;
  FaultPoints* const points_;
  const std::unique_ptr<const Decoy> decoy_;  // what look-ups of unknown members open
};

}  // namespace letterlock::mail
