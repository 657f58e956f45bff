// The two files of a segment: sealed copies by slot, and the index of their terms (docs/formats.md,
// "Local cache"). Pure functions; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/base/secret_buffer.h"

namespace letterlock::client {

struct Posting {
  std::uint64_t term = 0;
  std::uint16_t slot = 0;
  friend auto operator<=>(const Posting&, const Posting&) = default;
};

std::string CopiesFile(std::uint64_t segment);
std::string TermsFile(std::uint64_t segment);

crypto::SecretBuffer WriteCopies(const std::vector<std::string_view>& copies);
// Views into `bytes`. DATA_LOSS.
absl::StatusOr<std::vector<std::string_view>> ReadCopies(const crypto::SecretBuffer& bytes);

// Sorts them.
crypto::SecretBuffer WritePostings(std::vector<Posting> postings);
absl::StatusOr<std::vector<Posting>> ReadPostings(const crypto::SecretBuffer& bytes);

}  // namespace letterlock::client
