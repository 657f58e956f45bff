// Where the epoch key comes from: the root under which every key of the store is wrapped
// (docs/formats.md, "Rows of a mailbox"). A file today; a systemd credential, PKCS#11, a KMS or a
// TPM can stand behind the same interface.
//
// Thread-safe.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "crypto/base/locked_secret.h"

namespace letterlock::mail {

struct EpochKey {
  std::uint32_t epoch = 0;
  crypto::LockedSecret<32> key;
};

class EpochKeyProvider {
 public:
  virtual ~EpochKeyProvider() = default;

  // The key under which new keys are wrapped. Lives as long as the provider.
  virtual const EpochKey& current() const = 0;

  // The key of that epoch, or nullptr where this server does not have it (any more).
  virtual const EpochKey* Find(std::uint32_t epoch) const = 0;
};

}  // namespace letterlock::mail
