// A deployment in memory for clients in tests: a directory whose proofs are real (it signs them
// with keys of its own) and a mail server that keeps what it gets. Both do wrong when a test says
// so.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "attest/entry.h"
#include "client/retry.h"
#include "client/transport.h"
#include "client_impl.h"
#include "crypto/seal/envelope_header.h"
#include "fake_deployment.h"
#include "letterlock/common/v1/errors.pb.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "letterlock/mail/v1/device.pb.h"
#include "letterlock/mail/v1/device_service.pb.h"
#include "letterlock/mail/v1/enrollment_service.pb.h"
#include "letterlock/mail/v1/mail_service.pb.h"
#include "letterlock/mail/v1/session_service.pb.h"
#include "server/rpc/status.h"

namespace letterlock::client {

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
    if (deployment_.hides_history) return absl::OkStatus();
    *entries = deployment_.world->History(handle, from);
    return absl::OkStatus();
  }
  absl::Status Publish(const directory::v1::SignedEntry& entry,
                       directory::v1::EntryProof* proof) override {
    ++deployment_.publishes;
    if (deployment_.on_publish) deployment_.on_publish();
    if (!deployment_.directory_error.ok()) return deployment_.directory_error;
    const absl::Status broken = deployment_.Break("Publish", /*after=*/false);
    if (!broken.ok()) return broken;
    const auto checked = attest::CheckEntry(entry, deployment_.world->trust().entries());
    if (!checked.ok()) return checked.status();
    const crypto::Handle& handle = checked->content().handle;
    *proof = deployment_.world->Prove(handle);
    if (proof->has_signed_entry() && proof->signed_entry().entry() == entry.entry()) {
      return deployment_.Break("Publish", /*after=*/true);
    }
    if (proof->has_signed_entry()) {
      const auto standing =
          attest::ParseEntry(proof->signed_entry().entry(), deployment_.world->deployment());
      if (!attest::CheckTransition(*standing, *checked).ok()) return absl::AlreadyExistsError("");
    }
    deployment_.world->Put(entry);
    deployment_.NewHead();
    *proof = deployment_.world->Prove(handle);
    return deployment_.Break("Publish", /*after=*/true);
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
    if (!deployment_.enroll_error.ok()) return deployment_.enroll_error;
    const absl::Status broken = deployment_.Break("Enroll", /*after=*/false);
    if (!broken.ok()) return broken;
    const auto entry =
        attest::CheckEntry(request.proof().signed_entry(), deployment_.world->trust().entries());
    if (!entry.ok()) return absl::PermissionDeniedError("");
    const std::string member(entry->content().member().bytes());
    const auto another_identity = deployment_.mailboxes[member].Enroll(entry->content(), request);
    if (!another_identity.ok()) return another_identity.status();
    mail::v1::DeviceCertificate certificate;
    certificate.ParseFromString(request.device_certificate());
    auto& devices = deployment_.devices[member];
    const bool is_known = std::any_of(devices.begin(), devices.end(), [&](const auto& device) {
      return device.device_key() == certificate.device_key();
    });
    if (!*another_identity && !is_known && devices.size() >= 16) {
      return rpc::Fail(absl::StatusCode::kFailedPrecondition, common::v1::ERROR_REASON_TOO_MANY,
                       "is of a 17th device");
    }
    std::erase_if(devices, [&](const mail::v1::RegisteredDevice& device) {
      return *another_identity || device.device_key() == certificate.device_key();
    });
    mail::v1::RegisteredDevice& device = devices.emplace_back();
    device.set_device_key(certificate.device_key());
    device.set_issued_unix_ms(certificate.issued_unix_ms());
    return deployment_.Break("Enroll", /*after=*/true);
  }
  absl::Status PutKeyring(std::string_view token, const mail::v1::PutKeyringRequest& request,
                          mail::v1::PutKeyringResponse*) override {
    const absl::Status broken = deployment_.Break("PutKeyring", /*after=*/false);
    if (!broken.ok()) return broken;
    if (!deployment_.keyring_error.ok()) return deployment_.keyring_error;
    deployment_.mailboxes[std::string(token)].PutKeyring(request.sealed_keyring());
    return deployment_.Break("PutKeyring", /*after=*/true);
  }
  absl::Status RecoverKeyring(const mail::v1::RecoverKeyringRequest& request,
                              mail::v1::RecoverKeyringResponse* response) override {
    auto keyring = deployment_.mailboxes[request.member()].RecoverKeyring(
        deployment_.world->deployment(), name_, request);
    if (!absl::IsUnauthenticated(keyring.status()) && deployment_.recovered_keyring.has_value()) {
      keyring = *deployment_.recovered_keyring;
    }
    if (keyring.ok()) response->set_sealed_keyring(*keyring);
    return keyring.status();
  }
  absl::Status CreateChallenge(const mail::v1::CreateChallengeRequest&,
                               mail::v1::CreateChallengeResponse* response) override {
    response->set_challenge(std::string(56, 'c'));
    return absl::OkStatus();
  }
  absl::Status CreateSession(const mail::v1::CreateSessionRequest& request,
                             mail::v1::CreateSessionResponse* response) override {
    const auto enrolled = deployment_.devices.find(request.member());
    if (enrolled != deployment_.devices.end() &&
        std::none_of(enrolled->second.begin(), enrolled->second.end(), [&](const auto& device) {
          return device.device_key() == request.device_key();
        })) {
      return rpc::Fail(absl::StatusCode::kUnauthenticated, common::v1::ERROR_REASON_UNKNOWN_DEVICE,
                       "no such device");
    }
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
  // Tokens are positions in the list of changes; two changes a page, so that paging happens. A
  // message is changed again when its sealed bytes are not those of the last page that held it.
  absl::Status Sync(std::string_view token, const mail::v1::SyncRequest& request,
                    mail::v1::SyncResponse* response) override {
    if (!deployment_.mail_error.ok()) return deployment_.mail_error;
    if (deployment_.changes_never_end) {
      response->set_more(true);
      return absl::OkStatus();
    }
    if (deployment_.forgets_tokens && !request.token().empty()) {
      deployment_.forgets_tokens = false;
      return rpc::Fail(absl::StatusCode::kFailedPrecondition, common::v1::ERROR_REASON_RESYNC,
                       "start again");
    }
    const auto& changes = deployment_.ChangesOf(std::string(token));
    std::size_t at = request.token().empty() ? 0 : std::stoul(request.token());
    for (int i = 0; i < 2 && at < changes.size(); ++i) *response->add_changes() = changes[at++];
    response->set_token(std::to_string(at));
    response->set_more(at < changes.size());
    return absl::OkStatus();
  }
  absl::Status BatchGet(std::string_view token, const mail::v1::BatchGetRequest& request,
                        mail::v1::BatchGetResponse* response) override {
    for (const mail::v1::MessageReference& reference : request.references()) {
      ++deployment_.fetches;
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
  absl::Status Update(std::string_view token, const mail::v1::UpdateRequest& request,
                      mail::v1::UpdateResponse* response) override {
    for (const mail::v1::MessageUpdate& update : request.updates()) {
      auto* result = response->add_results();
      for (mail::v1::MailboxMessage& message : deployment_.boxes[std::string(token)]) {
        if (!Is(message, update.reference())) continue;
        if (update.has_read()) message.mutable_state()->set_read(update.read());
        if (update.has_archived()) message.mutable_state()->set_archived(update.archived());
        for (const std::string& label : update.add_labels()) {
          message.mutable_state()->add_labels(label);
        }
        *result->mutable_state() = message.state();
      }
    }
    return absl::OkStatus();
  }
  absl::Status Delete(std::string_view token, const mail::v1::DeleteRequest& request,
                      mail::v1::DeleteResponse* response) override {
    FakeDeployment::Box& box = deployment_.boxes[std::string(token)];
    for (const mail::v1::MessageReference& reference : request.references()) {
      response->add_results()->set_deleted(
          std::erase_if(box, [&](const auto& message) { return Is(message, reference); }) > 0);
    }
    return absl::OkStatus();
  }
  absl::Status Watch(std::string_view, const mail::v1::WatchRequest&, absl::Duration,
                     absl::FunctionRef<bool()> notice) override {
    if (!deployment_.mail_error.ok()) return deployment_.mail_error;
    deployment_.on_watch();
    notice();
    return absl::OkStatus();
  }
  absl::Status Block(std::string_view, const mail::v1::BlockRequest& request,
                     mail::v1::BlockResponse*) override {
    deployment_.blocks.push_back(*crypto::MemberId::FromBytes(request.member()));
    return absl::OkStatus();
  }
  absl::Status Unblock(std::string_view, const mail::v1::UnblockRequest& request,
                       mail::v1::UnblockResponse*) override {
    std::erase(deployment_.blocks, *crypto::MemberId::FromBytes(request.member()));
    return absl::OkStatus();
  }
  absl::Status ListBlocks(std::string_view, const mail::v1::ListBlocksRequest&,
                          mail::v1::ListBlocksResponse* response) override {
    for (const crypto::MemberId& member : deployment_.blocks) {
      response->add_blocks()->set_member(std::string(member.bytes()));
    }
    return absl::OkStatus();
  }
  absl::Status Respond(std::string_view, const mail::v1::RespondRequest& request,
                       mail::v1::RespondResponse*) override {
    if (deployment_.no_requests) {
      return rpc::Fail(absl::StatusCode::kFailedPrecondition,
                       common::v1::ERROR_REASON_NOT_A_REQUEST, "no request");
    }
    deployment_.answers.push_back(request.answer());
    return absl::OkStatus();
  }
  absl::Status GetLimits(std::string_view, const mail::v1::GetLimitsRequest&,
                         mail::v1::GetLimitsResponse* response) override {
    response->mutable_messages()->set_used(7);
    response->mutable_messages()->set_limit(100);
    response->set_report_desk(deployment_.desk.handle);
    return absl::OkStatus();
  }
  absl::Status Report(std::string_view token, const mail::v1::ReportRequest& request,
                      mail::v1::ReportResponse*) override {
    return deployment_.desk.Take(token, request);
  }
  absl::Status ListReports(std::string_view, const mail::v1::ListReportsRequest& request,
                           mail::v1::ListReportsResponse* response) override {
    deployment_.desk.List(request, response);
    return absl::OkStatus();
  }
  absl::Status DeleteReport(std::string_view, const mail::v1::DeleteReportRequest& request,
                            mail::v1::DeleteReportResponse*) override {
    deployment_.desk.Delete(request);
    return absl::OkStatus();
  }
  absl::Status ListDevices(std::string_view token, const mail::v1::ListDevicesRequest&,
                           mail::v1::ListDevicesResponse* response) override {
    for (const mail::v1::RegisteredDevice& device : deployment_.devices[std::string(token)]) {
      *response->add_devices() = device;
    }
    return absl::OkStatus();
  }
  absl::Status RevokeDevice(std::string_view token, const mail::v1::RevokeDeviceRequest& request,
                            mail::v1::RevokeDeviceResponse*) override {
    if (std::exchange(deployment_.session_ended, false)) return absl::UnauthenticatedError("");
    auto& devices = deployment_.devices[std::string(token)];
    const auto gone = std::erase_if(devices, [&](const mail::v1::RegisteredDevice& device) {
      return device.device_key() == request.device_key();
    });
    if (gone == 0) return absl::NotFoundError("no such device");
    if (!std::exchange(deployment_.loses_next_revocations_answer, false)) return absl::OkStatus();
    deployment_.session_ended = true;
    return absl::UnavailableError("lost");
  }
  const std::string& server_name() const override { return name_; }

 private:
  static bool Is(const mail::v1::MailboxMessage& message,
                 const mail::v1::MessageReference& reference) {
    const auto header = seal::EnvelopeHeader::Parse(message.header());
    return header.ok() && header->message_id.bytes() == reference.message_id();
  }
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
