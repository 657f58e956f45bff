// Rows of what happens to a message after it arrived (docs/formats.md, "Rows of a mailbox"): flags,
// changes, threads. Readers refuse what no writer of ours would have written: DATA_LOSS. Pure
// functions, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/base/ids.h"
#include "crypto/vault/mailbox_keys.h"
#include "engine/row.h"
#include "letterlock/mail/v1/mailbox.pb.h"

namespace letterlock::mail {

inline constexpr std::size_t kMaxLabels = 16;

struct MessageName {
  crypto::MemberId sender;
  crypto::MessageId id;
};

// What goes before the state in a message's own row. A message without a flags row has these.
struct Flags {
  bool read = false;
  bool archived = false;
  std::vector<std::string> labels{};           // sorted, each once, at most kMaxLabels
  v1::Folder folder = v1::FOLDER_UNSPECIFIED;  // UNSPECIFIED: the row's own
  v1::DeliveryState delivery = v1::DELIVERY_STATE_UNSPECIFIED;  // likewise
  std::uint64_t change = 0;  // number of the message's change row; 0: there is none

  friend bool operator==(const Flags&, const Flags&) = default;
};

// Makes the state of a message's row what it is now.
void ApplyFlags(const Flags& flags, v1::MessageState* state);

struct Destroyed {
  MessageName name;
  std::uint64_t unix_ms = 0;
};

std::string EncodeFlags(const Flags& flags);
std::string EncodeChanged(std::uint64_t sequence);
std::string EncodeDestroyed(std::uint64_t sequence, const Destroyed& destroyed);

absl::StatusOr<Flags> DecodeFlags(std::string_view row);
// The sequence of the message that changed.
absl::StatusOr<std::uint64_t> DecodeChanged(std::string_view row);
absl::StatusOr<Destroyed> DecodeDestroyed(std::string_view row);

// Places in table 0x08. The two kinds are two ranges, each in the order of its numbers.
enum class ChangeKind : std::uint8_t { kChanged = 1, kDestroyed = 2 };
engine::RowKey ChangeKey(ChangeKind kind, std::uint64_t number);
absl::StatusOr<std::uint64_t> ParseChangeKey(ChangeKind kind, std::string_view key);
// The numbers `from` to `through`, both included. REQUIRES: through < 2^64 - 1.
engine::Range ChangeRange(ChangeKind kind, std::uint64_t from, std::uint64_t through);

// Place in table 0x07.
engine::RowKey ThreadRowKey(const vault::MailboxKeys& keys, std::string_view thread_id,
                            std::uint64_t sequence);
std::string EncodeThread();

}  // namespace letterlock::mail
