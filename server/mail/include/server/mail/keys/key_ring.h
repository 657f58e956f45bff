// The keys of the store while it is served: the index key, wrapped in the store itself, and the
// keys of the mailboxes in use, in a bounded arena of locked memory.
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/base/ids.h"
#include "crypto/vault/epoch_keys.h"
#include "crypto/vault/index_keys.h"
#include "crypto/vault/mailbox_keys.h"
#include "engine/engine.h"
#include "engine/mailbox_tag.h"
#include "server/mail/keys/epoch_key_provider.h"
#include "server/mail/keys/locked_arena.h"

namespace letterlock::mail {

class KeyRing {
 public:
  // Reads the store's index key, or makes it where the store is new. `epochs` is not owned and
  // outlives the ring. Blocks on disk. FAILED_PRECONDITION: the store's epoch key is not among
  // `epochs`. DATA_LOSS: it does not open the index key (the key of another store).
  static absl::StatusOr<std::unique_ptr<KeyRing>> Open(engine::Engine& engine,
                                                       const crypto::DeploymentId& deployment,
                                                       const EpochKeyProvider& epochs,
                                                       std::size_t max_mailboxes);

  // Where a member's index row is, and what it holds.
  engine::MailboxTag IndexTagOf(const crypto::MemberId& member) const;
  std::string SealIndex(const engine::MailboxTag& index, const engine::MailboxTag& mailbox) const;
  // DATA_LOSS where the row was not sealed for this place.
  absl::StatusOr<engine::MailboxTag> OpenIndex(const engine::MailboxTag& index,
                                               std::string_view row) const;

  // Wiped with the last copy.
  using Keys = std::shared_ptr<const vault::MailboxKeys>;
  struct NewMailbox {
    std::string wrapped;  // row of table 0x01
    Keys keys;
  };
  // A new random mailbox key, wrapped under the current epoch's. RESOURCE_EXHAUSTED (as in
  // server/rpc/status.h) when the arena is full.
  absl::StatusOr<NewMailbox> Generate(const engine::MailboxTag& tag) const;

  // RESOURCE_EXHAUSTED likewise. DATA_LOSS where it does not open for this mailbox, or under no
  // epoch that is here.
  absl::StatusOr<Keys> Unwrap(const engine::MailboxTag& tag, std::string_view wrapped) const;

  // Whether the system locked the arena into RAM.
  bool locked() const { return mailbox_keys_.locked(); }
  std::size_t keys_held() const { return mailbox_keys_.taken(); }

 private:
  using EpochArena = LockedArena<vault::EpochKeys>;
  using IndexArena = LockedArena<vault::IndexKeys>;
  using MailboxArena = LockedArena<vault::MailboxKeys>;

  KeyRing(const crypto::DeploymentId& deployment, const EpochKeyProvider& epochs,
          std::shared_ptr<const vault::EpochKeys> current,
          std::shared_ptr<const vault::IndexKeys> index, MailboxArena mailbox_keys)
      : deployment_(deployment),
        epochs_(epochs),
        current_(std::move(current)),
        index_(std::move(index)),
        mailbox_keys_(std::move(mailbox_keys)) {}

  absl::StatusOr<Keys> Hold(vault::MailboxKeys keys) const;
  absl::StatusOr<vault::MailboxKey> UnwrapKey(const vault::MailboxTag& tag,
                                              std::string_view wrapped) const;

  const crypto::DeploymentId deployment_;
  const EpochKeyProvider& epochs_;
  const std::shared_ptr<const vault::EpochKeys> current_;
  const std::shared_ptr<const vault::IndexKeys> index_;
  const MailboxArena mailbox_keys_;
};

}  // namespace letterlock::mail
