#include "server/mail/keys/locked_arena.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <span>

#include "crypto/base/secret_bytes.h"

namespace letterlock::mail {
namespace {

std::size_t PageSize() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

}  // namespace

absl::StatusOr<std::shared_ptr<LockedPages>> LockedPages::Create(std::size_t slots,
                                                                 std::size_t slot_size) {
  const std::size_t page = PageSize();
  const std::size_t inner = (slots * slot_size + page - 1) / page * page;
  const std::size_t mapped = inner + 2 * page;
  void* const mapping = mmap(nullptr, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return absl::ResourceExhaustedError("no memory for the key arena");
  // Owned from here on: the destructor unmaps.
  std::shared_ptr<LockedPages> pages(
      new LockedPages(static_cast<std::byte*>(mapping), mapped, slots, slot_size));

  std::byte* const first = pages->mapping_ + page;
  if (mprotect(first, inner, PROT_READ | PROT_WRITE) != 0) {
    return absl::ResourceExhaustedError("no memory for the key arena");
  }
  // Without it keys would be in core dumps: no kernel that this runs on lacks it.
  if (madvise(first, inner, MADV_DONTDUMP) != 0) {
    return absl::FailedPreconditionError("the key arena can't be kept out of core dumps");
  }
  pages->locked_ = mlock(first, inner) == 0;
  return pages;
}

LockedPages::LockedPages(std::byte* mapping, std::size_t mapped, std::size_t slots,
                         std::size_t slot_size)
    : mapping_(mapping), mapped_(mapped), slot_size_(slot_size) {
  std::byte* const first = mapping_ + PageSize();
  absl::MutexLock lock(&mu_);
  free_.reserve(slots);
  for (std::size_t i = slots; i-- > 0;) free_.push_back(first + i * slot_size);
}

LockedPages::~LockedPages() { munmap(mapping_, mapped_); }

void* LockedPages::Take() {
  absl::MutexLock lock(&mu_);
  if (free_.empty()) return nullptr;
  std::byte* const slot = free_.back();
  free_.pop_back();
  ++taken_;
  return slot;
}

void LockedPages::GiveBack(void* slot) {
  crypto::Wipe(std::span(static_cast<std::uint8_t*>(slot), slot_size_));
  absl::MutexLock lock(&mu_);
  free_.push_back(static_cast<std::byte*>(slot));
  --taken_;
}

std::size_t LockedPages::taken() const {
  absl::MutexLock lock(&mu_);
  return taken_;
}

}  // namespace letterlock::mail
