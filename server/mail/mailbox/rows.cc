#include "server/mail/mailbox/rows.h"

#include <algorithm>
#include <utility>

#include "canonical.h"
#include "crypto/base/bytes.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "letterlock/mail/v1/rows.pb.h"
#include "mailbox/contact_rows.h"

namespace letterlock::mail {
namespace {

absl::Status Damaged() { return absl::DataLossError("a row does not hold what its table holds"); }

bool IsKnown(v1::DeliveryState state) { return v1::DeliveryState_IsValid(state); }

void SetDevice(const Device& device, v1::DeviceRow* row) {
  row->set_device_key(std::string(device.key.bytes()));
  row->set_issued_unix_ms(device.issued_unix_ms);
}

absl::StatusOr<std::vector<Device>> ReadDevices(
    const google::protobuf::RepeatedPtrField<v1::DeviceRow>& rows, std::size_t most) {
  if (static_cast<std::size_t>(rows.size()) > most) return Damaged();
  std::vector<Device> devices;
  for (const v1::DeviceRow& row : rows) {
    auto key = crypto::PublicKey::FromBytes(row.device_key());
    if (!key.ok()) return Damaged();
    devices.push_back({*key, crypto::KeyIdOf(*key), row.issued_unix_ms()});
  }
  return devices;
}

absl::StatusOr<std::vector<KeptKeyring>> ReadKeyrings(
    const google::protobuf::RepeatedPtrField<v1::KeyringPlace>& places) {
  std::vector<KeptKeyring> keyrings;
  for (const v1::KeyringPlace& place : places) {
    auto hash = crypto::DigestFromBytes(place.keyring_hash());
    const bool taken = std::ranges::any_of(
        keyrings, [&](const KeptKeyring& other) { return other.slot == place.slot(); });
    if (!hash.ok() || place.slot() >= kMaxKeyrings || taken) return Damaged();
    keyrings.push_back({*hash, static_cast<std::uint8_t>(place.slot())});
  }
  return keyrings;
}

}  // namespace

bool Profile::HasDevice(const crypto::KeyId& id) const {
  return std::any_of(devices.begin(), devices.end(),
                     [&](const Device& device) { return device.id == id; });
}

absl::StatusOr<Profile> ProfileOn(const crypto::MemberId& member, std::string_view bytes) {
  directory::v1::DirectoryEntry entry;
  if (!ParseCanonical(bytes, &entry)) return Damaged();
  auto identity = crypto::PublicKey::FromBytes(entry.identity_key());
  auto encryption = crypto::X25519PublicKey::FromBytes(entry.encryption_key());
  auto recovery = crypto::DigestFromBytes(entry.recovery_key_digest());
  auto keyring = crypto::DigestFromBytes(entry.keyring_hash());
  if (!identity.ok() || !encryption.ok() || !recovery.ok()) return Damaged();
  if (!keyring.ok() && !entry.keyring_hash().empty()) return Damaged();
  return Profile{.member = member,
                 .entry = std::string(bytes),
                 .entry_version = entry.version(),
                 .identity_key = *identity,
                 .encryption_key = *encryption,
                 .identity_key_id = crypto::KeyIdOf(*identity),
                 .encryption_key_id = crypto::KeyIdOf(*encryption),
                 .recovery_key_digest = *recovery,
                 .keyring_hash = keyring.ok() ? std::optional(*keyring) : std::nullopt,
                 .devices = {}};
}

std::string EncodeProfile(const Profile& profile) {
  v1::ProfileRow row;
  row.set_member(std::string(profile.member.bytes()));
  row.set_entry(profile.entry);
  for (const Device& device : profile.devices) SetDevice(device, row.add_devices());
  for (const Device& device : profile.revoked) SetDevice(device, row.add_revoked());
  row.set_refused_before_unix_ms(profile.refused_before_unix_ms);
  for (const KeptKeyring& keyring : profile.keyrings) {
    v1::KeyringPlace* place = row.add_keyrings();
    place->set_keyring_hash(crypto::ToString(keyring.hash));
    place->set_slot(keyring.slot);
  }
  return row.SerializeAsString();
}

absl::StatusOr<Profile> DecodeProfile(std::string_view bytes) {
  v1::ProfileRow row;
  if (!ParseCanonical(bytes, &row)) return Damaged();
  auto member = crypto::MemberId::FromBytes(row.member());
  if (!member.ok()) return Damaged();
  auto profile = ProfileOn(*member, row.entry());
  if (!profile.ok()) return profile;
  auto devices = ReadDevices(row.devices(), kMaxDevices);
  auto revoked = ReadDevices(row.revoked(), kMaxRevoked);
  auto keyrings = ReadKeyrings(row.keyrings());
  if (!devices.ok() || !revoked.ok() || !keyrings.ok()) return Damaged();
  profile->devices = *std::move(devices);
  profile->revoked = *std::move(revoked);
  profile->refused_before_unix_ms = row.refused_before_unix_ms();
  profile->keyrings = *std::move(keyrings);
  return profile;
}

std::string EncodeCounters(const Counters& counters) {
  v1::CountersRow row;
  row.set_next_sequence(counters.next_sequence);
  row.set_message_count(counters.message_count);
  row.set_byte_count(counters.byte_count);
  row.set_forgotten_through(counters.forgotten_through);
  if (!(counters.account == Account())) *row.mutable_account() = AccountRowOf(counters.account);
  return row.SerializeAsString();
}

absl::StatusOr<Counters> DecodeCounters(std::string_view bytes) {
  v1::CountersRow row;
  if (!ParseCanonical(bytes, &row) || row.next_sequence() == 0) return Damaged();
  Counters counters{
      row.next_sequence(), row.message_count(), row.byte_count(), row.forgotten_through(), {}};
  if (row.has_account()) {
    counters.account = AccountOf(row.account());
    if (counters.account == Account()) return Damaged();
  }
  return counters;
}

std::string EncodeDelivery(const Delivery& delivery) {
  v1::DeliveryRow row;
  row.set_request_digest(crypto::ToString(delivery.request_digest));
  row.set_sequence(delivery.sequence);
  row.set_accepted_unix_ms(delivery.accepted_unix_ms);
  row.set_state(delivery.state);
  row.set_deleted(delivery.deleted);
  row.set_report(static_cast<v1::ReportMark>(delivery.report));
  return row.SerializeAsString();
}

absl::StatusOr<Delivery> DecodeDelivery(std::string_view bytes) {
  v1::DeliveryRow row;
  if (!ParseCanonical(bytes, &row) || !IsKnown(row.state())) return Damaged();
  auto digest = crypto::DigestFromBytes(row.request_digest());
  if (!digest.ok() || !v1::ReportMark_IsValid(row.report())) return Damaged();
  return Delivery{*digest,     row.sequence(), row.accepted_unix_ms(),
                  row.state(), row.deleted(),  static_cast<ReportMark>(row.report())};
}

std::string EncodeOutbox(const OutboxItem& item) {
  v1::OutboxRow row;
  row.set_header(item.header);
  row.set_recipient_wrap(item.recipient_wrap);
  row.set_sender_wrap(item.sender_wrap);
  row.set_ciphertext(item.ciphertext);
  for (const crypto::Digest& hash : item.attachments) row.add_attachments(crypto::ToString(hash));
  return row.SerializeAsString();
}

absl::StatusOr<OutboxItem> DecodeOutbox(std::string_view bytes) {
  v1::OutboxRow row;
  if (!ParseCanonical(bytes, &row)) return Damaged();
  OutboxItem item{std::move(*row.mutable_header()), std::move(*row.mutable_recipient_wrap()),
                  std::move(*row.mutable_sender_wrap()), std::move(*row.mutable_ciphertext())};
  for (const std::string& bytes_of_it : row.attachments()) {
    const auto hash = crypto::DigestFromBytes(bytes_of_it);
    if (!hash.ok()) return Damaged();
    item.attachments.push_back(*hash);
  }
  return item;
}

std::string EncodeMessage(std::string_view header, std::string_view wrap,
                          std::string_view ciphertext, const v1::MessageState& state) {
  v1::MailboxMessage row;
  row.set_header(header.data(), header.size());
  row.set_wrap(wrap.data(), wrap.size());
  row.set_ciphertext(ciphertext.data(), ciphertext.size());
  *row.mutable_state() = state;
  return row.SerializeAsString();
}

absl::StatusOr<v1::MailboxMessage> DecodeMessage(std::string_view bytes) {
  v1::MailboxMessage row;
  if (!ParseCanonical(bytes, &row) || !IsKnown(row.state().delivery()) ||
      !v1::Folder_IsValid(row.state().folder())) {
    return Damaged();
  }
  return row;
}

std::string SequenceKey(std::uint64_t sequence) {
  std::string key;
  crypto::AppendU64(&key, sequence);
  return key;
}

absl::StatusOr<std::uint64_t> ParseSequenceKey(std::string_view key) {
  crypto::ByteReader reader(key);
  const std::uint64_t sequence = reader.U64();
  if (!reader.Finish().ok()) return Damaged();
  return sequence;
}

}  // namespace letterlock::mail
