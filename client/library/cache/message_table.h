// What the local cache knows of each message without opening it: enough for a listing
// (docs/client.md, "The local cache"). Values; move-only, because subjects are wiped.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/message.h"
#include "crypto/base/hash.h"
#include "crypto/base/ids.h"
#include "crypto/base/secret_buffer.h"

namespace letterlock::client {

// One message of a mailbox.
struct MessageKey {
  crypto::MemberId sender;
  crypto::MessageId id;
  friend auto operator<=>(const MessageKey&, const MessageKey&) = default;
};

// Where a message's sealed copy lies.
struct SegmentPlace {
  std::uint64_t segment = 0;
  std::uint16_t slot = 0;
  friend auto operator<=>(const SegmentPlace&, const SegmentPlace&) = default;
};

struct CachedMessage {
  SegmentPlace place;
  crypto::Digest header_hash{};  // of the header that was verified
  crypto::KeyId signing_key;     // the identity key that it verified under
  Message message;               // of the body only the beginning, and only without a subject
};

// A message of the mailbox that is not shown, and why: asked for again with each refresh.
struct CachedRefusal {
  Folder folder = Folder::kInbox;
  std::uint64_t sequence = 0;
  int code = 0;  // absl::StatusCode
  int problem = 0;
  std::string why;
};

struct Segment {
  std::uint32_t messages = 0;
  crypto::Digest copies{};  // SHA-256 of the two files
  crypto::Digest terms{};
};

struct MessageTable {
  std::string sync_token;           // where the next refresh goes on; empty: from the start
  std::uint64_t as_of_unix_ms = 0;  // when it was last brought up to date; 0: never
  bool truncated = false;           // older messages were left out
  std::map<std::uint64_t, Segment> segments;
  std::map<MessageKey, CachedMessage> messages;
  std::map<MessageKey, CachedRefusal> refusals;

  // docs/formats.md, "Local cache".
  crypto::SecretBuffer Serialise() const;
  // DATA_LOSS for anything that Serialise would not have written.
  static absl::StatusOr<MessageTable> Parse(const crypto::SecretBuffer& bytes);
};

}  // namespace letterlock::client
