#include "progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace letterlock::cli {
namespace {

constexpr std::uint64_t kWidth = 30;

void Draw(const std::string& what, std::uint64_t done, std::uint64_t total) {
  const std::uint64_t part = total == 0 ? kWidth : std::min(done, total) * kWidth / total;
  const std::uint64_t percent = total == 0 ? 100 : std::min(done, total) * 100 / total;
  const std::string bar = std::string(part, '#') + std::string(kWidth - part, '.');
  std::fprintf(stderr, "\r%s [%s] %3llu %%", what.c_str(), bar.c_str(),
               static_cast<unsigned long long>(percent));
  // The whole line goes.
  if (done >= total) std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
}

}  // namespace

std::function<void(std::uint64_t done, std::uint64_t total)> ShowProgress(const Output& output,
                                                                          std::string what) {
  if (output.json() || isatty(STDERR_FILENO) != 1) return {};
  return [what = std::move(what)](std::uint64_t done, std::uint64_t total) {
    Draw(what, done, total);
  };
}

}  // namespace letterlock::cli
