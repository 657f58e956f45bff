// (sender, message id) is taken once: the newest 4,096 messages that this account has shown, each
// with the digest of what it was. A server that later gives other bytes under a known pair is found
// out even where a sender helps it by signing two messages with one id. Thread-safety: as an int.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/base/hash.h"
#include "crypto/base/ids.h"

namespace letterlock::client {

class TakenMessages {
 public:
  static constexpr std::size_t kMost = 4096;

  enum class Verdict {
    kNew,
    kSame,       // taken before, the same bytes
    kDifferent,  // taken before with other bytes: refuse
  };

  // What Take would say, without taking.
  Verdict Ask(const crypto::MemberId& sender, const crypto::MessageId& id,
              const crypto::Digest& message) const;
  // Remembers a new one; beyond kMost the oldest is forgotten.
  Verdict Take(const crypto::MemberId& sender, const crypto::MessageId& id,
               const crypto::Digest& message);

  // 48 bytes each, oldest first: the first 16 bytes of SHA-256(sender ‖ id), and the digest.
  std::string Serialise() const;
  // INVALID_ARGUMENT for other sizes, more than kMost, or a pair that stands there twice.
  static absl::StatusOr<TakenMessages> Parse(std::string_view bytes);

 private:
  bool Add(std::string key, const crypto::Digest& message);

  std::deque<std::string> order_;  // keys of digests_, oldest first
  std::map<std::string, crypto::Digest> digests_;
};

}  // namespace letterlock::client
