// The hashes of a proof as C2SP writes them, a base64 line each and an empty line behind the last;
// private to attest.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "crypto/base/hash.h"

namespace letterlock::attest {

// Takes the lines and the empty line off `rest`. nullopt for a line that is no hash, for more than
// `max` of them, or where the empty line is missing.
std::optional<std::vector<crypto::Digest>> TakeHashLines(std::string_view& rest, size_t max);

// The inverse.
std::string FormatHashLines(absl::Span<const crypto::Digest> hashes);

}  // namespace letterlock::attest
