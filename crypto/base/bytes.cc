#include "crypto/base/bytes.h"

#include <limits>

#include "require.h"

namespace letterlock::crypto {
namespace {

template <typename T>
void AppendBigEndian(std::string* out, T v) {
  for (int shift = std::numeric_limits<T>::digits - 8; shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>((v >> shift) & 0xff));
  }
}

template <typename T>
T BigEndian(std::string_view bytes) {
  uint64_t v = 0;
  for (char c : bytes) v = v << 8 | static_cast<uint8_t>(c);
  return static_cast<T>(v);
}

}  // namespace

void AppendU16(std::string* out, uint16_t v) { AppendBigEndian(out, v); }
void AppendU32(std::string* out, uint32_t v) { AppendBigEndian(out, v); }
void AppendU64(std::string* out, uint64_t v) { AppendBigEndian(out, v); }

ByteWriter& ByteWriter::U8(uint8_t v) {
  out_.push_back(static_cast<char>(v));
  return *this;
}

ByteWriter& ByteWriter::U16(uint16_t v) {
  AppendU16(&out_, v);
  return *this;
}

ByteWriter& ByteWriter::U32(uint32_t v) {
  AppendU32(&out_, v);
  return *this;
}

ByteWriter& ByteWriter::U64(uint64_t v) {
  AppendU64(&out_, v);
  return *this;
}

ByteWriter& ByteWriter::Bytes(std::string_view bytes) {
  out_.append(bytes);
  return *this;
}

ByteWriter& ByteWriter::Field(std::string_view bytes) {
  internal::Require(bytes.size() <= std::numeric_limits<uint32_t>::max(), "ByteWriter::Field");
  return U32(static_cast<uint32_t>(bytes.size())).Bytes(bytes);
}

uint8_t ByteReader::U8() { return BigEndian<uint8_t>(Bytes(1)); }
uint16_t ByteReader::U16() { return BigEndian<uint16_t>(Bytes(2)); }
uint32_t ByteReader::U32() { return BigEndian<uint32_t>(Bytes(4)); }
uint64_t ByteReader::U64() { return BigEndian<uint64_t>(Bytes(8)); }

std::string_view ByteReader::Bytes(size_t size) {
  if (!ok_ || size > rest_.size()) {
    ok_ = false;
    return {};
  }
  const std::string_view out = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return out;
}

std::string_view ByteReader::Field(size_t max) {
  const uint32_t size = U32();
  if (size > max) ok_ = false;
  return Bytes(size);
}

std::string_view ByteReader::Rest() { return Bytes(rest_.size()); }

absl::Status ByteReader::Finish() const {
  if (!ok_) return absl::InvalidArgumentError("bytes end too early");
  if (!rest_.empty()) return absl::InvalidArgumentError("bytes left over");
  return absl::OkStatus();
}

}  // namespace letterlock::crypto
