// What a message says (docs/formats.md, "Envelope", step 1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "crypto/base/hash.h"
#include "crypto/base/secret_buffer.h"
#include "crypto/base/secret_bytes.h"

namespace letterlock::seal {

inline constexpr size_t kMaxSubjectCharacters = 200;  // Unicode scalar values
inline constexpr size_t kMaxBodyCharacters = 2000;
inline constexpr size_t kMaxImportedBodyCharacters = 8000;
inline constexpr size_t kMaxImportedTo = 64;
inline constexpr size_t kMaxImportedTextCharacters = 1000;  // of each text of Imported
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

// What another service's archive said of a message that a member brought along (docs/formats.md,
// "Imported messages"): a claim of the archive, which nobody signed there.
struct Imported {
  std::string source;  // 1 to 32 of a to z, 0 to 9, '-'
  std::string conversation{};
  std::string from{};
  std::vector<std::string> to{};
  std::string date{};  // as the archive wrote it
  std::string folder{};
};

// Move-only; texts and keys are wiped.
struct Content {
  crypto::SecretBuffer subject;  // UTF-8
  crypto::SecretBuffer body;     // UTF-8
  BodyFormat body_format = BodyFormat::kPlain;
  uint64_t sent_unix_ms = 0;  // the sender's clock
  std::vector<Attachment> attachments;
  // Only in a message of a member to herself, and in each of these.
  std::optional<Imported> imported{};
};

// Whether an attachment may be called so: a name that can't leave the folder that it is saved in.
bool IsFileName(std::string_view name);

// INVALID_ARGUMENT, naming the part, unless the content keeps to the limits above.
absl::Status CheckContent(const Content& content);

}  // namespace letterlock::seal
