// Where a listing goes on (docs/formats.md, "Session": page token). Only the mailbox that gave a
// token takes it: it is a MAC under that mailbox's key. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/vault/mailbox_keys.h"

namespace letterlock::vault {

struct PagePosition {
  uint8_t folder;
  uint64_t sequence;
  std::string
      thread{};  // where one thread is listed; not in the token, but it is good for it alone

  friend bool operator==(const PagePosition&, const PagePosition&) = default;
};

// Base64url text of 35 characters.
std::string EncodePageToken(const MailboxKeys& keys, const PagePosition& position);
// INVALID_ARGUMENT unless this mailbox gave it, for this thread (empty: for none).
absl::StatusOr<PagePosition> DecodePageToken(const MailboxKeys& keys, std::string_view token,
                                             std::string_view thread = {});

}  // namespace letterlock::vault
