#include "crypto/base/encoding.h"

#include <sodium.h>

#include "sodium_ready.h"

namespace letterlock::crypto {
namespace {

using internal::Data;

std::string Encode64(std::string_view bytes, int variant) {
  std::string out(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(out.data(), out.size(), Data(bytes), bytes.size(), variant);
  out.pop_back();  // libsodium ends with a zero byte
  return out;
}

absl::StatusOr<std::string> Decode64(std::string_view text, int variant) {
  std::string out(text.size() / 4 * 3 + 3, '\0');
  size_t size = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(),
                        text.size(), nullptr, &size, nullptr, variant) != 0) {
    return absl::InvalidArgumentError("not base64");
  }
  out.resize(size);
  // libsodium's parser is strict already; comparing keeps that true whatever its version.
  if (Encode64(out, variant) != text) return absl::InvalidArgumentError("not canonical base64");
  return out;
}

}  // namespace

std::string Base64Encode(std::string_view bytes) {
  return Encode64(bytes, sodium_base64_VARIANT_ORIGINAL);
}

absl::StatusOr<std::string> Base64Decode(std::string_view text) {
  return Decode64(text, sodium_base64_VARIANT_ORIGINAL);
}

std::string Base64UrlEncode(std::string_view bytes) {
  return Encode64(bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

absl::StatusOr<std::string> Base64UrlDecode(std::string_view text) {
  return Decode64(text, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

std::string HexEncode(std::string_view bytes) {
  std::string out(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), Data(bytes), bytes.size());
  out.pop_back();
  return out;
}

absl::StatusOr<std::string> HexDecode(std::string_view text) {
  std::string out(text.size() / 2 + 1, '\0');
  size_t size = 0;
  if (sodium_hex2bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(),
                     text.size(), nullptr, &size, nullptr) != 0) {
    return absl::InvalidArgumentError("not hexadecimal");
  }
  out.resize(size);
  if (HexEncode(out) != text) return absl::InvalidArgumentError("not lower-case hexadecimal");
  return out;
}

}  // namespace letterlock::crypto
