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
#include "crypto/seal/member_keys.h"
#include "key_files.h"

namespace letterlock::client {

struct MailboxChanges;

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

class ClientImpl final : public Client {
 public:
  // UsageProblem where the keys are of another deployment than the trust file.
  static absl::StatusOr<std::unique_ptr<ClientImpl>> Make(Surroundings surroundings,
                                                          seal::MemberKeys keys,
                                                          std::string directory);

  // Client::Link, over handed-in parts. `carried` are the link file's keys (linking.h).
  static absl::StatusOr<std::unique_ptr<ClientImpl>> Link(Surroundings surroundings,
                                                          const KeyFiles& key_files,
                                                          seal::MemberKeys carried,
                                                          const std::string& directory);

  // The steps of making an account that are still to do (docs/client.md, "Steps").
  absl::Status Complete(const Creation& creation);

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
  void StayOffline() override;
  bool cache_thrown_away() const override;
  absl::Status alarm() const override;
  absl::Status own_entry_unchecked() const override;

 private:
  struct Known;
  struct Fetched;

  ClientImpl(Surroundings surroundings, seal::MemberKeys keys, std::string directory);

  // account_creation.cc
  absl::Status WriteEntry(State* state, const Creation& creation);
  absl::Status Publish(State* state);
  absl::Status Enrol(State* state);
  // linking.cc: the account's keys become this directory's, where the directory's entry has them.
  absl::Status Settle(const KeyFiles& key_files, bool is_new);

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

  // client_impl.cc: asks under the account's lock, and remembers what the log has shown by then,
  // also after a refusal.
  template <typename Ask>
  auto AskDirectory(Ask ask) -> decltype(ask(std::declval<State*>()));

  // sending.cc: what the draft's files become in the content.
  absl::StatusOr<std::vector<seal::Attachment>> UploadFiles(const Draft& draft);

  absl::Status CheckComplete(const State& state) const;
  absl::Status CheckComplete() const;  // of the state as it is on disk
  std::uint64_t NowMs() const;

  const Surroundings parts_;
  const seal::MemberKeys keys_;
  const StateFile state_file_;
  const MailCache cache_;
  const DirectoryClient directory_;
  // For what a reader should not wait for.
  const DirectoryClient impatient_directory_;
  MailClient mail_;

  mutable absl::Mutex mutex_;
  absl::Status alarm_ ABSL_GUARDED_BY(mutex_);
  absl::Status own_entry_unchecked_ ABSL_GUARDED_BY(mutex_);
  bool offline_ ABSL_GUARDED_BY(mutex_) = false;
  bool cache_thrown_away_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace letterlock::client
