// Ids of imported messages (docs/formats.md, "Imported messages"): the same row of an archive has
// the same id again, and nobody without the member's state key can tell which row it is.
// Thread-safe.
#pragma once

#include <string_view>

#include "absl/types/span.h"
#include "crypto/base/ids.h"
#include "crypto/base/secret_bytes.h"

namespace letterlock::seal {

class ImportIds {
 public:
  explicit ImportIds(const crypto::SecretBytes<32>& state_key);

  // `columns` are the row's texts, in the order that docs/formats.md gives.
  crypto::MessageId MessageIdOf(std::string_view source,
                                absl::Span<const std::string_view> columns) const;
  crypto::ThreadId ThreadIdOf(std::string_view source, std::string_view conversation) const;

 private:
  crypto::SecretBytes<32> key_;
};

}  // namespace letterlock::seal
