// A mail server's parts without gRPC, on a store that a test chooses, with members of an honest
// directory and a clock that the test moves. Restart() is what a new process finds.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "attest/trust.h"
#include "crypto/base/ids.h"
#include "crypto/base/random.h"
#include "engine/engine.h"
#include "letterlock/mail/v1/enrollment_service.pb.h"
#include "letterlock/mail/v1/envelope.pb.h"
#include "letterlock/mail/v1/session_service.pb.h"
#include "server/mail/attachments/attachments.h"
#include "server/mail/contacts/contacts.h"
#include "server/mail/devices/device_registry.h"
#include "server/mail/enroll/enrollment.h"
#include "server/mail/keys/key_ring.h"
#include "server/mail/mailbox/mailboxes.h"
#include "server/mail/reports/reports.h"
#include "server/mail/send/importer.h"
#include "server/mail/send/sender.h"
#include "server/mail/session/session_tokens.h"
#include "server/mail/session/sessions.h"
#include "server/mail/sync/changes.h"
#include "server/mail/sync/fetches.h"
#include "server/mail/sync/watches.h"
#include "server/rpc/worker_pool.h"
#include "support/attested_directory.h"
#include "support/mail_user.h"
#include "support/manual_clock.h"

namespace letterlock::mail {

// The same key for every epoch file of a test.
class TestEpoch final : public EpochKeyProvider {
 public:
  explicit TestEpoch(char fill = 'e', std::uint32_t epoch = 1);
  const EpochKey& current() const override { return key_; }
  const EpochKey* Find(std::uint32_t epoch) const override {
    return epoch == key_.epoch ? &key_ : nullptr;
  }

 private:
  EpochKey key_;
};

using testing::EditHeader;
using testing::FreshMessageId;
using TestUser = testing::MailUser;

class MailWorld {
 public:
  using OpenEngine = std::function<std::unique_ptr<engine::Engine>()>;

  // Opens the store with `open`, now and at each Restart.
  // Open correspondence and no rates, unless a test wants the rules.
  explicit MailWorld(OpenEngine open, Quota quota = {}, Limits limits = NoRules());
  static Limits NoRules();
  // How long watches last; for those that begin after the next Restart.
  Watches::Options watch_options{};
  ~MailWorld();

  // All parts anew on the same store.
  void Restart();
  // Everything but the store is gone.
  void Stop();

  // A user whose entry the directory holds; not yet enrolled.
  TestUser& AddUser(std::string_view handle);
  absl::StatusOr<Enrolled> Enroll(const v1::EnrollRequest& request);
  // A user with a mailbox.
  TestUser& AddMember(std::string_view handle);

  // With a fresh challenge.
  v1::CreateSessionRequest SessionRequestOf(const TestUser& user);
  // With a fresh challenge, too.
  v1::RecoverKeyringRequest RecoverRequestOf(const TestUser& user);
  // What an open session entitles to; asks nobody whether the user is enrolled.
  MemberGrant GrantOf(const TestUser& user);

  // Waits for the answer.
  absl::StatusOr<SendResult> Send(const TestUser& from, const v1::Envelope& envelope,
                                  absl::Duration patience = absl::Seconds(30),
                                  const std::vector<crypto::Digest>& attached = {});
  std::vector<v1::MessageSummary> ListAll(const TestUser& user,
                                          v1::Folder folder = v1::FOLDER_UNSPECIFIED);
  v1::MailboxMessage GetOne(const TestUser& owner, const crypto::MemberId& sender,
                            const crypto::MessageId& id);
  Mailbox MailboxOf(const TestUser& user);

  static absl::Time Soon() { return absl::Now() + absl::Seconds(30); }

  testing::AttestedDirectory directory;
  testing::ManualClock clock;
  crypto::SystemRandom random;
  const attest::TrustFile trust;
  const TestEpoch epoch;
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<KeyRing> ring;
  std::unique_ptr<Mailboxes> mailboxes;
  std::unique_ptr<SessionTokens> tokens;
  std::unique_ptr<Sessions> sessions;
  std::unique_ptr<EnrollmentVerifier> verifier;
  std::unique_ptr<rpc::WorkerPool> background;
  std::unique_ptr<Attachments> attachments;
  std::unique_ptr<Sender> sender;
  std::unique_ptr<Changes> changes;
  std::unique_ptr<Watches> watches;
  std::unique_ptr<Fetches> fetches;
  std::unique_ptr<Importer> importer;
  std::unique_ptr<Contacts> contacts;
  std::unique_ptr<Reports> reports;
  std::unique_ptr<DeviceRegistry> devices;
  // The abuse desk, from the next Restart on.
  std::optional<crypto::MemberId> desk;
  ReportRules report_rules;

 private:
  void Start();

  const OpenEngine open_;
  const Quota quota_;
  const Limits limits_;
  std::map<std::string, std::unique_ptr<TestUser>, std::less<>> users_;
};

// A world on RocksDB in a directory that goes with it.
MailWorld::OpenEngine RocksDbIn(const std::string& directory);

}  // namespace letterlock::mail
