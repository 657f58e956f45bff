// Rows between the engine, which sees sealed values, and the mailbox, which knows what they hold.
// Private to server/mail. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/base/random.h"
#include "crypto/vault/mailbox_keys.h"
#include "engine/row.h"

namespace letterlock::mail {

inline engine::Row SealRow(const vault::MailboxKeys& keys, engine::RowKey place,
                           std::string_view row) {
  std::string sealed =
      keys.SealRow({static_cast<uint8_t>(place.table), place.key}, row, crypto::PublicRandom());
  return {std::move(place), std::move(sealed)};
}

// DATA_LOSS where it was not sealed for this place.
inline absl::StatusOr<std::string> OpenRow(const vault::MailboxKeys& keys,
                                           const engine::RowKey& place, std::string_view sealed) {
  return keys.OpenRow({static_cast<uint8_t>(place.table), place.key}, sealed);
}

}  // namespace letterlock::mail
