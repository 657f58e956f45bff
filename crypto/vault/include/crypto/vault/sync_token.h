// How far a device has followed its mailbox (docs/formats.md, "Session": sync token). Only the
// mailbox that gave a token takes it: it is a MAC under that mailbox's key. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/vault/mailbox_keys.h"

namespace letterlock::vault {

struct SyncPosition {
  // Everything up to this number is known; while walking, everything up to it will have been given
  // or changed since when the walk is over.
  uint64_t change = 0;
  // On the first way through the mailbox: the sequence of the last message given. Nothing else.
  bool walking = false;
  uint64_t walked = 0;

  friend bool operator==(const SyncPosition&, const SyncPosition&) = default;
};

// Base64url text of 46 characters.
std::string EncodeSyncToken(const MailboxKeys& keys, const SyncPosition& position);
// INVALID_ARGUMENT unless this mailbox gave it.
absl::StatusOr<SyncPosition> DecodeSyncToken(const MailboxKeys& keys, std::string_view token);

}  // namespace letterlock::vault
