// Tables and rows of a mailbox (docs/formats.md, "Rows of a mailbox"), opened and typed. Readers
// refuse what no writer of ours would have written: DATA_LOSS. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/base/hash.h"
#include "crypto/base/ids.h"
#include "crypto/base/sign.h"
#include "crypto/base/x25519.h"
#include "engine/row.h"
#include "letterlock/mail/v1/mailbox.pb.h"
#include "server/mail/mailbox/change_rows.h"
#include "server/mail/rules/allowance.h"
#include "server/mail/rules/contact.h"

namespace letterlock::mail {

namespace table {
inline constexpr engine::Table kMailboxKey{0x01};
inline constexpr engine::Table kProfile{0x02};
inline constexpr engine::Table kCounters{0x03};
inline constexpr engine::Table kMessages{0x04};
inline constexpr engine::Table kDeliveries{0x05};
inline constexpr engine::Table kOutbox{0x06};
inline constexpr engine::Table kThreads{0x07};
inline constexpr engine::Table kChanges{0x08};
inline constexpr engine::Table kFlags{0x09};
inline constexpr engine::Table kContacts{0x0a};
inline constexpr engine::Table kBlocks{0x0b};
inline constexpr engine::Table kReported{0x0e};
inline constexpr engine::Table kReports{0x0f};
inline constexpr engine::Table kAttachments{0x0c};
inline constexpr engine::Table kAttachmentChunks{0x0d};
inline constexpr engine::Table kAttachmentExpiries{0x14};
inline constexpr engine::Table kIndex{0x10};
inline constexpr engine::Table kIndexKey{0x11};
inline constexpr engine::Table kKeyrings{0x12};
}  // namespace table

inline constexpr std::size_t kMaxDevices = 16;
inline constexpr std::size_t kMaxRevoked = 32;
inline constexpr std::size_t kMaxKeyrings = 2;

struct Device {
  crypto::PublicKey key;
  crypto::KeyId id;
  std::uint64_t issued_unix_ms = 0;
};

// A sealed keyring that is there, in table::kKeyrings.
struct KeptKeyring {
  crypto::Digest hash{};
  std::uint8_t slot = 0;  // below kMaxKeyrings; no two have the same
};

// What a mailbox stands on. Member, devices and keyrings are its own; all else is what `entry`
// says.
struct Profile {
  crypto::MemberId member;
  std::string entry;  // the newest directory entry that the owner enrolled with, as signed
  std::uint64_t entry_version = 0;
  crypto::PublicKey identity_key;
  crypto::X25519PublicKey encryption_key;
  crypto::KeyId identity_key_id;
  crypto::KeyId encryption_key_id;
  crypto::Digest recovery_key_digest{};
  std::optional<crypto::Digest> keyring_hash;
  std::vector<Device> devices;  // certified by identity_key; at most kMaxDevices
  // What is remembered of devices that were revoked (mailbox/certified_devices.h); at most
  // kMaxRevoked, none of them in `devices`.
  std::vector<Device> revoked{};
  std::uint64_t refused_before_unix_ms = 0;
  std::vector<KeptKeyring> keyrings{};  // at most kMaxKeyrings

  bool HasDevice(const crypto::KeyId& id) const;
};

struct Counters {
  std::uint64_t next_sequence = 1;
  std::uint64_t message_count = 0;
  std::uint64_t byte_count = 0;  // of ciphertext
  std::uint64_t forgotten_through = 0;
  Account account;
};

// Whether the owner put a message that she received before the abuse desk. Numbers as in
// letterlock.mail.v1.ReportMark.
enum class ReportMark { kNone = 0, kTaken = 1, kReported = 2 };

// What became of a message, in one mailbox.
struct Delivery {
  crypto::Digest request_digest{};
  std::uint64_t sequence = 0;
  std::uint64_t accepted_unix_ms = 0;
  v1::DeliveryState state = v1::DELIVERY_STATE_UNSPECIFIED;
  bool deleted = false;
  ReportMark report = ReportMark::kNone;
};

struct OutboxItem {
  std::string header;
  std::string recipient_wrap;
  // Both empty while the message row is there.
  std::string sender_wrap{};
  std::string ciphertext{};
  std::vector<crypto::Digest> attachments{};  // at most 16
};

// A profile without devices. DATA_LOSS where `entry` is none; who signed it was checked when it was
// taken.
absl::StatusOr<Profile> ProfileOn(const crypto::MemberId& member, std::string_view entry);

// A member whom the owner blocked.
struct BlockedMember {
  crypto::MemberId member;
  std::uint64_t since_unix_ms = 0;
};

// A report, in the desk's mailbox.
struct StoredReport {
  std::uint64_t accepted_unix_ms = 0;
  crypto::MemberId reporter;
  MessageName message;
  std::string disclosure;  // sealed
  crypto::KeyId desk_key;
};

std::string EncodeReport(const StoredReport& report);
absl::StatusOr<StoredReport> DecodeReport(std::string_view row);

std::string EncodeProfile(const Profile& profile);
std::string EncodeCounters(const Counters& counters);
std::string EncodeDelivery(const Delivery& delivery);
std::string EncodeOutbox(const OutboxItem& item);
std::string EncodeMessage(std::string_view header, std::string_view wrap,
                          std::string_view ciphertext, const v1::MessageState& state);

std::string EncodeContact(const Contact& contact);
std::string EncodeBlock(const BlockedMember& block);

absl::StatusOr<Profile> DecodeProfile(std::string_view row);
absl::StatusOr<Counters> DecodeCounters(std::string_view row);
absl::StatusOr<Delivery> DecodeDelivery(std::string_view row);
absl::StatusOr<OutboxItem> DecodeOutbox(std::string_view row);
absl::StatusOr<v1::MailboxMessage> DecodeMessage(std::string_view row);
absl::StatusOr<Contact> DecodeContact(std::string_view row);
absl::StatusOr<BlockedMember> DecodeBlock(std::string_view row);

// The key of rows by sequence: 8 bytes, big-endian, so that the engine's order is the sequence's.
std::string SequenceKey(std::uint64_t sequence);
absl::StatusOr<std::uint64_t> ParseSequenceKey(std::string_view key);

}  // namespace letterlock::mail
