// How far something has come, for people: one line at the terminal of standard error that is drawn
// over and gone at the end. Nothing where standard error is no terminal, and nothing with --json.
// (Debian has no C++ library for this.)
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "output.h"

namespace letterlock::cli {

// `what` is shown before the bar: a word of ours. Empty where there is nobody to show it to.
std::function<void(std::uint64_t done, std::uint64_t total)> ShowProgress(const Output& output,
                                                                          std::string what);

}  // namespace letterlock::cli
