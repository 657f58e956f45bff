// Runs a piece of code in a process of its own, which may confine itself.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "server/confine/confine.h"

namespace letterlock::confine {

inline constexpr int kKilledBySeccomp = -SIGSYS;

// The exit code, or minus the number of the signal that ended it.
inline int InChild(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

inline constexpr int kNotConfined = 200;

// Confines itself and then runs `body`.
inline int InConfinedChild(const Options& options, const std::function<int()>& body) {
  return InChild([&] {
    const auto report = Confine(options);
    if (!report.ok()) {
      (void)!::write(2, report.status().message().data(), report.status().message().size());
      return kNotConfined;
    }
    return body();
  });
}

}  // namespace letterlock::confine
