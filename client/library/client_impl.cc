#include "client_impl.h"

#include <utility>

#include "attachment_files.h"
#include "client/failure.h"
#include "crypto/seal/device.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "letterlock/mail/v1/mailbox.pb.h"
#include "own_entry.h"
#include "server/config/files.h"

namespace letterlock::client {
namespace {

MailClient::Options MailOptions(const Surroundings& parts, const seal::MemberKeys& keys) {
  return {.transport = parts.mail.get(),
          .sleeper = parts.sleeper.get(),
          .random = parts.random.get(),
          .clock = parts.clock.get(),
          .member = keys.member,
          .device_key = keys.device.public_key(),
          .sign =
              [&keys](std::string_view server_name, std::string_view challenge) {
                return seal::SignSession(keys, server_name, challenge);
              },
          .retry = parts.retry};
}

DirectoryClient::Options Impatient(DirectoryClient::Options options) {
  options.retry.attempts = 2;
  return options;
}

}  // namespace

absl::StatusOr<Surroundings> Connect(const Config& config) {
  const auto text = config::ReadFile(config.trust_file, 2 * attest::WitnessPolicy::kMaxSize);
  if (!text.ok()) return AsUsageProblem(text.status());
  auto trust = attest::TrustFile::Parse(*text);
  if (!trust.ok()) return AsUsageProblem(trust.status());
  auto directory = ConnectDirectory(config.directory);
  if (!directory.ok()) return AsUsageProblem(directory.status());
  auto mail = ConnectMail(config.mail);
  if (!mail.ok()) return AsUsageProblem(mail.status());
  auto attachments = ConnectAttachments(config.mail);
  if (!attachments.ok()) return AsUsageProblem(attachments.status());
  return Surroundings{.trust = *std::move(trust),
                      .directory = *std::move(directory),
                      .mail = *std::move(mail),
                      .attachments = *std::move(attachments),
                      .clock = std::make_unique<crypto::SystemClock>(),
                      .random = std::make_unique<crypto::SystemRandom>(),
                      .sleeper = std::make_unique<SystemSleeper>(),
                      .retry = {.attempts = 1000, .all_waits = config.patience}};
}

DirectoryClient::Options DirectoryOptions(const Surroundings& parts, const std::string& directory) {
  return {.transport = parts.directory.get(),
          .trust = &parts.trust,
          .sleeper = parts.sleeper.get(),
          .random = parts.random.get(),
          .clock = parts.clock.get(),
          .retry = parts.retry,
          .evidence_directory = directory + "/evidence"};
}

absl::StatusOr<std::unique_ptr<ClientImpl>> ClientImpl::Make(
    Surroundings surroundings, std::unique_ptr<const KeyFiles> key_files, seal::MemberKeys keys,
    std::string directory) {
  if (keys.deployment != surroundings.trust.deployment()) {
    return UsageProblem("this account belongs to another deployment than the configuration's");
  }
  return std::unique_ptr<ClientImpl>(new ClientImpl(std::move(surroundings), std::move(key_files),
                                                    std::move(keys), std::move(directory)));
}

ClientImpl::ClientImpl(Surroundings surroundings, std::unique_ptr<const KeyFiles> key_files,
                       seal::MemberKeys keys, std::string directory)
    : parts_(std::move(surroundings)),
      key_files_(std::move(key_files)),
      keys_(std::move(keys)),
      rotation_file_(directory),
      keyring_file_(directory),
      state_file_(directory, keys_.state_key.Clone(crypto::KeyAccess{})),
      cache_(directory + "/cache", keys_.state_key),
      directory_(DirectoryOptions(parts_, directory)),
      impatient_directory_(Impatient(DirectoryOptions(parts_, directory))),
      mail_(MailOptions(parts_, keys_)) {}

Labels ClientImpl::labels() const {
  return {.unwitnessed = parts_.trust.witness_policy().unwitnessed(),
          .self_registered = parts_.trust.development()};
}

absl::Status ClientImpl::CheckComplete(const State& state) const {
  if (rotation_file_.IsThere()) {
    return UsageProblem(
        "this account's keys are being changed, and that was interrupted: run `letterlock account "
        "rotate`, which goes on with it");
  }
  if (!state.own.published || !state.own.enrolled) {
    return UsageProblem(
        "this account is not complete: run `letterlock account create` again with its handle");
  }
  const auto own = OwnContent(state.own, keys_.deployment);
  if (!own.ok()) return own.status();
  if (own->identity_key != keys_.identity.public_key()) {
    return UsageProblem("another command changed this account's keys meanwhile: run it again");
  }
  return absl::OkStatus();
}

absl::Status ClientImpl::CheckComplete() const {
  auto transaction = state_file_.Begin();
  return transaction.ok() ? CheckComplete(transaction->state()) : transaction.status();
}

absl::StatusOr<AccountView> ClientImpl::Account() {
  auto transaction = state_file_.Begin();
  if (!transaction.ok()) return transaction.status();
  State& state = transaction->state();
  const absl::Status complete = CheckComplete(state);
  if (!complete.ok()) return complete;
  const absl::Status own = directory_.CheckOwn(keys_.handle, &state, /*always=*/true);
  const absl::Status kept = transaction->Commit();
  if (!own.ok()) return own;
  if (!kept.ok()) return kept;
  const auto entry = OwnContent(state.own, keys_.deployment);
  if (!entry.ok()) return entry.status();
  const auto keyring_put = PutKeptKeyring(*entry);
  if (!keyring_put.ok()) return keyring_put.status();
  return AccountView{.handle = keys_.handle,
                     .member = keys_.member,
                     .version = entry->version,
                     .identity_key = keys_.identity.public_key(),
                     .encryption_key = keys_.encryption.public_key(),
                     .device_key = keys_.device.public_key(),
                     .published = state.own.published,
                     .enrolled = state.own.enrolled,
                     .checked_head = state.own.checked_head,
                     .checkpoint_size = state.log.size,
                     .checkpoint_root = crypto::ToString(state.log.root),
                     .pins = state.pins.size(),
                     .keyring_put = *keyring_put};
}

absl::StatusOr<LookupAnswer> ClientImpl::Lookup(const crypto::Handle& handle) {
  return AskDirectory([&](State* state) { return directory_.Lookup(handle, keys_.handle, state); });
}

absl::StatusOr<std::optional<TrustQuestion>> ClientImpl::AskTrust(const crypto::Handle& handle) {
  return AskDirectory(
      [&](State* state) { return directory_.AskTrust(handle, keys_.handle, state); });
}

absl::Status ClientImpl::Trust(const TrustQuestion& question) {
  auto transaction = state_file_.Begin();
  if (!transaction.ok()) return transaction.status();
  const absl::Status accepted = Accept(&transaction->state(), keys_.deployment, question);
  return accepted.ok() ? transaction->Commit() : accepted;
}

absl::StatusOr<SavedFile> ClientImpl::Save(const seal::Attachment& attachment,
                                           const std::string& directory, const Progress& progress) {
  if (parts_.attachments == nullptr) return UsageProblem("this client fetches no attachments");
  return DownloadFile({&mail_, parts_.attachments.get(), parts_.random.get()}, attachment,
                      directory, progress);
}

absl::Status ClientImpl::own_entry_unchecked() const {
  absl::MutexLock lock(&mutex_);
  return own_entry_unchecked_;
}

absl::Status ClientImpl::alarm() const {
  absl::MutexLock lock(&mutex_);
  return alarm_;
}

std::uint64_t ClientImpl::NowMs() const {
  return static_cast<std::uint64_t>(absl::ToUnixMillis(parts_.clock->Now()));
}

}  // namespace letterlock::client
