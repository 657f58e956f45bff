// What a message says (docs/formats.md, "Envelope", step 1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "crypto/base/hash.h"
#include "crypto/base/secret_buffer.h"
#include "crypto/base/secret_bytes.h"

namespace letterlock::seal {

inline constexpr size_t kMaxSubjectCharacters = 200;  // Unicode scalar values
inline constexpr size_t kMaxBodyCharacters = 2000;
inline constexpr size_t kMaxAttachments = 16;
inline constexpr size_t kMaxFileNameBytes = 255;

enum class BodyFormat {
  kPlain = 1,
  kHtml = 2,  // kept as it is; shown as text unless the client sanitises it
};

// What opens and checks an attachment.
struct Attachment {
  std::string file_name;  // UTF-8, 1 to kMaxFileNameBytes, no '/' and no zero byte
  crypto::SecretBytes<32> key;
  crypto::Digest ciphertext_hash;
  uint64_t size;  // bytes of plaintext
  uint32_t chunk_count;
};

// Move-only; texts and keys are wiped.
struct Content {
  crypto::SecretBuffer subject;  // UTF-8
  crypto::SecretBuffer body;     // UTF-8
  BodyFormat body_format = BodyFormat::kPlain;
  uint64_t sent_unix_ms = 0;  // the sender's clock
  std::vector<Attachment> attachments;
};

// INVALID_ARGUMENT, naming the part, unless the content keeps to the limits above.
absl::Status CheckContent(const Content& content);

}  // namespace letterlock::seal
