// For transcripts: letterlock on a device whose clock is off. Whoever in this process asks libc for
// the time of day gets it so many seconds later (or earlier) than the machine has it: our own code,
// TLS, gRPC. Clocks that only measure how long something takes are left alone.
//
//   LETTERLOCK_TEST_CLOCK=86400 letterlock-test-clock-off inbox
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <iostream>

#include "cli/program.h"

namespace {

// Asked anew each time: the first question may come before any constructor has run.
long Offset() {
  const char* const seconds = getenv("LETTERLOCK_TEST_CLOCK");
  return seconds == nullptr ? 0 : strtol(seconds, nullptr, 10);
}

}  // namespace

// In place of libc's, for this program and all libraries that it loads.
extern "C" {

int clock_gettime(clockid_t clock, struct timespec* out) noexcept {
  const long failed = syscall(SYS_clock_gettime, clock, out);
  if (failed != 0) return -1;
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) out->tv_sec += Offset();
  return 0;
}

int gettimeofday(struct timeval* out, void*) noexcept {
  timespec now{};
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  *out = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* out) noexcept {
  timespec now{};
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}

}  // extern "C"

int main(int argc, char** argv) {
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  return letterlock::cli::Run(argc, argv, std::cout, std::cerr);
}
