// Runs a piece of code in a process that confines itself.
#pragma once

#include <unistd.h>

#include <csignal>
#include <functional>

#include "server/confine/confine.h"
#include "support/child.h"

namespace letterlock::confine {

inline constexpr int kKilledBySeccomp = -SIGSYS;

using test::InChild;

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
