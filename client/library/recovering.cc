// Taking an account back with its recovery kit (docs/client.md, "Recover"): the kit opens the
// keyring, a new device is made of it, and then the keys are rotated under the recovery key, so
// that whoever has the old ones, or planted them, has nothing of what comes after.
#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "attest/directory_proof.h"
#include "client/failure.h"
#include "client_impl.h"
#include "crypto/base/key_access.h"
#include "crypto/seal/device.h"
#include "crypto/seal/keyring.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "letterlock/mail/v1/device_service.pb.h"
#include "letterlock/mail/v1/session_service.pb.h"

namespace letterlock::client {
namespace {

using attest::EntryContent;
using directory::v1::DirectoryEntry;
using directory::v1::SignedEntry;

// The account as the directory proves it, whose recovery key is this kit's.
struct Standing {
  SignedEntry signed_entry;
  EntryContent entry;
};

absl::StatusOr<Standing> FindAccount(const Surroundings& parts, const std::string& directory,
                                     const crypto::Handle& handle, const seal::RecoveryKit& kit) {
  State nothing;  // what an earlier device remembered of the log is lost
  const DirectoryClient client(DirectoryOptions(parts, directory));
  directory::v1::EntryProof proof;
  const auto lookup = client.Fetch(handle, &nothing, &proof);
  if (!lookup.ok()) return lookup.status();
  if (std::holds_alternative<attest::VerifiedErasure>(*lookup)) {
    return NotFound(
        "the directory shows a tombstone for the handle: an erased one is not given again");
  }
  const auto* entry = std::get_if<attest::VerifiedEntry>(&*lookup);
  if (entry == nullptr) return NotFound("the directory holds no entry for the handle");
  const crypto::PublicKey recovery_key = kit.RecoveryKey(entry->content().deployment).public_key();
  if (seal::RecoveryKeyDigest(recovery_key) != entry->content().recovery_key_digest) {
    return UsageProblem(
        "this is not the recovery kit of this handle: it is another account's, or another has "
        "replaced it since");
  }
  return Standing{proof.signed_entry(), entry->content()};
}

// One attempt: a challenge, and the recovery key's answer to it.
absl::Status AskOnce(const Surroundings& parts, const crypto::MemberId& member,
                     const crypto::SigningKey& recovery_key,
                     mail::v1::RecoverKeyringResponse* response) {
  const std::string key(recovery_key.public_key().bytes());
  mail::v1::CreateChallengeRequest ask;
  ask.set_member(std::string(member.bytes()));
  ask.set_device_key(key);
  mail::v1::CreateChallengeResponse challenge;
  const absl::Status challenged = parts.mail->CreateChallenge(ask, &challenge);
  if (!challenged.ok()) return challenged;
  const std::string& server_name = parts.mail->server_name();
  auto signature = seal::SignRecoverySession(parts.trust.deployment(), member, recovery_key,
                                             server_name, challenge.challenge());
  if (!signature.ok()) return signature.status();
  mail::v1::RecoverKeyringRequest request;
  request.set_member(ask.member());
  request.set_recovery_key(key);
  request.set_challenge(challenge.challenge());
  request.set_server_name(server_name);
  request.set_signature(*std::move(signature));
  return parts.mail->RecoverKeyring(request, response);
}

absl::StatusOr<std::string> AskKeyring(const Surroundings& parts, const crypto::MemberId& member,
                                       const crypto::SigningKey& recovery_key) {
  mail::v1::RecoverKeyringResponse response;
  const absl::Status status = Retry(parts.retry, *parts.sleeper, *parts.random, [&]() {
    const absl::Status first = AskOnce(parts, member, recovery_key, &response);
    // The challenge may have run out, or the server restarted, between the two calls.
    return absl::IsUnauthenticated(first) ? AskOnce(parts, member, recovery_key, &response) : first;
  });
  if (absl::IsUnauthenticated(status) || absl::IsNotFound(status)) {
    return VerificationFailed(
        "the mail server gives no keyring for this recovery kit, which the directory's entry "
        "names: "
        "it has lost or withholds it, or never had it");
  }
  if (!status.ok()) return status;
  return response.sealed_keyring();
}

absl::StatusOr<seal::Keyring> OpenFitting(const seal::RecoveryKit& kit, const EntryContent& entry,
                                          const std::string& sealed) {
  if (!entry.keyring_hash.has_value() || seal::KeyringHash(sealed) != *entry.keyring_hash) {
    return VerificationFailed(
        "the mail server gives another keyring than the directory's entry names: an older one, or "
        "none of yours");
  }
  auto keyring = seal::OpenKeyring(kit, entry.deployment, entry.member(), sealed);
  if (!keyring.ok() || keyring->identities.back().public_key() != entry.identity_key ||
      keyring->encryptions.back().public_key() != entry.encryption_key) {
    return VerificationFailed(
        "the keyring that the directory's entry names does not hold the entry's keys: somebody "
        "else put both there");
  }
  return keyring;
}

// As many as may still be rotated.
template <typename Key>
void KeepNewest(std::vector<Key>* keys) {
  while (keys->size() >= seal::kMaxEarlierKeys) keys->erase(keys->begin());
}

// Fresh keys in the member's name, which no entry has yet, beside what can be had of the old ones.
seal::MemberKeys KeysWithoutKeyring(const seal::RecoveryKit& kit, const EntryContent& entry,
                                    const absl::StatusOr<std::string>& sealed,
                                    crypto::RandomSource& random) {
  auto keys = seal::MemberKeys::Generate(entry.deployment, entry.handle, random);
  keys.member = entry.member();
  keys.keyring_key = kit.KeyringKey(entry.deployment).public_key();
  if (!sealed.ok()) return keys;
  auto keyring = seal::OpenKeyring(kit, entry.deployment, entry.member(), *sealed);
  if (!keyring.ok()) return keys;
  // As keys of before they open mail, and verify the own; they sign and receive nothing.
  keys.state_key = std::move(keyring->state_key);  // ids of imported mail come from it
  keys.earlier_identities = std::move(keyring->identities);
  keys.earlier_encryptions = std::move(keyring->encryptions);
  KeepNewest(&keys.earlier_identities);
  KeepNewest(&keys.earlier_encryptions);
  return keys;
}

absl::StatusOr<seal::MemberKeys> RestoreKeys(const Surroundings& parts,
                                             const seal::RecoveryKit& kit,
                                             const EntryContent& entry, bool without_keyring) {
  const auto sealed = AskKeyring(parts, entry.member(), kit.RecoveryKey(entry.deployment));
  absl::StatusOr<seal::Keyring> keyring =
      sealed.ok() ? OpenFitting(kit, entry, *sealed) : sealed.status();
  if (keyring.ok()) {
    return seal::KeysOf(*std::move(keyring), entry.deployment, entry.member(), entry.handle,
                        crypto::SigningKey::Generate(*parts.random), kit);
  }
  const bool lost = ProblemOf(keyring.status()) == Problem::kVerification;
  if (!lost || !without_keyring) return keyring.status();
  return KeysWithoutKeyring(kit, entry, sealed, *parts.random);
}

// As earlier ones, where `to` has them not.
template <typename Key>
void AddMissing(std::vector<Key> earlier, Key newest, const Key& in_use, std::vector<Key>* to) {
  earlier.push_back(std::move(newest));
  const auto has = [&](const Key& key) {
    return key.public_key() == in_use.public_key() ||
           std::ranges::any_of(
               *to, [&](const Key& held) { return held.public_key() == key.public_key(); });
  };
  std::erase_if(earlier, has);
  for (Key& key : *to) earlier.push_back(std::move(key));
  *to = std::move(earlier);
  KeepNewest(to);
}

void AddKeysOf(seal::MemberKeys from, seal::MemberKeys* keys) {
  AddMissing(std::move(from.earlier_identities), std::move(from.identity), keys->identity,
             &keys->earlier_identities);
  AddMissing(std::move(from.earlier_encryptions), std::move(from.encryption), keys->encryption,
             &keys->earlier_encryptions);
}

bool Follows(const SignedEntry& next, const EntryContent& standing) {
  DirectoryEntry entry;
  if (next.entry() == standing.bytes) return true;
  return entry.ParseFromString(next.entry()) &&
         entry.previous_entry_hash() == crypto::ToString(attest::EntryHash(standing.bytes));
}

// Whether `directory` holds what a recovery of this member had begun.
bool HasBegun(const std::string& directory, const crypto::MemberId& member,
              const attest::EntryTrust& trust) {
  const auto rotation = RotationFile(directory).Read();
  if (!rotation.ok()) return false;
  const auto entry = attest::CheckEntry(rotation->entry, trust);
  return entry.ok() && entry->content().member() == member;
}

}  // namespace

// Where an account is there already it is one whose recovery was interrupted, or none of ours.
absl::Status ClientImpl::GoOnRecovering(Surroundings surroundings,
                                        std::unique_ptr<const KeyFiles> key_files,
                                        seal::MemberKeys present, const std::string& directory,
                                        const Recovery& recovery) {
  const RotationFile file(directory);
  if (present.handle != recovery.handle || !file.IsThere()) {
    return absl::AlreadyExistsError("there is an account in this directory already");
  }
  const auto rotation = file.Read();
  if (!rotation.ok()) return rotation.status();
  if (rotation->entry.recovery_key().empty() || rotation->replaces_kit) {
    return absl::AlreadyExistsError(
        "there is an account in this directory already, and a change of its keys was interrupted: "
        "`letterlock account rotate` goes on with it");
  }
  const auto kit = seal::RecoveryKit::Parse(recovery.kit.RevealView(crypto::KeyAccess{}));
  if (!kit.ok()) return AsUsageProblem(kit.status());
  const auto standing = FindAccount(surroundings, directory, recovery.handle, *kit);
  if (!standing.ok()) return standing.status();
  const bool follows = Follows(rotation->entry, standing->entry);
  if (!follows) {
    // Somebody changed the entry meanwhile: what was begun leads nowhere, but holds keys that may
    // be nowhere else.
    auto keys = RestoreKeys(surroundings, *kit, standing->entry, recovery.without_keyring);
    if (!keys.ok()) return keys.status();
    keys->device = crypto::SigningKey::FromSeed(present.device.Seed());
    keys->state_key = present.state_key.Clone(crypto::KeyAccess{});
    AddKeysOf(std::move(present), &*keys);
    auto next = key_files->ReadNext();
    if (next.ok()) AddKeysOf(*std::move(next), &*keys);
    const absl::Status replaced = key_files->Replace(*keys, *surroundings.random);
    if (!replaced.ok()) return replaced;
    present = *std::move(keys);
  }
  auto client = Make(std::move(surroundings), std::move(key_files), std::move(present), directory);
  if (!client.ok()) return client.status();
  return follows ? (*client)->RotateKeys({}).status()
                 : (*client)->RestoreAgain(standing->signed_entry, *kit);
}

absl::Status ClientImpl::RecoverAccount(Surroundings surroundings,
                                        std::unique_ptr<const KeyFiles> key_files,
                                        const std::string& directory, const Recovery& recovery) {
  auto present = key_files->Read();
  if (present.ok()) {
    return GoOnRecovering(std::move(surroundings), std::move(key_files), *std::move(present),
                          directory, recovery);
  }
  if (!absl::IsNotFound(present.status())) return present.status();
  const auto kit = seal::RecoveryKit::Parse(recovery.kit.RevealView(crypto::KeyAccess{}));
  if (!kit.ok()) return AsUsageProblem(kit.status());
  const auto standing = FindAccount(surroundings, directory, recovery.handle, *kit);
  if (!standing.ok()) return standing.status();
  auto keys = RestoreKeys(surroundings, *kit, standing->entry, recovery.without_keyring);
  if (!keys.ok()) return keys.status();

  const absl::Status made = MakeAccountDirectory(directory);
  if (!made.ok()) return made;
  const StateFile state(directory, keys->state_key.Clone(crypto::KeyAccess{}));
  if (absl::IsDataLoss(state.Begin().status()) &&
      HasBegun(directory, keys->member, surroundings.trust.entries())) {
    // Sealed by a run that was cut off before its key file, under a key that went with it.
    const absl::Status removed = RemoveFile(directory + "/state", directory);
    if (!removed.ok()) return removed;
  }
  auto client = Make(std::move(surroundings), std::move(key_files), *std::move(keys), directory);
  if (!client.ok()) return client.status();
  return (*client)->Restore(standing->signed_entry, *kit);
}

absl::Status ClientImpl::Restore(const SignedEntry& standing, const seal::RecoveryKit& kit) {
  auto transaction = state_file_.Begin();
  if (!transaction.ok()) return transaction.status();
  State& state = transaction->state();
  state.own = {.signed_entry = standing.SerializeAsString(), .published = true};
  const absl::Status prepared = PrepareRotation(&state, {.kit = &kit});
  if (!prepared.ok()) return prepared;
  const absl::Status kept = transaction->Commit();
  if (!kept.ok()) return kept;
  // The last of the files: without it there is no account here, and all begins anew.
  const absl::Status created = key_files_->Create(keys_, *parts_.random);
  if (!created.ok()) return created;
  return FinishRotation(*transaction).status();
}

absl::Status ClientImpl::RestoreAgain(const SignedEntry& standing, const seal::RecoveryKit& kit) {
  auto transaction = state_file_.Begin();
  if (!transaction.ok()) return transaction.status();
  State& state = transaction->state();
  state.own = {.signed_entry = standing.SerializeAsString(), .published = true};
  // Before the new rotation is written, which follows this entry.
  absl::Status kept = transaction->Commit();
  if (!kept.ok()) return kept;
  const absl::Status prepared = PrepareRotation(&state, {.kit = &kit});
  kept = transaction->Commit();
  if (!prepared.ok()) return prepared;
  return kept.ok() ? FinishRotation(*transaction).status() : kept;
}

absl::StatusOr<std::unique_ptr<Client>> Client::Recover(const Config& config,
                                                        const std::string& directory,
                                                        const crypto::SecretBuffer& passphrase,
                                                        const Recovery& recovery) {
  auto surroundings = Connect(config);
  if (!surroundings.ok()) return surroundings.status();
  const absl::Status recovered = ClientImpl::RecoverAccount(
      *std::move(surroundings), std::make_unique<const KeyFiles>(directory, passphrase), directory,
      recovery);
  if (!recovered.ok()) return recovered;
  return Open(config, directory, passphrase);
}

}  // namespace letterlock::client
