// The epoch key in a file: docs/formats.md, "Epoch key file". 44 bytes, mode 0600, not a link.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/mail/keys/epoch_key_provider.h"

namespace letterlock::mail {

// Thread-safe; holds one epoch.
class EpochKeyFile final : public EpochKeyProvider {
 public:
  // PERMISSION_DENIED where others than the server's user can read the file or it is a link;
  // INVALID_ARGUMENT where it is not such a file; NOT_FOUND.
  static absl::StatusOr<std::unique_ptr<EpochKeyFile>> Open(const std::string& path);

  // Writes a new random key for `epoch`, durably. ALREADY_EXISTS where there is a file: an epoch
  // key that is overwritten takes every mailbox with it.
  static absl::Status Create(const std::string& path, std::uint32_t epoch);

  const EpochKey& current() const override { return key_; }
  const EpochKey* Find(std::uint32_t epoch) const override {
    return epoch == key_.epoch ? &key_ : nullptr;
  }

 private:
  explicit EpochKeyFile(EpochKey key) : key_(std::move(key)) {}

  EpochKey key_;
};

}  // namespace letterlock::mail
