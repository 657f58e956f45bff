// A fixed number of equal slots in pages that are locked into RAM and left out of core dumps, for
// the keys of mailboxes in use. sodium_malloc takes 8 KiB for each key and fails near 16,000; here
// a slot costs its size.
//
// What is given back is destroyed (key types wipe themselves) and wiped. Unlike LockedSecret, slots
// stand side by side and stay writable; guard pages stand around the whole.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace letterlock::mail {

// The pages and the list of free slots; no types, no constructors. Thread-safe.
class LockedPages {
 public:
  // RESOURCE_EXHAUSTED where the pages are not to be had. Pages that the system won't lock
  // (RLIMIT_MEMLOCK) are used all the same: locked() tells, and main decides.
  static absl::StatusOr<std::shared_ptr<LockedPages>> Create(std::size_t slots,
                                                             std::size_t slot_size);
  // REQUIRES: every slot was given back.
  ~LockedPages();
  LockedPages(const LockedPages&) = delete;
  LockedPages& operator=(const LockedPages&) = delete;

  // A zeroed slot, aligned to 16 bytes; nullptr when all are taken.
  void* Take();
  // Wipes it.
  void GiveBack(void* slot);

  bool locked() const { return locked_; }
  std::size_t taken() const;

 private:
  LockedPages(std::byte* mapping, std::size_t mapped, std::size_t slots, std::size_t slot_size);

  std::byte* const mapping_;  // with a guard page at either end
  const std::size_t mapped_;
  const std::size_t slot_size_;
  bool locked_ = false;

  mutable absl::Mutex mu_;
  std::vector<std::byte*> free_ ABSL_GUARDED_BY(mu_);
  std::size_t taken_ ABSL_GUARDED_BY(mu_) = 0;
};

// Thread-safe.
template <typename T>
class LockedArena {
 public:
  static absl::StatusOr<LockedArena> Create(std::size_t slots) {
    static_assert(alignof(T) <= 16);
    auto pages = LockedPages::Create(slots, (sizeof(T) + 15) / 16 * 16);
    if (!pages.ok()) return pages.status();
    return LockedArena(*std::move(pages));
  }

  // Moves `value` into a slot, which is given back with the last copy of the pointer. nullptr when
  // all slots are taken.
  std::shared_ptr<const T> Hold(T value) const {
    void* slot = pages_->Take();
    if (slot == nullptr) return nullptr;
    T* held = ::new (slot) T(std::move(value));
    return std::shared_ptr<const T>(held, [pages = pages_](const T* object) {
      T* owned = const_cast<T*>(object);
      owned->~T();
      pages->GiveBack(owned);
    });
  }

  bool locked() const { return pages_->locked(); }
  std::size_t taken() const { return pages_->taken(); }

 private:
  explicit LockedArena(std::shared_ptr<LockedPages> pages) : pages_(std::move(pages)) {}

  std::shared_ptr<LockedPages> pages_;
};

}  // namespace letterlock::mail
