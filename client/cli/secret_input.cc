#include "secret_input.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "client/failure.h"
#include "crypto/base/key_access.h"
#include "descriptor.h"

namespace letterlock::cli {
namespace {

using client::UsageProblem;
using crypto::KeyAccess;
using crypto::SecretBuffer;

// The terminal shows nothing of what is typed while this lives.
class NoEcho {
 public:
  explicit NoEcho(int fd) : fd_(fd) {
    if (tcgetattr(fd_, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet.c_lflag |= ECHONL;
    held_ = tcsetattr(fd_, TCSAFLUSH, &quiet) == 0;
  }
  ~NoEcho() {
    if (held_) tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;
  bool held() const { return held_; }

 private:
  const int fd_;
  termios before_{};
  bool held_ = false;
};

// Up to the end, or to the first line break where `line`; without line breaks at the end.
absl::StatusOr<SecretBuffer> ReadSecret(int fd, bool line, std::size_t most) {
  SecretBuffer buffer = SecretBuffer::OfSize(most + 2);
  std::size_t size = 0;
  const auto bytes = [&] { return buffer.RevealMutable(KeyAccess{}); };
  while (size < buffer.size()) {
    const ssize_t got = read(fd, bytes().data() + size, line ? 1 : buffer.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::ErrnoToStatus(errno, "reading a secret");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
    if (line && bytes()[size - 1] == '\n') break;
  }
  if (size > 0 && bytes()[size - 1] == '\n') --size;
  if (size > 0 && bytes()[size - 1] == '\r') --size;
  if (size > most) return absl::OutOfRangeError("a secret is too long");
  buffer.ShrinkTo(size);
  return buffer;
}

}  // namespace

absl::StatusOr<SecretBuffer> AskSecret(std::string_view prompt, std::size_t most) {
  const Descriptor terminal(open("/dev/tty", O_RDWR | O_CLOEXEC));
  if (terminal.get() < 0) return absl::NotFoundError("there is no terminal to ask at");
  const NoEcho quiet(terminal.get());
  if (!quiet.held()) return UsageProblem("the terminal can't be kept from showing what is typed");
  if (write(terminal.get(), prompt.data(), prompt.size()) < 0) {
    return absl::ErrnoToStatus(errno, "the terminal");
  }
  return ReadSecret(terminal.get(), /*line=*/true, most);
}

absl::StatusOr<SecretBuffer> ReadSecretFrom(const std::string& path, std::size_t most) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return absl::NotFoundError("the file can't be read");
  return ReadSecret(file.get(), /*line=*/false, most);
}

}  // namespace letterlock::cli
