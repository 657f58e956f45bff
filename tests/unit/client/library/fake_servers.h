// A deployment in memory for clients in tests: a directory whose proofs are real (it signs them
// with keys of its own) and a mail server that keeps what it gets. Both do wrong when a test says
// so.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/retry.h"
#include "client/transport.h"
#include "client_impl.h"
#include "crypto/seal/envelope_header.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "letterlock/mail/v1/enrollment_service.pb.h"
#include "letterlock/mail/v1/mail_service.pb.h"
#include "letterlock/mail/v1/session_service.pb.h"
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
  std::vector<absl::Status> send_errors;  // of the next sends, in this order
  mail::v1::EnrollRequest last_enrolment;
  bool list_never_ends = false;
  int publishes = 0;
  int lookups = 0;
  std::map<std::string, Box> boxes;  // by member id
};

class FakeDirectory final : public DirectoryTransport {
 public:
  explicit FakeDirectory(FakeDeployment* deployment) : deployment_(*deployment) {}

  absl::Status Lookup(const crypto::Handle& handle, directory::v1::EntryProof* proof) override {
    ++deployment_.lookups;
    if (!deployment_.directory_error.ok()) return deployment_.directory_error;
    *proof = deployment_.world->Prove(handle);
    return absl::OkStatus();
  }
  absl::Status History(const crypto::Handle& handle, std::uint64_t from,
                       std::vector<directory::v1::SignedEntry>* entries) override {
    if (!deployment_.directory_error.ok()) return deployment_.directory_error;
    *entries = deployment_.world->History(handle, from);
    return absl::OkStatus();
  }
  absl::Status Publish(const directory::v1::SignedEntry& entry,
                       directory::v1::EntryProof* proof) override {
    ++deployment_.publishes;
    if (!deployment_.directory_error.ok()) return deployment_.directory_error;
    directory::v1::DirectoryEntry parsed;
    parsed.ParseFromString(entry.entry());
    const auto handle = *crypto::Handle::Parse(parsed.handle());
    *proof = deployment_.world->Prove(handle);
    if (proof->has_signed_entry()) {
      const bool same = proof->signed_entry().entry() == entry.entry();
      return same ? absl::OkStatus() : absl::AlreadyExistsError("");
    }
    deployment_.world->Put(entry);
    deployment_.NewHead();
    *proof = deployment_.world->Prove(handle);
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<crypto::Digest>> ConsistencyProof(std::uint64_t old_size,
                                                               std::uint64_t new_size) override {
    return deployment_.world->ProveConsistency(old_size, new_size);
  }

 private:
  FakeDeployment& deployment_;
};

class FakeMail final : public MailTransport {
 public:
  explicit FakeMail(FakeDeployment* deployment) : deployment_(*deployment) {}

  absl::Status Enroll(const mail::v1::EnrollRequest& request, mail::v1::EnrollResponse*) override {
    deployment_.last_enrolment = request;
    return deployment_.enroll_error;
  }
  absl::Status CreateChallenge(const mail::v1::CreateChallengeRequest&,
                               mail::v1::CreateChallengeResponse* response) override {
    response->set_challenge(std::string(56, 'c'));
    return absl::OkStatus();
  }
  absl::Status CreateSession(const mail::v1::CreateSessionRequest& request,
                             mail::v1::CreateSessionResponse* response) override {
    response->set_token(request.member());
    const absl::Time expires = deployment_.clock.Now() + absl::Minutes(15);
    response->set_expires_unix_ms(static_cast<std::uint64_t>(absl::ToUnixMillis(expires)));
    return absl::OkStatus();
  }
  absl::Status Send(std::string_view token, const mail::v1::SendRequest& request,
                    mail::v1::SendResponse* response) override {
    if (!deployment_.send_errors.empty()) {
      const absl::Status error = deployment_.send_errors.front();
      deployment_.send_errors.erase(deployment_.send_errors.begin());
      return error;
    }
    const mail::v1::Envelope& envelope = request.envelope();
    const auto header = seal::EnvelopeHeader::Parse(envelope.header());
    if (!header.ok() || header->sender.bytes() != token) {
      return absl::PermissionDeniedError("");
    }
    Keep(token, mail::v1::FOLDER_SENT, envelope, envelope.sender_wrap());
    Keep(header->recipient.bytes(), mail::v1::FOLDER_INBOX, envelope, envelope.recipient_wrap());
    response->set_state(mail::v1::DELIVERY_STATE_DELIVERED);
    response->set_accepted_unix_ms(1);
    return absl::OkStatus();
  }
  // The newest first; two a page, so that paging happens.
  absl::Status List(std::string_view token, const mail::v1::ListRequest& request,
                    mail::v1::ListResponse* response) override {
    if (deployment_.list_never_ends) {
      response->set_next_page_token("again");
      return absl::OkStatus();
    }
    const FakeDeployment::Box& box = deployment_.boxes[std::string(token)];
    std::size_t at = request.page_token().empty() ? box.size() : std::stoul(request.page_token());
    while (at > 0 && response->messages_size() < 2) {
      const mail::v1::MailboxMessage& message = box[--at];
      if (message.state().folder() != request.folder()) continue;
      response->add_messages()->set_header(message.header());
    }
    if (at > 0) response->set_next_page_token(std::to_string(at));
    return absl::OkStatus();
  }
  absl::Status BatchGet(std::string_view token, const mail::v1::BatchGetRequest& request,
                        mail::v1::BatchGetResponse* response) override {
    for (const mail::v1::MessageReference& reference : request.references()) {
      auto* result = response->add_results();
      for (const mail::v1::MailboxMessage& message : deployment_.boxes[std::string(token)]) {
        const auto header = seal::EnvelopeHeader::Parse(message.header());
        if (header.ok() && header->message_id.bytes() == reference.message_id()) {
          *result->mutable_message() = message;
        }
      }
    }
    return absl::OkStatus();
  }
  const std::string& server_name() const override { return name_; }

 private:
  void Keep(std::string_view member, mail::v1::Folder folder, const mail::v1::Envelope& envelope,
            const std::string& wrap) {
    mail::v1::MailboxMessage message;
    message.set_header(envelope.header());
    message.set_wrap(wrap);
    message.set_ciphertext(envelope.ciphertext());
    message.mutable_state()->set_folder(folder);
    message.mutable_state()->set_delivery(mail::v1::DELIVERY_STATE_DELIVERED);
    deployment_.boxes[std::string(member)].push_back(std::move(message));
  }

  FakeDeployment& deployment_;
  const std::string name_ = "mail.example";
};

// The deployment's clock, as a client owns one.
class SharedClock final : public crypto::Clock {
 public:
  explicit SharedClock(const crypto::Clock* clock) : clock_(*clock) {}
  absl::Time Now() const override { return clock_.Now(); }

 private:
  const crypto::Clock& clock_;
};

inline Surroundings SurroundingsOf(FakeDeployment* deployment) {
  return {.trust = deployment->world->trust(),
          .directory = std::make_unique<FakeDirectory>(deployment),
          .mail = std::make_unique<FakeMail>(deployment),
          .clock = std::make_unique<SharedClock>(&deployment->clock),
          .random = std::make_unique<crypto::SystemRandom>(),
          .sleeper = std::make_unique<NoSleep>(),
          .retry = {}};
}

}  // namespace letterlock::client
