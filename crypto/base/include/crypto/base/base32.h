// Crockford's base32: text that people copy by hand. Alphabet 0-9 A-Z without I, L, O, U.
//
// Most significant bit first; the last digit is filled with zero bits. No check symbol: formats
// bring their own checksum. The per-digit functions exist so that a secret can be written and read
// in wiped storage; the string functions are for what is not secret.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace letterlock::crypto {

// REQUIRES: value < 32. Constant time.
char CrockfordDigit(unsigned value);
// 0 to 31; takes lower case, and O as 0, I and L as 1, as Crockford says. -1 for anything else.
// Constant time.
int CrockfordValue(char digit);

std::string CrockfordEncode(std::string_view bytes);
// INVALID_ARGUMENT for any character that is no digit (hyphens included), for a length that no
// encoding has, and for stray bits in the last digit.
absl::StatusOr<std::string> CrockfordDecode(std::string_view text);

}  // namespace letterlock::crypto
