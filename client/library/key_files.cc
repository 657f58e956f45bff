#include "key_files.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "crypto/base/key_access.h"
#include "crypto/seal/key_file.h"
#include "rotation_file.h"
#include "server/config/files.h"

namespace letterlock::client {
namespace {

constexpr char kName[] = "/account.key";
constexpr char kNext[] = "/account.key.next";

KeyFiles::Format Argon2id() {
  return {.seal =
              [](const seal::MemberKeys& keys, const crypto::SecretBuffer& passphrase,
                 crypto::RandomSource& random) {
                return seal::SealKeyFile(keys, passphrase, {}, random);
              },
          .open = seal::OpenKeyFile};
}

}  // namespace

KeyFiles::KeyFiles(const std::string& directory, const crypto::SecretBuffer& passphrase)
    : KeyFiles(directory, passphrase, Argon2id()) {}

KeyFiles::KeyFiles(const std::string& directory, const crypto::SecretBuffer& passphrase,
                   Format format)
    : directory_(directory),
      passphrase_(crypto::SecretBuffer::Copy(passphrase.RevealView(crypto::KeyAccess{}))),
      format_(std::move(format)) {}

bool KeyFiles::AreThere() const { return access((directory_ + kName).c_str(), F_OK) == 0; }

absl::StatusOr<seal::MemberKeys> KeyFiles::ReadAt(const std::string& path) const {
  const auto file = config::ReadFile(path, seal::kMaxKeyFileSize);
  if (!file.ok()) return file.status();
  auto keys = format_.open(*file, passphrase_);
  if (absl::IsPermissionDenied(keys.status())) {
    return absl::PermissionDeniedError("wrong passphrase, or the key file was changed");
  }
  return keys;
}

absl::StatusOr<seal::MemberKeys> KeyFiles::Read() const { return ReadAt(directory_ + kName); }

absl::StatusOr<seal::MemberKeys> KeyFiles::ReadNext() const { return ReadAt(directory_ + kNext); }

absl::Status KeyFiles::Create(const seal::MemberKeys& keys, crypto::RandomSource& random) const {
  const auto file = format_.seal(keys, passphrase_, random);
  if (!file.ok()) return file.status();
  return config::CreateFileDurably(directory_ + kName, *file, config::FileMode::kSecret);
}

absl::Status KeyFiles::Replace(const seal::MemberKeys& keys, crypto::RandomSource& random) const {
  const auto file = format_.seal(keys, passphrase_, random);
  if (!file.ok()) return file.status();
  return config::WriteFileDurably(directory_ + kName, *file, config::FileMode::kSecret);
}

absl::Status KeyFiles::WriteNext(const seal::MemberKeys& keys, crypto::RandomSource& random) const {
  const auto file = format_.seal(keys, passphrase_, random);
  if (!file.ok()) return file.status();
  return config::WriteFileDurably(directory_ + kNext, *file, config::FileMode::kSecret);
}

absl::Status KeyFiles::RemoveNext() const { return RemoveFile(directory_ + kNext, directory_); }

absl::Status KeyFiles::TakeNext() const {
  if (std::rename((directory_ + kNext).c_str(), (directory_ + kName).c_str()) != 0) {
    return absl::ErrnoToStatus(errno, "the account's new key file");
  }
  return config::SyncDirectory(directory_);
}

}  // namespace letterlock::client
