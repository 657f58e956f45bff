// Builds a SecretBuffer front to back; crypto::ByteReader reads it. Private to the cache.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "crypto/base/key_access.h"
#include "crypto/base/secret_buffer.h"

namespace letterlock::client {

// Big-endian. Grows by doubling; what it leaves behind is wiped.
class SecretWriter {
 public:
  SecretWriter& Number(std::uint64_t value, std::size_t bytes) {
    char out[8];
    for (std::size_t i = 0; i < bytes; ++i) {
      out[i] = static_cast<char>(value >> (8 * (bytes - 1 - i)));
    }
    return Bytes({out, bytes});
  }
  SecretWriter& U8(std::uint8_t value) { return Number(value, 1); }
  SecretWriter& U16(std::uint16_t value) { return Number(value, 2); }
  SecretWriter& U32(std::uint32_t value) { return Number(value, 4); }
  SecretWriter& U64(std::uint64_t value) { return Number(value, 8); }
  SecretWriter& Bytes(std::string_view bytes) {
    if (size_ + bytes.size() > buffer_.size()) Grow(size_ + bytes.size());
    std::copy(bytes.begin(), bytes.end(),
              buffer_.RevealMutable(crypto::KeyAccess{}).begin() + size_);
    size_ += bytes.size();
    return *this;
  }
  // u32 length ‖ bytes.
  SecretWriter& Field(std::string_view bytes) {
    return U32(static_cast<std::uint32_t>(bytes.size())).Bytes(bytes);
  }
  SecretWriter& Field(const crypto::SecretBuffer& secret) {
    return Field(secret.RevealView(crypto::KeyAccess{}));
  }

  crypto::SecretBuffer Take() {
    buffer_.ShrinkTo(size_);
    return std::move(buffer_);
  }

 private:
  void Grow(std::size_t least) {
    auto grown = crypto::SecretBuffer::OfSize(std::max(least, 2 * buffer_.size() + 4096));
    const auto old = buffer_.Reveal(crypto::KeyAccess{}).first(size_);
    std::copy(old.begin(), old.end(), grown.RevealMutable(crypto::KeyAccess{}).begin());
    buffer_ = std::move(grown);
  }

  crypto::SecretBuffer buffer_;
  std::size_t size_ = 0;
};

}  // namespace letterlock::client
