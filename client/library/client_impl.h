// Client over handed-in parts. Private to the library and its tests.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "attest/trust.h"
#include "cache/mail_cache.h"
#include "client/attachment_transport.h"
#include "client/client.h"
#include "client/directory_client.h"
#include "client/mail_client.h"
#include "client/retry.h"
#include "client/state.h"
#include "client/transport.h"
#include "crypto/base/clock.h"
#include "crypto/base/random.h"
#include "crypto/seal/keyring.h"
#include "crypto/seal/member_keys.h"
#include "crypto/seal/recovery_kit.h"
#include "key_files.h"
#include "rotation_file.h"

namespace letterlock::mail::v1 {
class MailboxMessage;
class Report;
}  // namespace letterlock::mail::v1

namespace letterlock::client {

struct JudgedDisclosure;
struct MailboxChanges;
struct SenderEvidence;

// What a client stands on, whoever it belongs to.
struct Surroundings {
  attest::TrustFile trust;
  std::unique_ptr<DirectoryTransport> directory;
  std::unique_ptr<MailTransport> mail;
  std::unique_ptr<AttachmentTransport> attachments{};  // nullptr: there are none to send or to save
  std::unique_ptr<crypto::Clock> clock;
  std::unique_ptr<crypto::RandomSource> random;
  std::unique_ptr<Sleeper> sleeper;
  RetryPolicy retry;
};

// Over TLS to the servers of `config`, with the system's clock and randomness.
absl::StatusOr<Surroundings> Connect(const Config& config);

// 0700, with the directories above it.
absl::Status MakeAccountDirectory(const std::string& directory);

DirectoryClient::Options DirectoryOptions(const Surroundings& surroundings,
                                          const std::string& directory);

// How keys are to be rotated.
struct RotationOrder {
  // Its recovery key authorises the change in the identity key's stead.
  const seal::RecoveryKit* kit = nullptr;
  // Where set, a new kit takes that one's place; called once, before anything is published.
  std::function<absl::Status(const crypto::SecretBuffer& kit)> show_new_kit{};
};

class ClientImpl final : public Client {
 public:
  // `keys` are those of the key files. UsageProblem where they are of another deployment than the
  // trust file.
  static absl::StatusOr<std::unique_ptr<ClientImpl>> Make(Surroundings surroundings,
                                                          std::unique_ptr<const KeyFiles> key_files,
                                                          seal::MemberKeys keys,
                                                          std::string directory);

  // Client::Link, over handed-in parts. `carried` are the link file's keys (linking.h).
  static absl::StatusOr<std::unique_ptr<ClientImpl>> Link(Surroundings surroundings,
                                                          std::unique_ptr<const KeyFiles> key_files,
                                                          seal::MemberKeys carried,
                                                          const std::string& directory);

  // The steps of making an account that are still to do (docs/client.md, "Steps").
  absl::Status Complete(const Creation& creation);

  // Rotates keys, or goes on where that was interrupted. True: the kit was replaced with them.
  // Afterwards this client holds the keys of before.
  absl::StatusOr<bool> RotateKeys(const RotationOrder& order);

  // Likewise leaves an account of which a client can be made.
  static absl::Status RecoverAccount(Surroundings surroundings,
                                     std::unique_ptr<const KeyFiles> key_files,
                                     const std::string& directory, const Recovery& recovery);

  Labels labels() const override;
  absl::StatusOr<AccountView> Account() override;
  absl::StatusOr<LookupAnswer> Lookup(const crypto::Handle& handle) override;
  absl::StatusOr<std::optional<TrustQuestion>> AskTrust(const crypto::Handle& handle) override;
  absl::Status Trust(const TrustQuestion& question) override;
  absl::StatusOr<SendReceipt> Send(const Draft& draft) override;
  absl::StatusOr<Listing> List(Folder folder, std::size_t most) override;
  absl::StatusOr<Listing> Search(std::string_view words, std::size_t most) override;
  absl::StatusOr<Message> Read(std::string_view id_prefix) override;
  absl::StatusOr<SavedFile> Save(const seal::Attachment& attachment, const std::string& directory,
                                 const Progress& progress) override;
  absl::StatusOr<ImportSummary> ImportLinkedIn(const std::string& path,
                                               const Progress& progress) override;
  absl::StatusOr<std::vector<Marked>> Mark(const std::vector<std::string>& id_prefixes,
                                           const MarkRequest& request) override;
  absl::StatusOr<std::vector<Marked>> Delete(const std::vector<std::string>& id_prefixes) override;
  absl::Status Watch(absl::Duration most,
                     absl::FunctionRef<bool(const Listing& news)> tell) override;
  absl::Status Block(const crypto::Handle& handle) override;
  absl::Status Unblock(const crypto::Handle& handle) override;
  absl::StatusOr<std::vector<BlockedMember>> Blocks() override;
  absl::Status Respond(const crypto::Handle& handle, bool accept) override;
  absl::StatusOr<Limits> GetLimits() override;
  absl::StatusOr<std::vector<Device>> Devices() override;
  absl::Status RevokeDevice(const crypto::PublicKey& key) override;
  absl::Status WriteLinkFile(
      const std::string& path,
      absl::FunctionRef<absl::Status(const crypto::SecretBuffer& code)> show_code) override;
  absl::StatusOr<ReportQuestion> AskReport(const ReportDraft& draft) override;
  absl::Status Report(const ReportQuestion& question) override;
  absl::StatusOr<ReportPage> Reports(std::uint64_t after, std::size_t most) override;
  absl::StatusOr<ReceivedReport> ReadReport(std::uint64_t sequence) override;
  absl::StatusOr<ReportCheck> CheckReport(std::uint64_t sequence) override;
  absl::Status DeleteReport(std::uint64_t sequence) override;
  void StayOffline() override;
  bool cache_thrown_away() const override;
  bool shown_kit_dropped() const override { return shown_kit_dropped_; }
  absl::Status alarm() const override;
  absl::Status own_entry_unchecked() const override;

 private:
  struct Known;
  struct Fetched;

  ClientImpl(Surroundings surroundings, std::unique_ptr<const KeyFiles> key_files,
             seal::MemberKeys keys, std::string directory);

  // account_creation.cc
  absl::Status WriteEntry(State* state, const Creation& creation);
  absl::Status Publish(State* state);
  absl::Status Enrol(State* state);
  // linking.cc: the account's keys become this directory's, where the directory's entry has them.
  absl::Status Settle(bool is_new);

  // rotating.cc
  absl::Status PrepareRotation(State* state, const RotationOrder& order);
  absl::StatusOr<seal::MemberKeys> NextKeys(const attest::EntryContent& own,
                                            const seal::RecoveryKit* new_kit) const;
  absl::StatusOr<Rotation> MakeRotation(const directory::v1::SignedEntry& standing,
                                        const attest::EntryContent& own,
                                        const seal::MemberKeys& next,
                                        const seal::RecoveryKit* authority,
                                        const seal::RecoveryKit* new_kit) const;
  absl::StatusOr<bool> FinishRotation(StateFile::Transaction& transaction);
  absl::Status MakeRotationKnown(StateFile::Transaction& transaction, const Rotation& rotation,
                                 const seal::MemberKeys& next);
  // Enrols this device first where it is not.
  absl::Status PutKeyringEarly(StateFile::Transaction& transaction, const Rotation& rotation);
  absl::Status EnrolAs(const seal::MemberKeys& keys, State* state);
  absl::Status PutKeyring(const std::string& sealed_keyring);
  // The one that the mail server has not taken yet, if there is one. False: nor does it now.
  absl::StatusOr<bool> PutKeptKeyring(const attest::EntryContent& own);

  // recovering.cc
  static absl::Status GoOnRecovering(Surroundings surroundings,
                                     std::unique_ptr<const KeyFiles> key_files,
                                     seal::MemberKeys present, const std::string& directory,
                                     const Recovery& recovery);
  absl::Status Restore(const directory::v1::SignedEntry& standing, const seal::RecoveryKit& kit);
  // In place of what was begun under another entry than `standing`.
  absl::Status RestoreAgain(const directory::v1::SignedEntry& standing,
                            const seal::RecoveryKit& kit);

  // refreshing.cc
  absl::Status Refresh();
  absl::StatusOr<Known> ReadKnown();
  absl::StatusOr<Fetched> TakeWanted(const Known& known, const MailboxChanges& changes);
  // False where another command brought the cache up to date meanwhile.
  absl::StatusOr<bool> ApplyToCache(const Known& known, const MailboxChanges& changes,
                                    Fetched taken);
  void NoteCache(const MailCache::Transaction& cache);
  void CheckOwnEntry(State* state);

  // marking.cc, watching.cc, contacts.cc
  absl::StatusOr<std::vector<MessageKey>> Resolve(const std::vector<std::string>& id_prefixes);
  absl::StatusOr<Listing> NewSince(std::set<MessageKey>* known, std::string* token);
  absl::StatusOr<crypto::MemberId> MemberOf(const crypto::Handle& handle);

  // reading.cc
  absl::Status RefreshUnlessOffline();
  absl::StatusOr<MailCache::Transaction> OpenCache();
  absl::StatusOr<Listing> ListingOf(const MessageTable& table, const std::vector<MessageKey>& keys,
                                    std::size_t most);
  absl::StatusOr<MessageKey> Find(const MessageTable& table, std::string_view id_prefix) const;
  absl::StatusOr<Message> Open(MailCache::Transaction& cache, const MessageKey& key);
  // As the mailbox has it. REQUIRES: the table holds it.
  absl::StatusOr<mail::v1::MailboxMessage> StoredCopy(MailCache::Transaction& cache,
                                                      const MessageKey& key);

  // Asks under the account's lock, and remembers what the log has shown by then, also after a
  // refusal.
  template <typename Ask>
  auto AskDirectory(Ask ask) -> decltype(ask(std::declval<State*>())) {
    auto transaction = state_file_.Begin();
    if (!transaction.ok()) return transaction.status();
    const absl::Status complete = CheckComplete(transaction->state());
    if (!complete.ok()) return complete;
    auto answer = ask(&transaction->state());
    const absl::Status kept = transaction->Commit();
    if (!answer.ok()) return answer;
    if (!kept.ok()) return kept;
    return answer;
  }

  // reporting.cc
  absl::StatusOr<SenderEvidence> ProveSender(const Message& message, const crypto::KeyId& signer);

  // desk.cc
  absl::StatusOr<JudgedDisclosure> Judge(const mail::v1::Report& report, std::size_t* held) const;
  absl::StatusOr<mail::v1::Report> FetchReport(std::uint64_t sequence);
  ReceivedReport Received(const mail::v1::Report& report, absl::StatusOr<DisclosedReport> disclosed,
                          const State& state) const;
  absl::Status AddPresentClaims(const JudgedDisclosure& judged, const crypto::MemberId& reporter,
                                std::vector<CheckedClaim>* claims);
  // What became of the entry that a report proves, by a look-up of its handle.
  absl::Status SenderToday(const JudgedDisclosure& judged, const attest::VerifiedLookup& lookup,
                           const char** remark) const;

  // sending.cc: what the draft's files become in the content.
  absl::StatusOr<std::vector<seal::Attachment>> UploadFiles(const Draft& draft);

  absl::Status CheckComplete(const State& state) const;
  absl::Status CheckComplete() const;  // of the state as it is on disk
  std::uint64_t NowMs() const;

  const Surroundings parts_;
  const std::unique_ptr<const KeyFiles> key_files_;
  seal::MemberKeys keys_;  // constant once the account is complete
  const RotationFile rotation_file_;
  const KeyringFile keyring_file_;
  const StateFile state_file_;
  const MailCache cache_;
  const DirectoryClient directory_;
  // For what a reader should not wait for.
  const DirectoryClient impatient_directory_;
  MailClient mail_;

  bool shown_kit_dropped_ = false;  // constant once it is linked

  mutable absl::Mutex mutex_;
  absl::Status alarm_ ABSL_GUARDED_BY(mutex_);
  absl::Status own_entry_unchecked_ ABSL_GUARDED_BY(mutex_);
  bool offline_ ABSL_GUARDED_BY(mutex_) = false;
  bool cache_thrown_away_ ABSL_GUARDED_BY(mutex_) = false;
};

// Client::Open, as what it is. Errors as Client::Open's.
absl::StatusOr<std::unique_ptr<ClientImpl>> OpenAccount(const Config& config,
                                                        const std::string& directory,
                                                        const crypto::SecretBuffer& passphrase);

}  // namespace letterlock::client
