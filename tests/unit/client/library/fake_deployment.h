// What all clients of a test share: what both fake servers hold, and what they are told to do
// wrong.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/retry.h"
#include "crypto/base/ids.h"
#include "crypto/seal/envelope_header.h"
#include "fake_desk.h"
#include "fake_mailbox.h"
#include "letterlock/mail/v1/device_service.pb.h"
#include "letterlock/mail/v1/enrollment_service.pb.h"
#include "letterlock/mail/v1/mail_service.pb.h"
#include "support/attested_directory.h"
#include "support/manual_clock.h"

namespace letterlock::client {

using letterlock::testing::AttestedDirectory;
using letterlock::testing::ManualClock;

class NoSleep final : public Sleeper {
 public:
  void Sleep(absl::Duration) override {}
};

// What all clients of a test share. `world` is replaced to show another history.
struct FakeDeployment {
  using Box = std::vector<mail::v1::MailboxMessage>;

  FakeDeployment() { world->MakeHead(clock.Now()); }

  // A new head, for clients to check their own entries under.
  void NewHead() { world->MakeHead(clock.Now()); }

  ManualClock clock;
  std::unique_ptr<AttestedDirectory> world = std::make_unique<AttestedDirectory>(
      AttestedDirectory::Options{.development = true, .quorum = "none"});
  absl::Status directory_error;
  absl::Status enroll_error;
  absl::Status keyring_error;             // of PutKeyring
  std::vector<absl::Status> send_errors;  // of the next sends, in this order
  mail::v1::EnrollRequest last_enrolment;
  absl::Status mail_error;  // of Sync
  bool changes_never_end = false;
  bool forgets_tokens = false;  // once
  bool hides_history = false;
  std::function<void()> on_publish;  // what happens before a publication
  int publishes = 0;
  int lookups = 0;
  std::vector<crypto::MemberId> blocks;
  std::vector<mail::v1::Answer> answers;
  bool no_requests = false;
  FakeDesk desk;
  std::function<void()> on_watch;    // what happens while somebody watches
  int fetches = 0;                   // messages asked for by BatchGet
  std::map<std::string, Box> boxes;  // by member id
  // As enrolled, by member id; who is in none opens no session, but for members who never enrolled.
  std::map<std::string, std::vector<mail::v1::RegisteredDevice>> devices;
  // The next one is carried out; nobody hears so, and the session ends.
  bool loses_next_revocations_answer = false;
  bool session_ended = false;  // once

  std::map<std::string, FakeMailbox> mailboxes;  // by member id

  // Breaks the next call of this name ("PutKeyring", "Publish", "Enroll"): before the server does
  // it, or after.
  std::string break_call;
  bool break_after = false;
  absl::Status Break(const std::string& call, bool after) {
    if (break_call != call || break_after != after) return absl::OkStatus();
    break_call.clear();
    return absl::CancelledError("broken off");
  }
  // What RecoverKeyring gives instead of the right one.
  std::optional<absl::StatusOr<std::string>> recovered_keyring;

  // Sync knows no token any more.
  void Forget() {
    told_.clear();
    forgets_tokens = true;
  }

  // What Sync tells of a box: brought up to what the box holds now.
  const std::vector<mail::v1::Change>& ChangesOf(const std::string& member) {
    Told& told = told_[member];
    std::map<std::string, std::string> now;
    std::uint64_t sequence = 0;
    std::vector<mail::v1::Change> changed;
    for (const mail::v1::MailboxMessage& message : boxes[member]) {
      mail::v1::Change change;
      change.mutable_message()->set_header(message.header());
      *change.mutable_message()->mutable_state() = message.state();
      change.mutable_message()->mutable_state()->set_sequence(++sequence);
      std::string bytes = change.SerializeAsString();
      now[message.header()] = bytes;
      if (told.last[message.header()] != bytes) changed.push_back(std::move(change));
    }
    for (const auto& [header, bytes] : told.last) {
      const auto gone = seal::EnvelopeHeader::Parse(header);
      if (now.contains(header) || !gone.ok()) continue;
      auto* destroyed = told.changes.emplace_back().mutable_destroyed();
      destroyed->set_sender(std::string(gone->sender.bytes()));
      destroyed->set_message_id(std::string(gone->message_id.bytes()));
    }
    told.changes.insert(told.changes.end(), changed.begin(), changed.end());
    told.last = std::move(now);
    return told.changes;
  }

 private:
  struct Told {
    std::vector<mail::v1::Change> changes;
    std::map<std::string, std::string> last;  // by header
  };
  std::map<std::string, Told> told_;
};

}  // namespace letterlock::client
