#include "passphrase.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "client/failure.h"
#include "crypto/base/secret_bytes.h"
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
absl::StatusOr<SecretBuffer> ReadSecret(int fd, bool line) {
  SecretBuffer buffer = SecretBuffer::OfSize(kMostPassphrase + 2);
  std::size_t size = 0;
  const auto bytes = [&] { return buffer.RevealMutable(KeyAccess{}); };
  while (size < buffer.size()) {
    const ssize_t got = read(fd, bytes().data() + size, line ? 1 : buffer.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::ErrnoToStatus(errno, "reading the passphrase");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
    if (line && bytes()[size - 1] == '\n') break;
  }
  if (size > 0 && bytes()[size - 1] == '\n') --size;
  if (size > 0 && bytes()[size - 1] == '\r') --size;
  if (size > kMostPassphrase) return UsageProblem("the passphrase is longer than 4096 bytes");
  buffer.ShrinkTo(size);
  return buffer;
}

absl::StatusOr<SecretBuffer> Ask(int terminal, std::string_view prompt) {
  const NoEcho quiet(terminal);
  if (!quiet.held()) return UsageProblem("the terminal can't be kept from showing the passphrase");
  if (write(terminal, prompt.data(), prompt.size()) < 0) {
    return absl::ErrnoToStatus(errno, "the terminal");
  }
  return ReadSecret(terminal, /*line=*/true);
}

absl::StatusOr<SecretBuffer> AskAtTerminal(PassphraseUse use) {
  const Descriptor terminal(open("/dev/tty", O_RDWR | O_CLOEXEC));
  if (terminal.get() < 0) {
    return UsageProblem(
        "no passphrase: there is no terminal to ask at; give --passphrase-file FILE or set "
        "LETTERLOCK_PASSPHRASE");
  }
  auto first = Ask(terminal.get(), "Passphrase: ");
  if (!first.ok() || use == PassphraseUse::kOpen) return first;
  auto second = Ask(terminal.get(), "The same again: ");
  if (!second.ok()) return second;
  if (!crypto::ConstantTimeEqual(first->RevealView(KeyAccess{}), second->RevealView(KeyAccess{}))) {
    return UsageProblem("the two passphrases differ");
  }
  return first;
}

absl::StatusOr<SecretBuffer> Read(const PassphraseSource& source, PassphraseUse use) {
  if (!source.file.empty()) {
    const Descriptor file(open(source.file.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) return UsageProblem("the passphrase file can't be read");
    return ReadSecret(file.get(), /*line=*/false);
  }
  if (source.value == nullptr) return AskAtTerminal(use);
  if (std::strlen(source.value) > kMostPassphrase) {
    return UsageProblem("the passphrase is longer than 4096 bytes");
  }
  return SecretBuffer::Copy(source.value);
}

}  // namespace

absl::StatusOr<SecretBuffer> ReadPassphrase(const PassphraseSource& source, PassphraseUse use) {
  auto passphrase = Read(source, use);
  if (!passphrase.ok()) return passphrase;
  if (passphrase->empty()) return UsageProblem("the passphrase is empty");
  if (use == PassphraseUse::kCreate && passphrase->size() < kLeastNewPassphrase) {
    return UsageProblem("a new passphrase has at least 8 bytes");
  }
  return passphrase;
}

}  // namespace letterlock::cli
