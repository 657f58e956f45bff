// Files that must be there after a power cut, and files that hold secrets. Errors name the path and
// the system's reason, never content. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/base/secret_buffer.h"
#include "crypto/base/secret_bytes.h"

namespace letterlock::config {

// Permission bits of a new file.
enum class FileMode : unsigned {
  kSecret = 0600,
  kPublic = 0644,
};

// The directory that a path stands in, as a text: "." where it names none.
std::string DirectoryOf(const std::string& path);

// The whole file. NOT_FOUND; RESOURCE_EXHAUSTED beyond `max_size`; FAILED_PRECONDITION if not a
// regular file.
absl::StatusOr<std::string> ReadFile(const std::string& path, std::size_t max_size);

// A file that anybody may read, but that decides about trust (a certificate, a list of keys): as
// ReadFile, and PERMISSION_DENIED where it is a symbolic link, belongs to another user than this
// process's or root, or where group or others can write it. Directories above it may be links.
absl::StatusOr<std::string> ReadTrustedFile(const std::string& path, std::size_t max_size);

// A file that holds a secret. PERMISSION_DENIED unless it is a regular file, not a symbolic link,
// that belongs to this process's user (or root) and that neither group nor others can read, write
// or execute; NOT_FOUND; INVALID_ARGUMENT where the size is wrong. Directories above it may be
// links (rotation swaps those).
absl::StatusOr<crypto::SecretBuffer> ReadSecretFile(const std::string& path, std::size_t max_size);

template <std::size_t N>
absl::StatusOr<crypto::SecretBytes<N>> ReadSecretFile(const std::string& path);

// The checks of ReadSecretFile without the reading: for keys that a library reads by itself.
absl::Status CheckSecretFile(const std::string& path);

// Replaces `path` with `bytes`, or leaves what was there: temporary file in the same directory,
// fsync, rename, fsync of the directory. When it returns OK, the new content survives a power cut.
// Readers see old or new; after an error
// either may be there, whole.
absl::Status WriteFileDurably(const std::string& path, std::string_view bytes, FileMode mode);

// The same, but ALREADY_EXISTS if `path` is there, whoever else creates it meanwhile: for keys.
absl::Status CreateFileDurably(const std::string& path, std::string_view bytes, FileMode mode);

// Makes the directory's entries (created, renamed, removed) durable.
absl::Status SyncDirectory(const std::string& path);

// Creates `path` (its parent exists) with 0700, durably. One that is there already must be a
// directory of this process's user, closed to group and others: PERMISSION_DENIED otherwise,
// because whoever else may write there can put files in the place of ours.
absl::Status MakePrivateDirectory(const std::string& path);

// Only the implementation below.
absl::Status ReadSecretFileInto(const std::string& path, std::span<std::uint8_t> exactly);

template <std::size_t N>
absl::StatusOr<crypto::SecretBytes<N>> ReadSecretFile(const std::string& path) {
  auto secret = crypto::SecretBytes<N>::Zero();
  absl::Status read = ReadSecretFileInto(path, secret.RevealMutable(crypto::KeyAccess{}));
  if (!read.ok()) return read;
  return secret;
}

}  // namespace letterlock::config
