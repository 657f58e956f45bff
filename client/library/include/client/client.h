// A member's client: everything that `letterlock` does. docs/client.md says step by step what each
// call does, remembers and refuses.
//
//   auto client = Client::Open(config, directory, passphrase);
//   auto receipt = (*client)->Send(draft);
//
// Thread-safe; several processes may use one account. Calls block on the network, those that talk
// to the directory also on the account's lock. Errors: ProblemOf(status) of failure.h.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/archive.h"
#include "client/config.h"
#include "client/message.h"
#include "client/reports.h"
#include "crypto/base/ids.h"
#include "crypto/base/secret_buffer.h"
#include "crypto/base/sign.h"
#include "crypto/base/x25519.h"

namespace letterlock::client {

// What an answer does not rest on; each output says so.
struct Labels {
  bool unwitnessed = false;      // no witness vouches that all see one log
  bool self_registered = false;  // no registrar vouches for handles
};

enum class PinVerdict {
  kFirst,    // pinned just now
  kSame,     // as pinned
  kChanged,  // a new entry, whose change the pinned key (or its recovery key) has signed
};

struct Correspondent {
  crypto::Handle handle;
  crypto::MemberId member;
  std::uint64_t version = 0;
  crypto::PublicKey genesis_key;
  crypto::PublicKey identity_key;
  crypto::X25519PublicKey encryption_key;
  PinVerdict pin = PinVerdict::kFirst;
  bool identity_key_changed = false;  // with kChanged
};

struct LookupAnswer {
  std::optional<Correspondent> correspondent;  // absent: proved that the directory has none
  // Where not 0: the directory's map holds, at the handle's place, a tombstone of this version. Who
  // asked for it is not proved.
  std::uint64_t tombstone_version = 0;
  std::uint64_t head_sequence = 0;
  std::uint64_t head_unix_ms = 0;
  std::uint64_t checkpoint_size = 0;
};

struct EntryKeys {
  std::uint64_t version = 0;
  crypto::PublicKey identity_key;
  crypto::X25519PublicKey encryption_key;
};

// A correspondent of the same member id whose entry changed more than once since it was pinned: the
// steps between can't be checked, so that only a person can say whether the keys are hers.
struct TrustQuestion {
  crypto::Handle handle;
  EntryKeys pinned;
  EntryKeys shown;  // what the directory proves now
  // Canonical DirectoryEntry messages: what Trust compares and pins.
  std::string pinned_entry;
  std::string shown_entry;
};

struct AccountView {
  crypto::Handle handle;
  crypto::MemberId member;
  std::uint64_t version = 0;
  crypto::PublicKey identity_key;
  crypto::X25519PublicKey encryption_key;
  crypto::PublicKey device_key;
  bool published = false;
  bool enrolled = false;
  std::uint64_t checked_head = 0;
  std::uint64_t checkpoint_size = 0;
  std::string checkpoint_root;  // 32 bytes
  std::size_t pins = 0;
  // False: the mail server has not taken the newest keyring, so that the recovery kit opens none
  // that fits. Each Account() offers it again.
  bool keyring_put = true;
};

// A message of the mailbox that is not shown, and why.
struct RefusedMessage {
  crypto::MessageId id;
  absl::Status why;
};

struct Listing {
  std::vector<Message> messages;  // newest first
  std::vector<RefusedMessage> refused;
  bool more = false;                // older ones were left out
  std::uint64_t as_of_unix_ms = 0;  // when the mailbox was last asked
  bool truncated = false;  // the mailbox holds more than the local cache: the oldest are not there
};

// How messages are to be marked; absent: as it is. Labels: `^[a-z0-9][a-z0-9._-]{0,31}$`, at most
// 16 a message; the server reads them.
struct MarkRequest {
  std::optional<bool> read;
  std::optional<bool> archived;
  std::vector<std::string> add_labels;
  std::vector<std::string> remove_labels;
};

struct Marked {
  crypto::MessageId id;
  bool found = false;  // false: the mailbox held no such message any more
};

struct BlockedMember {
  crypto::MemberId member;
  std::optional<crypto::Handle> handle;  // where she is pinned
  std::uint64_t since_unix_ms = 0;
};

// A device of the account, by the mail server's word.
struct Device {
  crypto::PublicKey key;
  std::uint64_t linked_unix_ms = 0;  // when its newest certificate was made, by its own clock
  bool current = false;              // the one that asks
};

struct Allowance {
  std::uint64_t used = 0;
  std::uint64_t limit = 0;
};

// What the mail server allows (letterlock.mail.v1.GetLimitsResponse), by its own word.
struct Limits {
  Allowance messages;
  Allowance bytes;
  std::uint32_t sender_share_per_mille = 0;
  Allowance credits;  // `used` are those that are left
  std::uint64_t next_credit_unix_ms = 0;
  std::uint32_t refund_days = 0;
  Allowance sends_per_day;
  Allowance reports_per_day;
  std::uint32_t max_unanswered = 0;
  std::uint64_t first_contact_wait_ms = 0;
  std::uint64_t max_attachment_bytes = 0;
  std::uint32_t max_attachments = 0;
  std::uint32_t change_retention_days = 0;
  std::string report_desk;  // a handle; empty: there is none
};

// What making an account asks of whoever makes it.
struct Creation {
  // Receives the recovery kit's text once, before anything is published. An error ends the making;
  // nothing is lost then, since nothing was published.
  std::function<absl::Status(const crypto::SecretBuffer& kit)> show_kit;
  // The registrar's word: a serialised letterlock.directory.v1.RegistrarAttestation. Empty where
  // members register themselves, or while it is not there yet.
  std::string attestation;
  // Called where one is needed and missing: what the registrar has to vouch for. Making the account
  // ends with a usage problem then, and goes on when it is called again with the attestation.
  std::function<void(const crypto::PublicKey& genesis_key)> ask_registrar;
};

class Client;

// What an account became.
struct Rotated {
  std::unique_ptr<Client> client;  // with the new keys; any other holds those of before
  // The new keyring is sealed to a new kit: the one that was shown, in this run or in the one that
  // was interrupted.
  bool kit_replaced = false;
};

// Taking an account back with its recovery kit.
struct Recovery {
  crypto::Handle handle;
  const crypto::SecretBuffer& kit;  // its text, as a person wrote it
  // Go on where the mail server has no keyring that fits: the handle comes back, the mail of before
  // stays closed.
  bool without_keyring = false;
};

class Client {
 public:
  // Makes an account in `directory`, or goes on where making it stopped.
  static absl::StatusOr<std::unique_ptr<Client>> Create(const Config& config,
                                                        const std::string& directory,
                                                        const crypto::Handle& handle,
                                                        const crypto::SecretBuffer& passphrase,
                                                        const Creation& creation);

  // NOT_FOUND without an account there; PERMISSION_DENIED for a wrong passphrase or a changed key
  // file.
  static absl::StatusOr<std::unique_ptr<Client>> Open(const Config& config,
                                                      const std::string& directory,
                                                      const crypto::SecretBuffer& passphrase);
  // Makes `directory` a device of the account in a link file: with a device key of its own,
  // enrolled at the mail server. Where the same account is there already, its keys are replaced by
  // the file's; device key, pins and what else it remembers stay. Each step that was done is not
  // done again: repeating goes on.
  //
  // Usage problem: not a link file, not a code, or another account is there. PERMISSION_DENIED: a
  // wrong code or passphrase. Verification failed: the directory's entry has other keys than the
  // file, which was made before they were changed.
  static absl::StatusOr<std::unique_ptr<Client>> Link(const Config& config,
                                                      const std::string& directory,
                                                      const std::string& link_file,
                                                      const crypto::SecretBuffer& code,
                                                      const crypto::SecretBuffer& passphrase);
  // Whether there is an account in `directory`, or the beginning of one.
  static bool HasAccount(const std::string& directory);

  // Gives the account fresh identity and encryption keys, in place of those of now: a lost device's
  // keys open and sign nothing from then on. The keys of before are kept for the mail of before.
  // All other devices are signed out, and their copies of the keys are out of force.
  //
  // Interrupted at any point it goes on when it, or Recover or ReplaceKit, is called again; until
  // then the account does nothing else but offline reading. Alarm where the directory holds another
  // entry than the account published; nothing is changed then.
  static absl::StatusOr<Rotated> Rotate(const Config& config, const std::string& directory,
                                        const crypto::SecretBuffer& passphrase);

  // Makes a new recovery kit in the old one's place, and new keys with it, so that the old kit
  // opens nothing that comes after. `show` receives the new kit once, before anything is published;
  // it is not called where an interrupted replacement is only finished. Usage where the old kit is
  // not the account's.
  static absl::StatusOr<Rotated> ReplaceKit(
      const Config& config, const std::string& directory, const crypto::SecretBuffer& passphrase,
      const crypto::SecretBuffer& old_kit,
      const std::function<absl::Status(const crypto::SecretBuffer& kit)>& show);

  // Makes the account anew in `directory` from the kit, as a new device with new keys. Pins, the
  // remembered log and the local cache are not restored. Verification failed where the mail server
  // gives no keyring, or another than the directory entry names; nothing was changed then.
  static absl::StatusOr<std::unique_ptr<Client>> Recover(const Config& config,
                                                         const std::string& directory,
                                                         const crypto::SecretBuffer& passphrase,
                                                         const Recovery& recovery);

  virtual ~Client() = default;

  virtual Labels labels() const = 0;

  // Checks the own entry, then shows what the account holds.
  virtual absl::StatusOr<AccountView> Account() = 0;
  virtual absl::StatusOr<LookupAnswer> Lookup(const crypto::Handle& handle) = 0;
  // What a person would have to decide on before the handle's present entry can be pinned; nullopt
  // where the entry fits the pin (it is pinned then, as by Lookup). Verification failed where no
  // decision can mend it: another member, an older entry, another entry of the pinned version, a
  // change that the pinned keys did not sign.
  virtual absl::StatusOr<std::optional<TrustQuestion>> AskTrust(const crypto::Handle& handle) = 0;
  // Pins what was shown. A usage problem where the pin is no longer what the question says.
  virtual absl::Status Trust(const TrustQuestion& question) = 0;
  virtual absl::StatusOr<SendReceipt> Send(const Draft& draft) = 0;
  // The three below bring the local cache up to date first, and answer from it.
  //
  // The newest `most` messages of a folder, opened and verified. Of a body only its beginning is
  // there, and only where there is no subject.
  virtual absl::StatusOr<Listing> List(Folder folder, std::size_t most) = 0;
  // The newest `most` messages of all folders that hold all of these words, wherever they stand
  // (search_terms.h). Usage where there is no word.
  virtual absl::StatusOr<Listing> Search(std::string_view words, std::size_t most) = 0;
  // The one message whose id begins with these hex digits. NotFound; usage where several begin so,
  // or it is no hex.
  virtual absl::StatusOr<Message> Read(std::string_view id_prefix) = 0;

  // 1 to 100 messages, each named as for Read, each once. One result for each, in their order.
  virtual absl::StatusOr<std::vector<Marked>> Mark(const std::vector<std::string>& id_prefixes,
                                                   const MarkRequest& request) = 0;
  // Deletes them from the own mailbox and from the local cache.
  virtual absl::StatusOr<std::vector<Marked>> Delete(
      const std::vector<std::string>& id_prefixes) = 0;

  // Calls `tell` with an empty listing once it watches, then with the messages that came to the
  // inbox or as requests, until that says false or `most` has passed. An error where the server is
  // lost for longer than the configured patience.
  virtual absl::Status Watch(absl::Duration most,
                             absl::FunctionRef<bool(const Listing& news)> tell) = 0;

  // Nothing of that member's is taken any more, or is again. A handle that is not pinned is looked
  // up and pinned.
  virtual absl::Status Block(const crypto::Handle& handle) = 0;
  virtual absl::Status Unblock(const crypto::Handle& handle) = 0;
  virtual absl::StatusOr<std::vector<BlockedMember>> Blocks() = 0;
  // Answers a first contact. NotFound where there is none of that member to answer.
  virtual absl::Status Respond(const crypto::Handle& handle, bool accept) = 0;
  virtual absl::StatusOr<Limits> GetLimits() = 0;

  virtual absl::StatusOr<std::vector<Device>> Devices() = 0;
  // Ends the device's sessions; it may be this one. Done, too, where there is no such device. What
  // it can't do: docs/client.md, "Devices".
  virtual absl::Status RevokeDevice(const crypto::PublicKey& key) = 0;
  // Checks the own entry, then writes all keys of the account to a new file, 0600, and shows the
  // code that opens it, once: an error of `show_code` removes the file. A file that is there is not
  // replaced.
  virtual absl::Status WriteLinkFile(
      const std::string& path,
      absl::FunctionRef<absl::Status(const crypto::SecretBuffer& code)> show_code) = 0;

  // Makes a report of a message to the abuse desk that the mail server names, and sends nothing.
  // Usage: one's own message, too long a note, the desk's own account. Verification failed: a
  // message that does not verify, or whose sender is no longer in the directory. UNIMPLEMENTED:
  // there is no desk.
  virtual absl::StatusOr<ReportQuestion> AskReport(const ReportDraft& draft) = 0;
  // Sends it. ALREADY_EXISTS: the message was reported before; RESOURCE_EXHAUSTED: as many as one
  // day allows were, or the desk takes no more. UNAVAILABLE: reporting it again goes on.
  virtual absl::Status Report(const ReportQuestion& question) = 0;

  // As the desk: the oldest `most` reports behind the one of this number, opened and judged by what
  // they hold; no directory is asked. Nothing lies before an account that is no desk.
  virtual absl::StatusOr<ReportPage> Reports(std::uint64_t after, std::size_t most) = 0;
  // One of them; the reporter's handle is looked up. NotFound.
  virtual absl::StatusOr<ReceivedReport> ReadReport(std::uint64_t sequence) = 0;
  // The same, held besides against the log and the directory of now. Errors of single claims are in
  // it, those of the directory and an alarm too.
  virtual absl::StatusOr<ReportCheck> CheckReport(std::uint64_t sequence) = 0;
  // NotFound.
  virtual absl::Status DeleteReport(std::uint64_t sequence) = 0;

  // Fetches one attachment of a message that was read, checks it against what the sender signed and
  // saves it as a new file of `directory`: whole, or not at all. What is there is not replaced.
  virtual absl::StatusOr<SavedFile> Save(const seal::Attachment& attachment,
                                         const std::string& directory,
                                         const Progress& progress) = 0;

  // Brings the messages of a LinkedIn archive (archive.h) along, sealed to the own key alone. The
  // same row again adds nothing, so repeating goes on. Errors of the file; of the server, after
  // which what was imported stays.
  virtual absl::StatusOr<ImportSummary> ImportLinkedIn(const std::string& path,
                                                       const Progress& progress) = 0;

  // From now on List, Search and Read ask no server, and answer from the cache as it is. A usage
  // problem of theirs where nothing is kept.
  virtual void StayOffline() = 0;
  // Whether the last of them found the cache damaged. It is gone then, and made again.
  virtual bool cache_thrown_away() const = 0;
  // Whether Link took a replacement of the recovery kit back that was cut off here: the kit that
  // was shown then never came into force.
  virtual bool shown_kit_dropped() const = 0;

  // An alarm that List or Read met while checking the own entry or looking senders up: what they
  // returned is verified nevertheless. OK otherwise.
  virtual absl::Status alarm() const = 0;

  // Why the last List or Read could not check the own entry, which each of them does first. OK
  // where it was checked, whatever was found: an alarm is alarm()'s.
  virtual absl::Status own_entry_unchecked() const = 0;
};

}  // namespace letterlock::client
