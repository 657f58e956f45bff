#include "terminal.h"

#include <fcntl.h>

#include <cerrno>
#include <string>

#include "client/failure.h"
#include "descriptor.h"

namespace letterlock::cli {

absl::StatusOr<bool> AskYes(std::string_view question) {
  const Descriptor terminal(open("/dev/tty", O_RDWR | O_CLOEXEC));
  if (terminal.get() < 0) {
    return client::UsageProblem("there is no terminal to ask at: give --yes");
  }
  const std::string prompt = std::string(question) + " [y/N] ";
  if (write(terminal.get(), prompt.data(), prompt.size()) < 0) {
    return absl::ErrnoToStatus(errno, "the terminal");
  }
  std::string answer;
  while (answer.size() < 16 && !answer.ends_with('\n')) {
    char letter = 0;
    const ssize_t got = read(terminal.get(), &letter, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    answer += letter;
  }
  return answer == "y\n" || answer == "yes\n";
}

}  // namespace letterlock::cli
