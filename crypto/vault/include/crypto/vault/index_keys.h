// The index from members to mailboxes (docs/formats.md, "Index tag", "Index row").
//
// Without the index key nobody can tell which member an index row is for, nor which mailbox is
// whose.
//
// Pure: no I/O. Thread-safety: concurrent const access is safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/base/ids.h"
#include "crypto/base/random.h"
#include "crypto/base/secret_bytes.h"
#include "crypto/vault/tags.h"

namespace letterlock::vault {

inline constexpr size_t kIndexRowSize = 57;

// The subkeys of the index key. Move-only, wiped.
class IndexKeys {
 public:
  explicit IndexKeys(const crypto::SecretBytes<32>& index_key);

  IndexTag TagOf(const crypto::MemberId& member) const;

  // kIndexRowSize bytes.
  std::string SealRow(const IndexTag& at, const MailboxTag& mailbox,
                      crypto::RandomSource& random) const;
  // DATA_LOSS unless `sealed` was made for this place under these keys and no bit changed since.
  absl::StatusOr<MailboxTag> OpenRow(const IndexTag& at, std::string_view sealed) const;

 private:
  crypto::SecretBytes<32> tag_key_;
  crypto::SecretBytes<32> seal_key_;
};

}  // namespace letterlock::vault
