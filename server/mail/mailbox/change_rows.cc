#include "server/mail/mailbox/change_rows.h"

#include <algorithm>
#include <utility>

#include "canonical.h"
#include "crypto/base/bytes.h"
#include "letterlock/mail/v1/rows.pb.h"
#include "server/mail/mailbox/rows.h"

namespace letterlock::mail {
namespace {

absl::Status Damaged() { return absl::DataLossError("a row does not hold what its table holds"); }

}  // namespace

void ApplyFlags(const Flags& flags, v1::MessageState* state) {
  state->set_read(flags.read);
  state->set_archived(flags.archived);
  state->mutable_labels()->Assign(flags.labels.begin(), flags.labels.end());
  if (flags.folder != v1::FOLDER_UNSPECIFIED) state->set_folder(flags.folder);
  if (flags.delivery != v1::DELIVERY_STATE_UNSPECIFIED) state->set_delivery(flags.delivery);
}

std::string EncodeFlags(const Flags& flags) {
  v1::FlagsRow row;
  row.set_read(flags.read);
  row.set_archived(flags.archived);
  row.mutable_labels()->Assign(flags.labels.begin(), flags.labels.end());
  row.set_folder(flags.folder);
  row.set_delivery(flags.delivery);
  row.set_change(flags.change);
  return row.SerializeAsString();
}

absl::StatusOr<Flags> DecodeFlags(std::string_view bytes) {
  v1::FlagsRow row;
  if (!ParseCanonical(bytes, &row) || !v1::Folder_IsValid(row.folder()) ||
      !v1::DeliveryState_IsValid(row.delivery())) {
    return Damaged();
  }
  Flags flags{.read = row.read(),
              .archived = row.archived(),
              .labels = {row.labels().begin(), row.labels().end()},
              .folder = row.folder(),
              .delivery = row.delivery(),
              .change = row.change()};
  if (flags.labels.size() > kMaxLabels) return Damaged();
  return flags;
}

std::string EncodeChanged(std::uint64_t sequence) {
  v1::ChangeRow row;
  row.set_sequence(sequence);
  return row.SerializeAsString();
}

std::string EncodeDestroyed(std::uint64_t sequence, const Destroyed& destroyed) {
  v1::ChangeRow row;
  row.set_sequence(sequence);
  row.mutable_destroyed()->set_sender(std::string(destroyed.name.sender.bytes()));
  row.mutable_destroyed()->set_message_id(std::string(destroyed.name.id.bytes()));
  row.set_destroyed_unix_ms(destroyed.unix_ms);
  return row.SerializeAsString();
}

absl::StatusOr<std::uint64_t> DecodeChanged(std::string_view bytes) {
  v1::ChangeRow row;
  if (!ParseCanonical(bytes, &row) || row.has_destroyed()) return Damaged();
  return row.sequence();
}

absl::StatusOr<Destroyed> DecodeDestroyed(std::string_view bytes) {
  v1::ChangeRow row;
  if (!ParseCanonical(bytes, &row)) return Damaged();
  auto sender = crypto::MemberId::FromBytes(row.destroyed().sender());
  auto id = crypto::MessageId::FromBytes(row.destroyed().message_id());
  if (!sender.ok() || !id.ok()) return Damaged();
  return Destroyed{{*sender, *id}, row.destroyed_unix_ms()};
}

engine::RowKey ChangeKey(ChangeKind kind, std::uint64_t number) {
  return {table::kChanges,
          crypto::ByteWriter().U8(static_cast<std::uint8_t>(kind)).U64(number).Take()};
}

absl::StatusOr<std::uint64_t> ParseChangeKey(ChangeKind kind, std::string_view key) {
  crypto::ByteReader reader(key);
  const std::uint8_t found = reader.U8();
  const std::uint64_t number = reader.U64();
  if (!reader.Finish().ok() || found != static_cast<std::uint8_t>(kind)) return Damaged();
  return number;
}

engine::Range ChangeRange(ChangeKind kind, std::uint64_t from, std::uint64_t through) {
  return {.from = ChangeKey(kind, from).key, .to = ChangeKey(kind, through + 1).key};
}

engine::RowKey ThreadRowKey(const vault::MailboxKeys& keys, std::string_view thread_id,
                            std::uint64_t sequence) {
  return {table::kThreads, keys.ThreadKey(thread_id) + SequenceKey(sequence)};
}

std::string EncodeThread() { return v1::ThreadRow().SerializeAsString(); }

}  // namespace letterlock::mail
