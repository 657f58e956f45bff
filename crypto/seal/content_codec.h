// Private: content and signed content as bytes (docs/formats.md, "Envelope", steps 1, 3 and 4).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/base/ids.h"
#include "crypto/base/secret_buffer.h"
#include "crypto/seal/content.h"
#include "letterlock/mail/v1/envelope.pb.h"

namespace letterlock::seal::internal {

struct AddressedContent {
  Content content;
  crypto::Handle sender;
  crypto::Handle recipient;
};

// Step 1. REQUIRES: CheckContent.
crypto::SecretBuffer EncodeContent(const Content& content, const crypto::Handle& sender,
                                   const crypto::Handle& recipient);
// INVALID_ARGUMENT unless `bytes` are canonical and within the limits.
absl::StatusOr<AddressedContent> DecodeContent(std::string_view bytes);

// Steps 3 and 4: the padded length is known before the signature, which covers it by the header.
class PaddedContent {
 public:
  // `content` is what EncodeContent gave. INVALID_ARGUMENT if it is too large.
  static absl::StatusOr<PaddedContent> Prepare(const crypto::SecretBuffer& content);

  uint32_t padded_length() const { return padded_length_; }
  crypto::SecretBuffer Finish(const std::string& signature) &&;

  PaddedContent(PaddedContent&&) = default;
  ~PaddedContent();

 private:
  PaddedContent() = default;

  mail::v1::SignedContent signed_;
  uint32_t padded_length_ = 0;
};

// What Finish gave, taken apart again. Move-only.
struct SignedContent {
  crypto::SecretBuffer content;
  std::string signature;
};

// INVALID_ARGUMENT unless the padding is zero and minimal and the rest canonical.
absl::StatusOr<SignedContent> ParsePadded(std::string_view padded);

}  // namespace letterlock::seal::internal
