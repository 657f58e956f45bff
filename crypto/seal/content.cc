#include "crypto/seal/content.h"

#include <optional>
#include <string_view>

#include "crypto/base/utf8.h"

namespace letterlock::seal {
namespace {

using crypto::CountCharacters;
using crypto::KeyAccess;

bool IsText(std::string_view text, size_t max_characters) {
  const std::optional<size_t> count = CountCharacters(text);
  return count.has_value() && *count <= max_characters;
}

// A name that can't leave the folder that a client saves it in.
bool IsFileName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxFileNameBytes && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\0", 2)) == std::string_view::npos &&
         CountCharacters(name).has_value();
}

}  // namespace

absl::Status CheckContent(const Content& content) {
  if (!IsText(content.subject.RevealView(KeyAccess{}), kMaxSubjectCharacters)) {
    return absl::InvalidArgumentError("subject is over 200 characters or not UTF-8");
  }
  if (!IsText(content.body.RevealView(KeyAccess{}), kMaxBodyCharacters)) {
    return absl::InvalidArgumentError("body is over 2,000 characters or not UTF-8");
  }
  if (content.body_format != BodyFormat::kPlain && content.body_format != BodyFormat::kHtml) {
    return absl::InvalidArgumentError("body format is unknown");
  }
  if (content.attachments.size() > kMaxAttachments) {
    return absl::InvalidArgumentError("more than 16 attachments");
  }
  for (const Attachment& attachment : content.attachments) {
    if (!IsFileName(attachment.file_name)) {
      return absl::InvalidArgumentError("an attachment's file name is not allowed");
    }
  }
  return absl::OkStatus();
}

}  // namespace letterlock::seal
