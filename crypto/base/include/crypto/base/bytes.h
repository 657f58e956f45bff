// ByteWriter and ByteReader: fixed binary layouts, big-endian everywhere (docs/formats.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"

namespace letterlock::crypto {

void AppendU16(std::string* out, uint16_t v);
void AppendU32(std::string* out, uint32_t v);
void AppendU64(std::string* out, uint64_t v);

// Builds a byte string that is not secret (it grows, so stale copies stay in memory).
class ByteWriter {
 public:
  ByteWriter& U8(uint8_t v);
  ByteWriter& U16(uint16_t v);
  ByteWriter& U32(uint32_t v);
  ByteWriter& U64(uint64_t v);
  ByteWriter& Bytes(std::string_view bytes);  // as they are
  // u32 length ‖ bytes. REQUIRES: at most 2^32 - 1 bytes.
  ByteWriter& Field(std::string_view bytes);

  const std::string& str() const { return out_; }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

// Reads a layout front to back. The first read past the end makes the reader fail for good: it and
// all later reads give zeros or empty views, and Finish says so. Callers read everything, then ask
// Finish once, before they act on any value.
class ByteReader {
 public:
  // `bytes` must outlive the reader and every view it gives.
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  uint8_t U8();
  uint16_t U16();
  uint32_t U32();
  uint64_t U64();
  std::string_view Bytes(size_t size);
  // u32 length ‖ bytes; fails if the length is above `max`.
  std::string_view Field(size_t max = SIZE_MAX);
  std::string_view Rest();  // all that is left

  bool ok() const { return ok_; }
  size_t remaining() const { return rest_.size(); }

  // OK if every read was in bounds and no byte is left; INVALID_ARGUMENT otherwise.
  [[nodiscard]] absl::Status Finish() const;

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace letterlock::crypto
