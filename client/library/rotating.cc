// Changing an account's keys, step by step (docs/client.md, "Rotate"). Before the file `rotation`
// is written nothing has happened; from then on every step can be repeated with the same bytes.
#include <string>
#include <utility>

#include "attest/entry.h"
#include "client/failure.h"
#include "client_impl.h"
#include "crypto/seal/keyring.h"
#include "crypto/seal/recovery_kit.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "letterlock/mail/v1/device_service.pb.h"
#include "letterlock/mail/v1/enrollment_service.pb.h"
#include "own_entry.h"

namespace letterlock::client {
namespace {

using attest::EntryContent;
using directory::v1::SignedEntry;

absl::Status Changed() {
  return absl::DataLossError(
      "the account's files of a change of keys were changed, or are of another account");
}

bool AreKeysOf(const seal::MemberKeys& keys, const EntryContent& entry) {
  return keys.member == entry.member() && keys.identity.public_key() == entry.identity_key &&
         keys.encryption.public_key() == entry.encryption_key;
}

bool IsNamedBy(const std::string& sealed_keyring, const EntryContent& entry) {
  if (sealed_keyring.empty()) return !entry.keyring_hash.has_value();
  return entry.keyring_hash == seal::KeyringHash(sealed_keyring);
}

absl::Status CheckKit(const seal::RecoveryKit& kit, const EntryContent& own) {
  const crypto::PublicKey key = kit.RecoveryKey(own.deployment).public_key();
  if (seal::RecoveryKeyDigest(key) == own.recovery_key_digest) return absl::OkStatus();
  return UsageProblem("this is not the account's recovery kit, or another has replaced it since");
}

// The mail server's verdict, which waiting would not change, as opposed to a failure of the moment
// or to something that this device found wrong itself.
bool IsRefusal(const absl::Status& status) {
  const Problem problem = ProblemOf(status);
  if (problem == Problem::kVerification || problem == Problem::kAlarm) return false;
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kResourceExhausted:  // who has a device can use its limits up for ever
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnimplemented:
      return true;
    default:
      return false;
  }
}

absl::StatusOr<SignedEntry> Parse(const OwnEntry& own) {
  SignedEntry entry;
  if (!entry.ParseFromString(own.signed_entry)) return Changed();
  return entry;
}

}  // namespace

absl::StatusOr<bool> ClientImpl::RotateKeys(const RotationOrder& order) {
  auto transaction = state_file_.Begin();
  if (!transaction.ok()) return transaction.status();
  if (!rotation_file_.IsThere()) {
    const absl::Status complete = CheckComplete(transaction->state());
    if (!complete.ok()) return complete;
    const absl::Status prepared = PrepareRotation(&transaction->state(), order);
    // Also after a failure: what the log has shown by then is to be remembered.
    const absl::Status kept = transaction->Commit();
    if (!prepared.ok()) return prepared;
    if (!kept.ok()) return kept;
  }
  return FinishRotation(*transaction);
}

absl::Status ClientImpl::PrepareRotation(State* state, const RotationOrder& order) {
  const auto own = OwnContent(state->own, keys_.deployment);
  if (!own.ok()) return own.status();
  const auto standing = Parse(state->own);
  if (!standing.ok()) return standing.status();
  if (order.kit != nullptr) {
    const absl::Status fits = CheckKit(*order.kit, *own);
    if (!fits.ok()) return fits;
  }
  // A next entry must stand on what the directory holds; what is not this account's is an alarm.
  const absl::Status checked = directory_.CheckOwn(keys_.handle, state, /*always=*/true);
  if (!checked.ok()) return checked;

  const seal::RecoveryKit new_kit = seal::RecoveryKit::Generate(*parts_.random);
  const seal::RecoveryKit* const to_name = order.show_new_kit ? &new_kit : nullptr;
  const auto next = NextKeys(*own, to_name);
  if (!next.ok()) return next.status();
  const auto rotation = MakeRotation(*standing, *own, *next, order.kit, to_name);
  if (!rotation.ok()) return rotation.status();
  if (order.show_new_kit) {
    const absl::Status shown = order.show_new_kit(new_kit.ToText());
    if (!shown.ok()) return shown;
  }
  const absl::Status kept = key_files_->WriteNext(*next, *parts_.random);
  return kept.ok() ? rotation_file_.Write(*rotation) : kept;
}

absl::StatusOr<seal::MemberKeys> ClientImpl::NextKeys(const EntryContent& own,
                                                      const seal::RecoveryKit* new_kit) const {
  auto next = keys_.Rotated(*parts_.random);
  if (!next.ok()) return next;
  if (!AreKeysOf(keys_, own)) {  // they were never in force: no mail needs them
    next->earlier_identities.pop_back();
    next->earlier_encryptions.pop_back();
  }
  if (new_kit != nullptr) next->keyring_key = new_kit->KeyringKey(keys_.deployment).public_key();
  return next;
}

absl::StatusOr<Rotation> ClientImpl::MakeRotation(const SignedEntry& standing,
                                                  const EntryContent& own,
                                                  const seal::MemberKeys& next,
                                                  const seal::RecoveryKit* authority,
                                                  const seal::RecoveryKit* new_kit) const {
  Rotation rotation{.entry = {}, .sealed_keyring = {}, .replaces_kit = new_kit != nullptr};
  if (next.keyring_key.has_value()) {
    auto keyring = seal::SealKeyring(next, *parts_.random);
    if (!keyring.ok()) return keyring.status();
    rotation.sealed_keyring = *std::move(keyring);
  }
  const crypto::Digest recovery_digest =
      new_kit == nullptr
          ? own.recovery_key_digest
          : seal::RecoveryKeyDigest(new_kit->RecoveryKey(keys_.deployment).public_key());
  const crypto::SigningKey key = authority == nullptr
                                     ? crypto::SigningKey::FromSeed(keys_.identity.Seed())
                                     : authority->RecoveryKey(keys_.deployment);
  rotation.entry = NextEntry(standing, next, recovery_digest, rotation.sealed_keyring,
                             {.key = key, .is_recovery_key = authority != nullptr}, NowMs());
  // As everybody else will judge it.
  const auto entry = attest::CheckEntry(rotation.entry, parts_.trust.entries());
  if (!entry.ok()) return entry.status();
  const absl::Status follows = attest::CheckTransition(own, *entry);
  if (!follows.ok()) return follows;
  return rotation;
}

absl::StatusOr<bool> ClientImpl::FinishRotation(StateFile::Transaction& transaction) {
  State& state = transaction.state();
  const auto rotation = rotation_file_.Read();
  if (!rotation.ok()) return rotation.status();
  const auto own = OwnContent(state.own, keys_.deployment);
  if (!own.ok()) return own.status();
  const auto entry = attest::CheckEntry(rotation->entry, parts_.trust.entries());
  if (!entry.ok() || !IsNamedBy(rotation->sealed_keyring, entry->content())) return Changed();
  // Nothing but the file is left where the state has the new entry already.
  if (own->bytes != entry->content().bytes) {
    if (!attest::CheckTransition(*own, *entry).ok()) return Changed();
    const auto next = key_files_->ReadNext();
    if (next.ok()) {
      if (!AreKeysOf(*next, entry->content())) return Changed();
      const absl::Status known = MakeRotationKnown(transaction, *rotation, *next);
      const absl::Status kept = transaction.Commit();
      if (!known.ok()) return known;
      if (!kept.ok()) return kept;
      const absl::Status taken = key_files_->TakeNext();
      if (!taken.ok()) return taken;
    } else if (!absl::IsNotFound(next.status())) {
      return next.status();
    } else {
      const auto taken = key_files_->Read();
      if (!taken.ok()) return taken.status();
      if (!AreKeysOf(*taken, entry->content())) return Changed();
    }
    state.own = {.signed_entry = rotation->entry.SerializeAsString(),
                 .published = true,
                 .enrolled = true,
                 .checked_head = state.log.head_sequence};
    const absl::Status kept = transaction.Commit();
    if (!kept.ok()) return kept;
  }
  const absl::Status removed = rotation_file_.Remove();
  if (!removed.ok()) return removed;
  return rotation->replaces_kit;
}

absl::Status ClientImpl::MakeRotationKnown(StateFile::Transaction& transaction,
                                           const Rotation& rotation, const seal::MemberKeys& next) {
  State& state = transaction.state();
  absl::Status early = PutKeyringEarly(transaction, rotation);
  // Whoever has the account's keys can make the server refuse this for ever: he certifies as many
  // devices as there may be, or revokes this one. All that ends with the new entry, which needs the
  // directory alone.
  if (!early.ok() && !IsRefusal(early)) return early;
  const auto published = directory_.Publish(keys_.handle, rotation.entry, &state);
  if (absl::IsAlreadyExists(published.status()) || absl::IsFailedPrecondition(published.status())) {
    // Somebody else's entry stands in its place: what the directory says, it has to prove.
    const absl::Status own_entry = directory_.CheckOwn(keys_.handle, &state, /*always=*/true);
    if (!own_entry.ok()) return own_entry;
  }
  if (!published.ok()) return published.status();
  const absl::Status enrolled = EnrolAs(next, &state);
  if (!enrolled.ok()) return enrolled;
  // Once more: until the entry named it, any device of hers, a lost one too, could put another in
  // its place.
  const absl::Status put = PutKeyring(rotation.sealed_keyring);
  if (put.ok()) return keyring_file_.Remove();
  // A server that will have no keyring stops no change of keys: it waits for one that takes it.
  return IsRefusal(put) ? keyring_file_.Write(rotation.sealed_keyring) : put;
}

absl::Status ClientImpl::PutKeyringEarly(StateFile::Transaction& transaction,
                                         const Rotation& rotation) {
  State& state = transaction.state();
  const auto own = OwnContent(state.own, keys_.deployment);
  if (!own.ok()) return own.status();
  // Before the entry that names it, so that there is no moment at which the kit opens none. A
  // device that holds no key of the entry in force has no session yet: it can only do so
  // afterwards.
  if (!AreKeysOf(keys_, *own)) return absl::OkStatus();
  if (!state.own.enrolled) {
    const absl::Status enrolled = EnrolAs(keys_, &state);
    if (!enrolled.ok()) return enrolled;
    state.own.enrolled = true;
    const absl::Status kept = transaction.Commit();
    if (!kept.ok()) return kept;
  }
  return PutKeyring(rotation.sealed_keyring);
}

absl::Status ClientImpl::EnrolAs(const seal::MemberKeys& keys, State* state) {
  directory::v1::EntryProof proof;
  const auto lookup = directory_.Fetch(keys.handle, state, &proof);
  if (!lookup.ok()) return lookup.status();
  const auto* entry = std::get_if<attest::VerifiedEntry>(&*lookup);
  if (entry == nullptr) return Alarm("your own directory entry is gone from the directory");
  const auto history = directory_.FetchHistory(entry->checked());
  if (!history.ok()) return history.status();
  mail::v1::EnrollResponse response;
  return mail_.Enroll(Enrolment(keys, proof, *history, NowMs()), &response);
}

absl::Status ClientImpl::PutKeyring(const std::string& sealed_keyring) {
  if (sealed_keyring.empty()) return absl::OkStatus();
  mail::v1::PutKeyringRequest request;
  request.set_sealed_keyring(sealed_keyring);
  return mail_.Do([&](std::string_view token) {
    mail::v1::PutKeyringResponse response;
    return parts_.mail->PutKeyring(token, request, &response);
  });
}

absl::StatusOr<bool> ClientImpl::PutKeptKeyring(const EntryContent& own) {
  const auto kept = keyring_file_.Read();
  if (absl::IsNotFound(kept.status())) return true;
  if (!kept.ok()) return kept.status();
  // One that no entry in force names was overtaken by another device's.
  const absl::Status put = IsNamedBy(*kept, own) ? PutKeyring(*kept) : absl::OkStatus();
  if (!put.ok()) return false;
  const absl::Status removed = keyring_file_.Remove();
  if (!removed.ok()) return removed;
  return true;
}

namespace {

absl::StatusOr<Rotated> Reopened(const Config& config, const std::string& directory,
                                 const crypto::SecretBuffer& passphrase, bool kit_replaced) {
  auto client = Client::Open(config, directory, passphrase);
  if (!client.ok()) return client.status();
  return Rotated{*std::move(client), kit_replaced};
}

}  // namespace

absl::StatusOr<Rotated> Client::Rotate(const Config& config, const std::string& directory,
                                       const crypto::SecretBuffer& passphrase) {
  auto account = OpenAccount(config, directory, passphrase);
  if (!account.ok()) return account.status();
  const auto replaced = (*account)->RotateKeys({});
  if (!replaced.ok()) return replaced.status();
  return Reopened(config, directory, passphrase, *replaced);
}

absl::StatusOr<Rotated> Client::ReplaceKit(
    const Config& config, const std::string& directory, const crypto::SecretBuffer& passphrase,
    const crypto::SecretBuffer& old_kit,
    const std::function<absl::Status(const crypto::SecretBuffer& kit)>& show) {
  const auto kit = seal::RecoveryKit::Parse(old_kit.RevealView(crypto::KeyAccess{}));
  if (!kit.ok()) return AsUsageProblem(kit.status());
  // Twice where another change of keys was interrupted before, and is finished first.
  for (bool replaced = false; !replaced;) {
    auto account = OpenAccount(config, directory, passphrase);
    if (!account.ok()) return account.status();
    const auto rotated = (*account)->RotateKeys({.kit = &*kit, .show_new_kit = show});
    if (!rotated.ok()) return rotated.status();
    replaced = *rotated;
  }
  return Reopened(config, directory, passphrase, /*kit_replaced=*/true);
}

}  // namespace letterlock::client
