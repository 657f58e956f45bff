// SecretBuffer: secret bytes whose size is known only at run time (opened content, a passphrase).
//
// Allocated once and never grown, so no stale copy stays behind; move-only; wiped when destroyed,
// assigned over or shrunk. Like SecretBytes it is read through Reveal(KeyAccess{}) alone.
//
// Thread-safety: as an int; concurrent const access is safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "crypto/base/key_access.h"

namespace letterlock::crypto {

class SecretBuffer {
 public:
  // No bytes.
  SecretBuffer() = default;

  static SecretBuffer OfSize(size_t size);  // all zero
  static SecretBuffer Copy(std::string_view bytes);

  SecretBuffer(SecretBuffer&& other) noexcept;
  SecretBuffer& operator=(SecretBuffer&& other) noexcept;
  SecretBuffer(const SecretBuffer&) = delete;
  SecretBuffer& operator=(const SecretBuffer&) = delete;
  ~SecretBuffer();

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  std::span<const uint8_t> Reveal(KeyAccess) const { return {data_.get(), size_}; }
  std::span<uint8_t> RevealMutable(KeyAccess) { return {data_.get(), size_}; }
  // The same bytes as text.
  std::string_view RevealView(KeyAccess) const;

  // Keeps the first `size` bytes and wipes the rest. REQUIRES: size <= this->size().
  void ShrinkTo(size_t size);

 private:
  void Release() noexcept;

  std::unique_ptr<uint8_t[]> data_;
  size_t size_ = 0;      // bytes in use
  size_t capacity_ = 0;  // bytes allocated, all of which are wiped
};

}  // namespace letterlock::crypto
