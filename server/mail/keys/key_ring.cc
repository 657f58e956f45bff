#include "server/mail/keys/key_ring.h"

#include <cstdint>
#include <utility>

#include "crypto/base/random.h"
#include "server/mail/mailbox/engine_calls.h"
#include "server/mail/mailbox/rows.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

constexpr std::uint32_t kFirstGeneration = 1;
constexpr absl::Duration kStartPatience = absl::Seconds(30);

// The partition of what belongs to no mailbox: 16 zero bytes.
constexpr engine::MailboxTag kStoreTag;

template <typename Tag>
Tag ToVault(const engine::MailboxTag& tag) {
  return *Tag::FromBytes(tag.bytes());
}
template <typename Tag>
engine::MailboxTag ToEngine(const Tag& tag) {
  return *engine::MailboxTag::FromBytes(tag.bytes());
}

vault::EpochKeys KeysOf(const crypto::DeploymentId& deployment, const EpochKey& epoch) {
  return vault::EpochKeys(deployment, epoch.epoch, epoch.key.secret());
}

absl::StatusOr<crypto::SecretBytes<32>> UnwrapIndexKey(const crypto::DeploymentId& deployment,
                                                       const EpochKeyProvider& epochs,
                                                       std::string_view wrapped) {
  auto number = vault::WrappedEpoch(wrapped);
  if (!number.ok()) return number.status();
  const EpochKey* epoch = epochs.Find(*number);
  if (epoch == nullptr) {
    return absl::FailedPreconditionError(
        "the store is sealed under an epoch whose key is not here");
  }
  return KeysOf(deployment, *epoch).UnwrapIndexKey(wrapped);
}

// The index key of the store, made if the store has none.
absl::StatusOr<crypto::SecretBytes<32>> LoadIndexKey(engine::Engine& engine,
                                                     const crypto::DeploymentId& deployment,
                                                     const EpochKeyProvider& epochs) {
  const absl::Time deadline = absl::Now() + kStartPatience;
  const engine::RowKey place{table::kIndexKey, ""};
  while (true) {
    auto rows = ReadRows(engine, kStoreTag, {place}, deadline);
    if (!rows.ok()) return rows.status();
    if (rows->values[0]) return UnwrapIndexKey(deployment, epochs, *rows->values[0]);

    crypto::SystemRandom random;
    auto fresh = crypto::SecretBytes<32>::Random();
    engine::Batch batch;
    batch.puts.push_back({place, KeysOf(deployment, epochs.current()).WrapIndexKey(fresh, random)});
    auto applied = ApplyAndWait(engine, kStoreTag, rows->generation, std::move(batch), deadline);
    if (applied.ok()) return fresh;
    // Somebody else was faster, or nobody knows: read what there is now.
    const bool again = absl::IsAborted(applied.status()) || absl::IsUnavailable(applied.status());
    if (!again || !engine.Writable().ok()) return applied.status();
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<KeyRing>> KeyRing::Open(engine::Engine& engine,
                                                       const crypto::DeploymentId& deployment,
                                                       const EpochKeyProvider& epochs,
                                                       std::size_t max_mailboxes) {
  auto index_key = LoadIndexKey(engine, deployment, epochs);
  if (!index_key.ok()) return index_key.status();
  auto epoch_arena = EpochArena::Create(1);
  if (!epoch_arena.ok()) return epoch_arena.status();
  auto index_arena = IndexArena::Create(1);
  if (!index_arena.ok()) return index_arena.status();
  auto mailbox_arena = MailboxArena::Create(max_mailboxes);
  if (!mailbox_arena.ok()) return mailbox_arena.status();
  return std::unique_ptr<KeyRing>(
      new KeyRing(deployment, epochs, epoch_arena->Hold(KeysOf(deployment, epochs.current())),
                  index_arena->Hold(vault::IndexKeys(*index_key)), *std::move(mailbox_arena)));
}

engine::MailboxTag KeyRing::IndexTagOf(const crypto::MemberId& member) const {
  return ToEngine(index_->TagOf(member));
}

std::string KeyRing::SealIndex(const engine::MailboxTag& index,
                               const engine::MailboxTag& mailbox) const {
  crypto::SystemRandom random;
  return index_->SealRow(ToVault<vault::IndexTag>(index), ToVault<vault::MailboxTag>(mailbox),
                         random);
}

absl::StatusOr<engine::MailboxTag> KeyRing::OpenIndex(const engine::MailboxTag& index,
                                                      std::string_view row) const {
  auto mailbox = index_->OpenRow(ToVault<vault::IndexTag>(index), row);
  if (!mailbox.ok()) return mailbox.status();
  return ToEngine(*mailbox);
}

absl::StatusOr<KeyRing::Keys> KeyRing::Hold(vault::MailboxKeys keys) const {
  Keys held = mailbox_keys_.Hold(std::move(keys));
  if (held == nullptr) {
    return rpc::Exhausted(absl::Milliseconds(200), "too many mailboxes are in use");
  }
  return held;
}

absl::StatusOr<KeyRing::NewMailbox> KeyRing::Generate(const engine::MailboxTag& tag) const {
  crypto::SystemRandom random;
  const auto vault_tag = ToVault<vault::MailboxTag>(tag);
  const vault::MailboxKey key{kFirstGeneration, crypto::SecretBytes<32>::Random(random)};
  auto held = Hold(vault::MailboxKeys(vault_tag, key));
  if (!held.ok()) return held.status();
  return NewMailbox{current_->WrapMailboxKey(vault_tag, key, random), *std::move(held)};
}

absl::StatusOr<vault::MailboxKey> KeyRing::UnwrapKey(const vault::MailboxTag& tag,
                                                     std::string_view wrapped) const {
  auto number = vault::WrappedEpoch(wrapped);
  if (!number.ok()) return number.status();
  if (*number == current_->epoch()) return current_->UnwrapMailboxKey(tag, wrapped);
  const EpochKey* epoch = epochs_.Find(*number);
  if (epoch == nullptr) {
    return absl::DataLossError("a mailbox key is wrapped under an epoch whose key is not here");
  }
  return KeysOf(deployment_, *epoch).UnwrapMailboxKey(tag, wrapped);
}

absl::StatusOr<KeyRing::Keys> KeyRing::Unwrap(const engine::MailboxTag& tag,
                                              std::string_view wrapped) const {
  const auto vault_tag = ToVault<vault::MailboxTag>(tag);
  auto key = UnwrapKey(vault_tag, wrapped);
  if (!key.ok()) return key.status();
  return Hold(vault::MailboxKeys(vault_tag, *key));
}

}  // namespace letterlock::mail
