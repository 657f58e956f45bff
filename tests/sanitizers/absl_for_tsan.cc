// Linked into every program of the `tsan` preset, and into nothing else.
//
// ThreadSanitizer learns what happens before what from the locks that it sees. Debian's absl is not
// built for it, and absl::Mutex waits on futexes of its own, so that everything that an absl::Mutex
// guards would look like a race, in gRPC's shared libraries as in ours. Each function here stands
// in front of absl's own (the program's symbols come first for all shared libraries), tells
// ThreadSanitizer what the lock means, and calls the real one. Nothing is suppressed by it:
// two threads that hold different mutexes still race.

#include <absl/synchronization/blocking_counter.h>
#include <absl/synchronization/mutex.h>
#include <absl/synchronization/notification.h>
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include <cstdlib>

#pragma clang diagnostic ignored "-Wthread-safety"

extern "C" void AnnotateIgnoreReadsBegin(const char* file, int line);
extern "C" void AnnotateIgnoreReadsEnd(const char* file, int line);

namespace {

// absl's own function, by the name that the linker knows it by.
template <typename Function>
Function Real(const char* mangled) {
  void* found = dlsym(RTLD_NEXT, mangled);
  if (found == nullptr) std::abort();
  return reinterpret_cast<Function>(found);
}

void Acquired(const void* lock) { __tsan_acquire(const_cast<void*>(lock)); }
void Releases(const void* lock) { __tsan_release(const_cast<void*>(lock)); }

// A Condition is evaluated inside absl with the mutex held, but before Acquired() could say so; or
// by whoever unlocks the mutex, for those who wait, after Releases().
class IgnoreReads {
 public:
  IgnoreReads() { AnnotateIgnoreReadsBegin(__FILE__, __LINE__); }
  ~IgnoreReads() { AnnotateIgnoreReadsEnd(__FILE__, __LINE__); }
};

template <typename Result, typename Lock, typename... Arguments>
Result Conditionally(Result (*real)(Lock, Arguments...), Lock lock, Arguments... arguments) {
  const IgnoreReads ignored;
  return real(lock, arguments...);
}

}  // namespace

#define LETTERLOCK_REAL(type, name) static const auto real = Real<type>("_ZN4absl7debian3" name)
#define LETTERLOCK_REAL_CONST(type, name) \
  static const auto real = Real<type>("_ZNK4absl7debian3" name)

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  LETTERLOCK_REAL(void (*)(Mutex*), "5Mutex4LockEv");
  real(this);
  Acquired(this);
}

void Mutex::Unlock() {
  LETTERLOCK_REAL(void (*)(Mutex*), "5Mutex6UnlockEv");
  Releases(this);
  Conditionally(real, this);
}

bool Mutex::TryLock() {
  LETTERLOCK_REAL(bool (*)(Mutex*), "5Mutex7TryLockEv");
  const bool locked = real(this);
  if (locked) Acquired(this);
  return locked;
}

void Mutex::ReaderLock() {
  LETTERLOCK_REAL(void (*)(Mutex*), "5Mutex10ReaderLockEv");
  real(this);
  Acquired(this);
}

void Mutex::ReaderUnlock() {
  LETTERLOCK_REAL(void (*)(Mutex*), "5Mutex12ReaderUnlockEv");
  Releases(this);
  Conditionally(real, this);
}

bool Mutex::ReaderTryLock() {
  LETTERLOCK_REAL(bool (*)(Mutex*), "5Mutex13ReaderTryLockEv");
  const bool locked = real(this);
  if (locked) Acquired(this);
  return locked;
}

void Mutex::Await(const Condition& condition) {
  LETTERLOCK_REAL(void (*)(Mutex*, const Condition*), "5Mutex5AwaitERKNS0_9ConditionE");
  Releases(this);
  Conditionally(real, this, &condition);
  Acquired(this);
}

bool Mutex::AwaitWithTimeout(const Condition& condition, Duration timeout) {
  LETTERLOCK_REAL(bool (*)(Mutex*, const Condition*, Duration),
                  "5Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  Releases(this);
  const bool held = Conditionally(real, this, &condition, timeout);
  Acquired(this);
  return held;
}

bool Mutex::AwaitWithDeadline(const Condition& condition, Time deadline) {
  LETTERLOCK_REAL(bool (*)(Mutex*, const Condition*, Time),
                  "5Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE");
  Releases(this);
  const bool held = Conditionally(real, this, &condition, deadline);
  Acquired(this);
  return held;
}

void Mutex::LockWhen(const Condition& condition) {
  LETTERLOCK_REAL(void (*)(Mutex*, const Condition*), "5Mutex8LockWhenERKNS0_9ConditionE");
  Conditionally(real, this, &condition);
  Acquired(this);
}

bool Mutex::LockWhenWithTimeout(const Condition& condition, Duration timeout) {
  LETTERLOCK_REAL(bool (*)(Mutex*, const Condition*, Duration),
                  "5Mutex19LockWhenWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  const bool held = Conditionally(real, this, &condition, timeout);
  Acquired(this);
  return held;
}

bool Mutex::LockWhenWithDeadline(const Condition& condition, Time deadline) {
  LETTERLOCK_REAL(bool (*)(Mutex*, const Condition*, Time),
                  "5Mutex20LockWhenWithDeadlineERKNS0_9ConditionENS0_4TimeE");
  const bool held = Conditionally(real, this, &condition, deadline);
  Acquired(this);
  return held;
}

void CondVar::Wait(Mutex* mutex) {
  LETTERLOCK_REAL(void (*)(CondVar*, Mutex*), "7CondVar4WaitEPNS0_5MutexE");
  Releases(mutex);
  Conditionally(real, this, mutex);
  Acquired(mutex);
}

bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  LETTERLOCK_REAL(bool (*)(CondVar*, Mutex*, Duration),
                  "7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE");
  Releases(mutex);
  const bool timed_out = Conditionally(real, this, mutex, timeout);
  Acquired(mutex);
  return timed_out;
}

bool CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  LETTERLOCK_REAL(bool (*)(CondVar*, Mutex*, Time),
                  "7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE");
  Releases(mutex);
  const bool timed_out = Conditionally(real, this, mutex, deadline);
  Acquired(mutex);
  return timed_out;
}

void Notification::Notify() {
  LETTERLOCK_REAL(void (*)(Notification*), "12Notification6NotifyEv");
  Releases(this);
  real(this);
}

void Notification::WaitForNotification() const {
  LETTERLOCK_REAL_CONST(void (*)(const Notification*), "12Notification19WaitForNotificationEv");
  real(this);
  Acquired(this);
}

bool Notification::WaitForNotificationWithTimeout(Duration timeout) const {
  LETTERLOCK_REAL_CONST(bool (*)(const Notification*, Duration),
                        "12Notification30WaitForNotificationWithTimeoutENS0_8DurationE");
  const bool notified = real(this, timeout);
  if (notified) Acquired(this);
  return notified;
}

bool Notification::WaitForNotificationWithDeadline(Time deadline) const {
  LETTERLOCK_REAL_CONST(bool (*)(const Notification*, Time),
                        "12Notification31WaitForNotificationWithDeadlineENS0_4TimeE");
  const bool notified = real(this, deadline);
  if (notified) Acquired(this);
  return notified;
}

bool BlockingCounter::DecrementCount() {
  LETTERLOCK_REAL(bool (*)(BlockingCounter*), "15BlockingCounter14DecrementCountEv");
  Releases(this);
  return real(this);
}

void BlockingCounter::Wait() {
  LETTERLOCK_REAL(void (*)(BlockingCounter*), "15BlockingCounter4WaitEv");
  real(this);
  Acquired(this);
}

ABSL_NAMESPACE_END
}  // namespace absl
