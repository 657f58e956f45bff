#include "rotation_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string_view>

#include "crypto/base/bytes.h"
#include "crypto/seal/keyring.h"
#include "server/config/files.h"

namespace letterlock::client {
namespace {

constexpr std::string_view kMagic = "LLROTAT1";
constexpr std::size_t kMostBytes = 2 * seal::kMaxKeyringSize;

}  // namespace

absl::Status RemoveFile(const std::string& path, const std::string& directory) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return absl::ErrnoToStatus(errno, "a file");
  return config::SyncDirectory(directory);
}

bool RotationFile::IsThere() const { return access(path().c_str(), F_OK) == 0; }

absl::StatusOr<Rotation> RotationFile::Read() const {
  const auto file = config::ReadFile(path(), kMostBytes);
  if (!file.ok()) return file.status();
  crypto::ByteReader in(*file);
  const bool magic = in.Bytes(kMagic.size()) == kMagic;
  Rotation rotation;
  const std::uint8_t replaces_kit = in.U8();
  rotation.replaces_kit = replaces_kit == 1;
  const std::string_view entry = in.Field();
  rotation.sealed_keyring = std::string(in.Field());
  if (!in.Finish().ok() || !magic || replaces_kit > 1 ||
      !rotation.entry.ParseFromString(std::string(entry))) {
    return absl::DataLossError("the account's rotation file was changed");
  }
  return rotation;
}

absl::Status RotationFile::Write(const Rotation& rotation) const {
  const std::string bytes = crypto::ByteWriter()
                                .Bytes(kMagic)
                                .U8(rotation.replaces_kit ? 1 : 0)
                                .Field(rotation.entry.SerializeAsString())
                                .Field(rotation.sealed_keyring)
                                .Take();
  return config::WriteFileDurably(path(), bytes, config::FileMode::kSecret);
}

absl::Status RotationFile::Remove() const { return RemoveFile(path(), directory_); }

absl::StatusOr<std::string> KeyringFile::Read() const {
  return config::ReadFile(path(), seal::kMaxKeyringSize);
}

absl::Status KeyringFile::Write(const std::string& sealed_keyring) const {
  return config::WriteFileDurably(path(), sealed_keyring, config::FileMode::kSecret);
}

absl::Status KeyringFile::Remove() const { return RemoveFile(path(), directory_); }

}  // namespace letterlock::client
