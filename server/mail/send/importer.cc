#include "server/mail/send/importer.h"

#include <optional>
#include <utility>

#include "letterlock/common/v1/errors.pb.h"
#include "mailbox/found_messages.h"
#include "mailbox/lane.h"
#include "mailbox/sealing.h"
#include "server/mail/mailbox/change_rows.h"
#include "server/mail/send/envelope_check.h"
#include "server/rpc/status.h"
#include "sync/write_each.h"

namespace letterlock::mail {
namespace {

rpc::FieldPath InHeader(rpc::Literal name) {
  return rpc::FieldPath("envelope").Then("header").Then(name);
}

absl::Status CheckKeys(const Routing& routing, const Profile& profile) {
  const auto stale = [](rpc::Literal field, common::v1::ErrorReason reason) {
    return rpc::FailField(absl::StatusCode::kFailedPrecondition, InHeader(field), reason,
                          "is not of the member's current key");
  };
  if (routing.sender_identity_key_id != profile.identity_key_id) {
    return stale("sender_identity_key_id", common::v1::ERROR_REASON_SENDER_KEY);
  }
  if (routing.sender_encryption_key_id != profile.encryption_key_id) {
    return stale("sender_encryption_key_id", common::v1::ERROR_REASON_SENDER_KEY);
  }
  if (routing.recipient_encryption_key_id != profile.encryption_key_id) {
    return stale("recipient_encryption_key_id", common::v1::ERROR_REASON_RECIPIENT_KEY);
  }
  return absl::OkStatus();
}

absl::Status CheckRoom(const Quota& quota, const Counters& counters, std::size_t bytes) {
  if (counters.message_count < quota.messages && counters.byte_count + bytes <= quota.bytes) {
    return absl::OkStatus();
  }
  return rpc::Fail(absl::StatusCode::kResourceExhausted, common::v1::ERROR_REASON_MAILBOX_FULL,
                   "the mailbox is full");
}

engine::Batch ImportedRows(Lane::View& view, const std::string& row_key, Delivery delivery,
                           const Routing& routing, const v1::Envelope& envelope) {
  const vault::MailboxKeys& keys = *view.keys;
  delivery.sequence = view.counters.next_sequence++;
  view.counters.message_count += 1;
  view.counters.byte_count += envelope.ciphertext().size();
  v1::MessageState kept;
  kept.set_folder(v1::FOLDER_IMPORTED);
  kept.set_sequence(delivery.sequence);
  kept.set_accepted_unix_ms(delivery.accepted_unix_ms);
  engine::Batch batch;
  batch.puts.push_back(SealRow(keys, {table::kDeliveries, row_key}, EncodeDelivery(delivery)));
  batch.puts.push_back(SealRow(
      keys, {table::kMessages, SequenceKey(delivery.sequence)},
      EncodeMessage(envelope.header(), envelope.recipient_wrap(), envelope.ciphertext(), kept)));
  batch.puts.push_back(SealRow(
      keys, ThreadRowKey(keys, routing.thread_id.bytes(), delivery.sequence), EncodeThread()));
  batch.puts.push_back(SealRow(keys, {table::kCounters, ""}, EncodeCounters(view.counters)));
  return batch;
}

}  // namespace

absl::StatusOr<std::uint64_t> Importer::Import(const MemberGrant& grant,
                                               const v1::Envelope& envelope, absl::Time deadline) {
  auto routing = CheckImportedEnvelope(envelope, options_.deployment);
  if (!routing.ok()) return routing.status();
  if (routing->sender != grant.member()) {
    return rpc::FailField(absl::StatusCode::kPermissionDenied, InHeader("sender"),
                          common::v1::ERROR_REASON_NOT_SENDER, "is not the member of this session");
  }
  auto mailbox = mailboxes_.Open(grant, deadline);
  if (!mailbox.ok()) return mailbox.status();
  const std::shared_ptr<Lane>& lane = mailbox->lane_;
  auto keys = KeysOf(*lane, deadline);
  if (!keys.ok()) return keys.status();
  const std::string row_key = (*keys)->MessageRowKey(routing->sender, routing->message_id);

  Delivery delivery{
      .request_digest = RequestDigest(envelope),
      .accepted_unix_ms = static_cast<std::uint64_t>(absl::ToUnixMillis(clock_.Now())),
      .state = v1::DELIVERY_STATE_DELIVERED};
  absl::Status refused;  // under the lock
  EachWrite each;
  each.check = [&](std::size_t, const FoundMessage& found) -> absl::Status {
    if (!found.known) return absl::OkStatus();
    if (found.delivery.request_digest == delivery.request_digest) {
      delivery.accepted_unix_ms = found.delivery.accepted_unix_ms;
      return absl::OkStatus();
    }
    return rpc::FailField(absl::StatusCode::kAlreadyExists, InHeader("message_id"),
                          common::v1::ERROR_REASON_ID_REUSED, "was used for another message");
  };
  each.write = [&](std::size_t, const FoundMessage& found,
                   Lane::View& view) -> std::optional<engine::Batch> {
    if (found.known) return std::nullopt;
    refused = CheckKeys(*routing, view.profile);
    if (refused.ok()) {
      refused = CheckRoom(options_.quota, view.counters, envelope.ciphertext().size());
    }
    if (!refused.ok()) return std::nullopt;
    return ImportedRows(view, row_key, delivery, *routing, envelope);
  };
  each.queued = [this] { Reached(point::kImportQueued); };
  each.durable = [this] { Reached(point::kImportDurable); };
  absl::Status written = WriteEach(lane, {row_key}, each, deadline);
  if (!written.ok()) return written;
  if (!refused.ok()) return refused;
  return delivery.accepted_unix_ms;
}

}  // namespace letterlock::mail
