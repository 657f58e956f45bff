#include "kit_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string_view>

#include "client/failure.h"
#include "secret_input.h"

namespace letterlock::cli {
namespace {

// 77 characters are one; people put spaces and line breaks into it.
constexpr std::size_t kMostKitText = 500;

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return true;
}

}  // namespace

absl::Status WriteKitFile(const std::string& path, const crypto::SecretBuffer& kit) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0 && errno == EEXIST) {
    return client::UsageProblem(
        "the recovery kit's file is there already, and is never replaced: name another (if this "
        "command was interrupted before, delete the one that it left)");
  }
  if (fd < 0) return absl::ErrnoToStatus(errno, "the recovery kit's file");
  const bool written =
      WriteAll(fd, kit.RevealView(crypto::KeyAccess{})) && WriteAll(fd, "\n") && fsync(fd) == 0;
  const int error = errno;
  close(fd);
  if (!written) {
    unlink(path.c_str());
    return absl::ErrnoToStatus(error, "the recovery kit's file");
  }
  return absl::OkStatus();
}

absl::StatusOr<crypto::SecretBuffer> ReadKit(const std::string& path) {
  auto kit =
      path.empty() ? AskSecret("Recovery kit: ", kMostKitText) : ReadSecretFrom(path, kMostKitText);
  if (absl::IsOutOfRange(kit.status()))
    return client::UsageProblem("the kit is longer than any is");
  if (kit.ok()) {
    for (std::uint8_t& byte : kit->RevealMutable(crypto::KeyAccess{})) {
      if (byte == '\n' || byte == '\r' || byte == '\t') byte = ' ';
    }
  }
  if (!absl::IsNotFound(kit.status())) return kit;
  if (!path.empty()) return client::UsageProblem("the recovery kit's file can't be read");
  return client::UsageProblem(
      "no recovery kit: there is no terminal to ask at; give --from-kit FILE");
}

}  // namespace letterlock::cli
