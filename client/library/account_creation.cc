// Making an account, step by step; each step that was done is not done again.
#include <filesystem>
#include <system_error>
#include <utility>

#include "client/failure.h"
#include "client_impl.h"
#include "crypto/seal/keyring.h"
#include "crypto/seal/recovery_kit.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "letterlock/mail/v1/mailbox.pb.h"
#include "own_entry.h"
#include "server/config/files.h"

namespace letterlock::client {
namespace {

absl::Status Taken() { return absl::AlreadyExistsError("the handle is taken"); }

// Whether a handle can still be had, before anything is made for it. It is asked without memory:
// there is no account yet.
absl::Status CheckFree(const Surroundings& surroundings, const std::string& directory,
                       const crypto::Handle& handle) {
  State nothing;
  const DirectoryClient client(DirectoryOptions(surroundings, directory));
  const auto lookup = client.Fetch(handle, &nothing);
  if (!lookup.ok()) return lookup.status();
  if (std::holds_alternative<attest::VerifiedErasure>(*lookup)) {
    return absl::AlreadyExistsError(
        "the directory shows a tombstone for the handle: an erased one is not given again");
  }
  return std::holds_alternative<attest::VerifiedAbsence>(*lookup) ? absl::OkStatus() : Taken();
}

absl::StatusOr<seal::MemberKeys> MakeKeys(const Surroundings& surroundings,
                                          const std::string& directory,
                                          const crypto::Handle& handle, const KeyFiles& key_files) {
  const absl::Status free = CheckFree(surroundings, directory, handle);
  if (!free.ok()) return free;
  const absl::Status made = MakeAccountDirectory(directory);
  if (!made.ok()) return made;
  auto keys =
      seal::MemberKeys::Generate(surroundings.trust.deployment(), handle, *surroundings.random);
  const absl::Status written = key_files.Create(keys, *surroundings.random);
  if (!written.ok()) return written;
  return keys;
}

}  // namespace

absl::Status MakeAccountDirectory(const std::string& directory) {
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::absolute(directory).parent_path();
  std::filesystem::create_directories(parent, error);
  if (error) return absl::UnavailableError("the account's directory can't be made");
  return config::MakePrivateDirectory(directory);
}

absl::StatusOr<std::unique_ptr<Client>> Client::Create(const Config& config,
                                                       const std::string& directory,
                                                       const crypto::Handle& handle,
                                                       const crypto::SecretBuffer& passphrase,
                                                       const Creation& creation) {
  auto surroundings = Connect(config);
  if (!surroundings.ok()) return surroundings.status();
  auto key_files = std::make_unique<const KeyFiles>(directory, passphrase);
  auto keys = key_files->Read();
  if (absl::IsNotFound(keys.status())) {
    keys = MakeKeys(*surroundings, directory, handle, *key_files);
  }
  if (!keys.ok()) return keys.status();
  if (keys->handle != handle) {
    return UsageProblem("the account directory holds the account of another handle");
  }
  auto client =
      ClientImpl::Make(*std::move(surroundings), std::move(key_files), *std::move(keys), directory);
  if (!client.ok()) return client.status();
  const absl::Status complete = (*client)->Complete(creation);
  if (!complete.ok()) return complete;
  return std::unique_ptr<Client>(*std::move(client));
}

absl::StatusOr<std::unique_ptr<ClientImpl>> OpenAccount(const Config& config,
                                                        const std::string& directory,
                                                        const crypto::SecretBuffer& passphrase) {
  auto key_files = std::make_unique<const KeyFiles>(directory, passphrase);
  auto keys = key_files->Read();
  if (absl::IsNotFound(keys.status())) {
    return UsageProblem("there is no account here: run `letterlock account create HANDLE`");
  }
  if (!keys.ok()) return keys.status();
  auto surroundings = Connect(config);
  if (!surroundings.ok()) return surroundings.status();
  return ClientImpl::Make(*std::move(surroundings), std::move(key_files), *std::move(keys),
                          directory);
}

absl::StatusOr<std::unique_ptr<Client>> Client::Open(const Config& config,
                                                     const std::string& directory,
                                                     const crypto::SecretBuffer& passphrase) {
  auto client = OpenAccount(config, directory, passphrase);
  if (!client.ok()) return client.status();
  return std::unique_ptr<Client>(*std::move(client));
}

absl::Status ClientImpl::Complete(const Creation& creation) {
  auto transaction = state_file_.Begin();
  if (!transaction.ok()) return transaction.status();
  State& state = transaction->state();
  const auto step = [&](bool done, auto&& action) -> absl::Status {
    if (done) return absl::OkStatus();
    const absl::Status status = action();
    // Also after a failure: what the log has shown by then is to be remembered, and what the step
    // got done is not to be done again.
    const absl::Status kept = transaction->Commit();
    return status.ok() ? kept : status;
  };
  absl::Status status =
      step(!state.own.signed_entry.empty(), [&] { return WriteEntry(&state, creation); });
  if (status.ok()) status = step(state.own.published, [&] { return Publish(&state); });
  if (status.ok()) status = step(state.own.enrolled, [&] { return Enrol(&state); });
  return status;
}

absl::Status ClientImpl::WriteEntry(State* state, const Creation& creation) {
  // The state may have been lost after the entry was published: then the directory has it.
  directory::v1::EntryProof proof;
  const auto lookup = directory_.Fetch(keys_.handle, state, &proof);
  if (!lookup.ok()) return lookup.status();
  if (const auto* entry = std::get_if<attest::VerifiedEntry>(&*lookup)) {
    if (entry->content().identity_key != keys_.identity.public_key()) return Taken();
    state->own.signed_entry = proof.signed_entry().SerializeAsString();
    return absl::OkStatus();
  }
  directory::v1::RegistrarAttestation attestation;
  if (!parts_.trust.development() && creation.attestation.empty()) {
    creation.ask_registrar(keys_.identity.public_key());
    return UsageProblem("this deployment wants a registrar's word for the handle");
  }
  if (!attestation.ParseFromString(creation.attestation)) {
    return UsageProblem("the registrar's attestation is none");
  }
  const seal::RecoveryKit kit = seal::RecoveryKit::Generate(*parts_.random);
  const crypto::SigningKey recovery_key = kit.RecoveryKey(keys_.deployment);
  keys_.keyring_key = kit.KeyringKey(keys_.deployment).public_key();
  const auto keyring = seal::SealKeyring(keys_, *parts_.random);
  if (!keyring.ok()) return keyring.status();
  directory::v1::SignedEntry entry =
      FirstEntry(keys_, seal::RecoveryKeyDigest(recovery_key.public_key()), *keyring, NowMs());
  if (!creation.attestation.empty()) *entry.mutable_registrar_attestation() = attestation;
  // As the directory and everybody else will judge it: better before the kit is shown than after.
  if (!attest::CheckEntry(entry, parts_.trust.entries()).ok()) {
    return UsageProblem("the registrar's attestation does not vouch for this handle and key");
  }
  const absl::Status shown = creation.show_kit(kit.ToText());
  if (!shown.ok()) return shown;
  // Both before the entry is kept: once it is, the keyring that it names must not be lost, and the
  // device must know what to seal the next one to.
  absl::Status written = key_files_->Replace(keys_, *parts_.random);
  if (written.ok()) written = keyring_file_.Write(*keyring);
  if (!written.ok()) return written;
  state->own.signed_entry = entry.SerializeAsString();
  return absl::OkStatus();
}

absl::Status ClientImpl::Publish(State* state) {
  directory::v1::SignedEntry entry;
  if (!entry.ParseFromString(state->own.signed_entry)) {
    return absl::DataLossError("the own entry in the account's state is malformed");
  }
  const auto lookup = directory_.Publish(keys_.handle, entry, state);
  if (absl::IsAlreadyExists(lookup.status())) return Taken();
  if (!lookup.ok()) return lookup.status();
  state->own.published = true;
  state->own.checked_head = state->log.head_sequence;
  return absl::OkStatus();
}

absl::Status ClientImpl::Enrol(State* state) {
  const absl::Status enrolled = EnrolAs(keys_, state);
  if (!enrolled.ok()) return enrolled;
  // Gone once the server had it: the state of an account can be lost later.
  const auto keyring = keyring_file_.Read();
  if (keyring.ok()) {
    const absl::Status put = PutKeyring(*keyring);
    if (!put.ok()) return put;
  } else if (!absl::IsNotFound(keyring.status())) {
    return keyring.status();
  }
  const absl::Status removed = keyring_file_.Remove();
  if (!removed.ok()) return removed;
  state->own.enrolled = true;
  return absl::OkStatus();
}

}  // namespace letterlock::client
