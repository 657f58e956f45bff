#include "failing_disk.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "absl/base/const_init.h"
#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace letterlock::test {
namespace {

// What the functions below obey. They replace the C library's, so this can't be an object handed to
// them.
struct Faults {
  bool armed ABSL_GUARDED_BY(mu) = false;
  std::string* directory ABSL_GUARDED_BY(mu) = nullptr;
  int sync_error ABSL_GUARDED_BY(mu) = 0;
  int good_syncs ABSL_GUARDED_BY(mu) = 0;  // before sync_error counts
  int write_error ABSL_GUARDED_BY(mu) = 0;
  bool hold ABSL_GUARDED_BY(mu) = false;
  int held ABSL_GUARDED_BY(mu) = 0;
  int syncs ABSL_GUARDED_BY(mu) = 0;
  absl::Mutex mu{absl::kConstInit};
};

Faults faults;

bool IsOurLog(int fd) ABSL_EXCLUSIVE_LOCKS_REQUIRED(faults.mu) {
  if (!faults.armed) return false;
  char path[PATH_MAX];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t size = readlink(link.c_str(), path, sizeof path);
  if (size <= 0) return false;
  const std::string name(path, static_cast<size_t>(size));
  return name.starts_with(*faults.directory) && name.ends_with(".log");
}

// The error that a sync of this file is to end with, or 0; waits as long as syncs are held.
int BeforeSync(int fd) {
  absl::MutexLock lock(&faults.mu);
  if (!IsOurLog(fd)) return 0;
  ++faults.syncs;
  ++faults.held;
  const auto released = [] {
    faults.mu.AssertReaderHeld();
    return !faults.hold;
  };
  faults.mu.Await(absl::Condition(&released));
  --faults.held;
  if (faults.good_syncs > 0) {
    --faults.good_syncs;
    return 0;
  }
  return faults.sync_error;
}

int BeforeWrite(int fd) {
  absl::MutexLock lock(&faults.mu);
  return IsOurLog(fd) ? faults.write_error : 0;
}

template <typename Function>
Function Next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

FailingDisk::FailingDisk(const std::string& directory) {
  absl::MutexLock lock(&faults.mu);
  faults.armed = true;
  faults.directory = new std::string(directory);
  faults.syncs = 0;
}

FailingDisk::~FailingDisk() {
  Heal();
  absl::MutexLock lock(&faults.mu);
  faults.armed = false;
  delete faults.directory;
}

void FailingDisk::FailSyncs(int error, int after) {
  absl::MutexLock lock(&faults.mu);
  faults.sync_error = error;
  faults.good_syncs = after;
}

void FailingDisk::FailWrites(int error) {
  absl::MutexLock lock(&faults.mu);
  faults.write_error = error;
}

void FailingDisk::Heal() {
  absl::MutexLock lock(&faults.mu);
  faults.sync_error = 0;
  faults.good_syncs = 0;
  faults.write_error = 0;
  faults.hold = false;
}

void FailingDisk::HoldSyncs() {
  absl::MutexLock lock(&faults.mu);
  faults.hold = true;
}

void FailingDisk::AwaitHeldSync() {
  const auto waits = [] {
    faults.mu.AssertReaderHeld();
    return faults.held > 0;
  };
  absl::MutexLock lock(&faults.mu, absl::Condition(&waits));
}

void FailingDisk::Release() {
  absl::MutexLock lock(&faults.mu);
  faults.hold = false;
}

int FailingDisk::syncs() const {
  absl::MutexLock lock(&faults.mu);
  return faults.syncs;
}

}  // namespace letterlock::test

extern "C" {

int fdatasync(int fd) {
  const int error = letterlock::test::BeforeSync(fd);
  static const auto next = letterlock::test::Next<int (*)(int)>("fdatasync");
  // The bytes reach the disk; only the answer is an error.
  const int result = next(fd);
  if (error == 0) return result;
  errno = error;
  return -1;
}

ssize_t write(int fd, const void* bytes, size_t size) {
  const int error = letterlock::test::BeforeWrite(fd);
  if (error != 0) {
    errno = error;
    return -1;
  }
  static const auto next = letterlock::test::Next<ssize_t (*)(int, const void*, size_t)>("write");
  return next(fd, bytes, size);
}
}
