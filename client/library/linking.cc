// Carrying an account from one device to another (docs/client.md, "Devices").
#include "linking.h"

#include <unistd.h>

#include <string>
#include <utility>
#include <variant>

#include "client/failure.h"
#include "client_impl.h"
#include "crypto/seal/key_file.h"
#include "crypto/seal/link_file.h"
#include "key_files.h"
#include "letterlock/common/v1/errors.pb.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "server/config/files.h"
#include "server/rpc/status.h"

namespace letterlock::client {
namespace {

using crypto::KeyAccess;
using crypto::SecretBuffer;

// Whether the directory's entry is the one of these keys. A link file of before a change of keys
// would make a device that nobody writes to any more.
absl::Status CheckStanding(const attest::VerifiedLookup& lookup, const seal::MemberKeys& keys) {
  const auto* entry = std::get_if<attest::VerifiedEntry>(&lookup);
  if (entry == nullptr) {
    return VerificationFailed("the directory holds no entry for the link file's account");
  }
  const attest::EntryContent& content = entry->content();
  if (entry->member() != keys.member) {
    return VerificationFailed("the directory's entry for the handle is another member's");
  }
  if (content.identity_key != keys.identity.public_key() ||
      content.encryption_key != keys.encryption.public_key()) {
    return VerificationFailed(
        "the account's keys are not the link file's any more: they were changed after it was made. "
        "Make another on the device that changed them; if none of yours did, somebody else did");
  }
  return absl::OkStatus();
}

// Before anything is made for it; asked without memory, there is no account yet.
absl::Status CheckStandingAnew(const Surroundings& surroundings, const std::string& directory,
                               const seal::MemberKeys& keys) {
  State nothing;
  const DirectoryClient client(DirectoryOptions(surroundings, directory));
  const auto lookup = client.Fetch(keys.handle, &nothing);
  return lookup.ok() ? CheckStanding(*lookup, keys) : lookup.status();
}

bool NamesTheSameKit(const directory::v1::SignedEntry& a, const directory::v1::SignedEntry& b) {
  directory::v1::DirectoryEntry one;
  directory::v1::DirectoryEntry other;
  return one.ParseFromString(a.entry()) && other.ParseFromString(b.entry()) &&
         one.recovery_key_digest() == other.recovery_key_digest();
}

}  // namespace

absl::StatusOr<seal::MemberKeys> KeysInLinkFile(std::string_view file, const SecretBuffer& typed,
                                                crypto::RandomSource& random) {
  const auto code = seal::LinkCode::Parse(typed.RevealView(KeyAccess{}));
  if (!code.ok()) return UsageProblem("a link file's code has four groups of five characters");
  auto keys = seal::OpenLinkFile(file, *code, crypto::SigningKey::Generate(random));
  if (absl::IsPermissionDenied(keys.status())) {
    return absl::PermissionDeniedError("wrong code, or the link file was changed");
  }
  if (absl::IsInvalidArgument(keys.status())) return UsageProblem("this is no link file");
  return keys;
}

bool Client::HasAccount(const std::string& directory) {
  return KeyFiles(directory, SecretBuffer()).AreThere();
}

absl::Status ClientImpl::WriteLinkFile(
    const std::string& path, absl::FunctionRef<absl::Status(const SecretBuffer& code)> show_code) {
  // Keys that are not in force any more would be no use, and whoever changed them is to be heard of
  // first.
  const auto account = Account();
  if (!account.ok()) return account.status();
  const seal::LinkCode code = seal::LinkCode::Generate(*parts_.random);
  const auto file = seal::SealLinkFile(keys_, code, *parts_.random);
  if (!file.ok()) return file.status();
  const absl::Status written = config::CreateFileDurably(path, *file, config::FileMode::kSecret);
  if (absl::IsAlreadyExists(written)) {
    return UsageProblem("the link file is there already, and is never replaced: name another");
  }
  // Of the folder that was named for it; elsewhere "not found" means handles and messages.
  if (absl::IsNotFound(written)) return AsUsageProblem(written);
  if (!written.ok()) return written;
  absl::Status shown = show_code(code.ToText());
  // Without its code it is of no use to her.
  if (!shown.ok()) unlink(path.c_str());
  return shown;
}

absl::StatusOr<std::unique_ptr<Client>> Client::Link(const Config& config,
                                                     const std::string& directory,
                                                     const std::string& link_file,
                                                     const SecretBuffer& code,
                                                     const SecretBuffer& passphrase) {
  const auto file = config::ReadFile(link_file, seal::kMaxKeyFileSize);
  if (absl::IsNotFound(file.status())) return UsageProblem("the link file is not there");
  if (absl::IsResourceExhausted(file.status()) || absl::IsFailedPrecondition(file.status())) {
    return UsageProblem("this is no link file");
  }
  if (!file.ok()) return file.status();
  auto surroundings = Connect(config);
  if (!surroundings.ok()) return surroundings.status();
  auto keys = KeysInLinkFile(*file, code, *surroundings->random);
  if (!keys.ok()) return keys.status();
  auto client = ClientImpl::Link(*std::move(surroundings),
                                 std::make_unique<const KeyFiles>(directory, passphrase),
                                 *std::move(keys), directory);
  if (!client.ok()) return client.status();
  return std::unique_ptr<Client>(*std::move(client));
}

absl::StatusOr<std::unique_ptr<ClientImpl>> ClientImpl::Link(
    Surroundings surroundings, std::unique_ptr<const KeyFiles> key_files, seal::MemberKeys carried,
    const std::string& directory) {
  auto old = key_files->Read();
  const bool is_new = absl::IsNotFound(old.status());
  if (!is_new && !old.ok()) return old.status();
  if (!is_new) {
    if (old->member != carried.member || old->deployment != carried.deployment) {
      return UsageProblem("the account directory holds another account than the link file");
    }
    carried.device = std::move(old->device);
    // A recovery without a keyring made another, which would not open what this directory holds.
    carried.state_key = std::move(old->state_key);
  } else if (carried.deployment == surroundings.trust.deployment()) {
    absl::Status standing = CheckStandingAnew(surroundings, directory, carried);
    if (standing.ok()) standing = MakeAccountDirectory(directory);
    if (!standing.ok()) return standing;
  }
  auto client = Make(std::move(surroundings), std::move(key_files), std::move(carried), directory);
  if (!client.ok()) return client;
  const absl::Status settled = (*client)->Settle(is_new);
  if (!settled.ok()) return settled;
  return client;
}

absl::Status ClientImpl::Settle(bool is_new) {
  auto transaction = state_file_.Begin();
  if (!transaction.ok()) return transaction.status();
  State& state = transaction->state();
  directory::v1::EntryProof proof;
  const auto lookup = directory_.Fetch(keys_.handle, &state, &proof);
  absl::Status status = lookup.ok() ? CheckStanding(*lookup, keys_) : lookup.status();
  if (status.ok()) {
    status = is_new ? key_files_->Create(keys_, *parts_.random)
                    : key_files_->Replace(keys_, *parts_.random);
  }
  // A change of keys that this device had begun follows an entry that another device has replaced.
  if (status.ok()) {
    const auto begun = rotation_file_.Read();
    shown_kit_dropped_ =
        begun.ok() && begun->replaces_kit && !NamesTheSameKit(begun->entry, proof.signed_entry());
    status = rotation_file_.Remove();
  }
  if (status.ok()) status = key_files_->RemoveNext();
  if (status.ok()) {
    state.own = {.signed_entry = proof.signed_entry().SerializeAsString(),
                 .published = true,
                 .enrolled = false,
                 .checked_head = state.log.head_sequence};
  }
  // Also after a failure: what the log has shown by then is to be remembered.
  absl::Status kept = transaction->Commit();
  if (!status.ok()) return status;
  if (!kept.ok()) return kept;

  status = Enrol(&state);
  kept = transaction->Commit();
  if (rpc::ReasonOf(status) == common::v1::ERROR_REASON_TOO_MANY) {
    return absl::FailedPreconditionError(
        "the account has 16 devices already: revoke one of them, then run this again");
  }
  return status.ok() ? kept : status;
}

}  // namespace letterlock::client
