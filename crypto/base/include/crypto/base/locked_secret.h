// LockedSecret<N>: a root key (epoch key, log signing key) in pages of its own.
//
// The secret lives in sodium_malloc memory: between guard pages, locked into RAM where
// RLIMIT_MEMLOCK allows it, left out of core dumps, wiped when freed, and read-only from the moment
// of its creation, so that a stray write ends the process instead of changing the key. Each costs
// 8 KiB or more and a process can hold some thousands only: for root keys, never one per mailbox.
// libsodium 1.0.18 does not report when locking failed; the daemons check RLIMIT_MEMLOCK
// themselves.
//
// Thread-safety: concurrent const access is safe.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "crypto/base/secret_bytes.h"

namespace letterlock::crypto {

namespace internal {
void* LockedAllocate(size_t size);  // nullptr when out of lockable address space
void LockedMakeReadOnly(void* p);   // aborts on failure
void LockedMakeWritable(void* p);   // aborts on failure
void LockedFree(void* p);           // wipes
}  // namespace internal

template <size_t N>
class LockedSecret {
 public:
  // Moves `secret` into locked memory. RESOURCE_EXHAUSTED when no guarded pages are left.
  static absl::StatusOr<LockedSecret> Create(SecretBytes<N> secret) {
    void* page = internal::LockedAllocate(sizeof(SecretBytes<N>));
    if (page == nullptr) return absl::ResourceExhaustedError("no locked memory");
    LockedSecret out(::new (page) SecretBytes<N>(std::move(secret)));
    internal::LockedMakeReadOnly(page);
    return out;
  }

  LockedSecret(LockedSecret&& other) noexcept : secret_(std::exchange(other.secret_, nullptr)) {}
  LockedSecret& operator=(LockedSecret&& other) noexcept {
    std::swap(secret_, other.secret_);
    return *this;
  }
  LockedSecret(const LockedSecret&) = delete;
  LockedSecret& operator=(const LockedSecret&) = delete;
  ~LockedSecret() {
    if (secret_ == nullptr) return;
    internal::LockedMakeWritable(secret_);
    secret_->~SecretBytes();
    internal::LockedFree(secret_);
  }

  // For every function that takes a key. REQUIRES: not moved from.
  const SecretBytes<N>& secret() const { return *secret_; }

 private:
  explicit LockedSecret(SecretBytes<N>* secret) : secret_(secret) {}

  SecretBytes<N>* secret_;  // owned, in sodium_malloc memory
};

}  // namespace letterlock::crypto
