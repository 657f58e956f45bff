// What an account is about to become: the file `rotation` (docs/formats.md, "Key file"), from the
// moment when keys are sure to be rotated until all that belongs to it is done. It holds nothing
// secret. Private to the library.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "letterlock/directory/v1/entry.pb.h"

namespace letterlock::client {

// Durable when it returns OK; also where there was none.
absl::Status RemoveFile(const std::string& path, const std::string& directory);

struct Rotation {
  directory::v1::SignedEntry entry;
  std::string sealed_keyring;  // empty: the member has no kit that a keyring could be sealed to
  bool replaces_kit = false;
};

class RotationFile {
 public:
  explicit RotationFile(const std::string& directory) : directory_(directory) {}

  bool IsThere() const;
  // NOT_FOUND; DATA_LOSS where it is none.
  absl::StatusOr<Rotation> Read() const;
  // Durable when it returns OK, as Remove.
  absl::Status Write(const Rotation& rotation) const;
  absl::Status Remove() const;

 private:
  std::string path() const { return directory_ + "/rotation"; }

  const std::string directory_;
};

// The file `keyring`: the sealed keyring of an account that is being made, until the mail server
// has it.
class KeyringFile {
 public:
  explicit KeyringFile(const std::string& directory) : directory_(directory) {}

  absl::StatusOr<std::string> Read() const;
  absl::Status Write(const std::string& sealed_keyring) const;
  absl::Status Remove() const;

 private:
  std::string path() const { return directory_ + "/keyring"; }

  const std::string directory_;
};

}  // namespace letterlock::client
