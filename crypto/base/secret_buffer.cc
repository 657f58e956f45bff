#include "crypto/base/secret_buffer.h"

#include <cstring>
#include <utility>

#include "crypto/base/secret_bytes.h"
#include "crypto/base/strings.h"
#include "require.h"

namespace letterlock::crypto {

SecretBuffer SecretBuffer::OfSize(size_t size) {
  SecretBuffer out;
  if (size == 0) return out;
  out.data_ = std::make_unique<uint8_t[]>(size);
  out.size_ = out.capacity_ = size;
  return out;
}

SecretBuffer SecretBuffer::Copy(std::string_view bytes) {
  SecretBuffer out = OfSize(bytes.size());
  if (!bytes.empty()) std::memcpy(out.data_.get(), bytes.data(), bytes.size());
  return out;
}

SecretBuffer::SecretBuffer(SecretBuffer&& other) noexcept
    : data_(std::move(other.data_)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

SecretBuffer& SecretBuffer::operator=(SecretBuffer&& other) noexcept {
  if (this == &other) return *this;
  Release();
  data_ = std::move(other.data_);
  size_ = std::exchange(other.size_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  return *this;
}

SecretBuffer::~SecretBuffer() { Release(); }

std::string_view SecretBuffer::RevealView(KeyAccess access) const { return AsView(Reveal(access)); }

void SecretBuffer::ShrinkTo(size_t size) {
  internal::Require(size <= size_, "SecretBuffer::ShrinkTo");
  Wipe({data_.get() + size, size_ - size});
  size_ = size;
}

void SecretBuffer::Release() noexcept {
  Wipe({data_.get(), capacity_});
  data_.reset();
  size_ = capacity_ = 0;
}

}  // namespace letterlock::crypto
