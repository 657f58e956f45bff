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

bool IsSource(std::string_view source) {
  return !source.empty() && source.size() <= 32 &&
         source.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") ==
             std::string_view::npos;
}

bool IsImported(const Imported& imported) {
  if (!IsSource(imported.source) || imported.to.size() > kMaxImportedTo) return false;
  for (const std::string* text :
       {&imported.conversation, &imported.from, &imported.date, &imported.folder}) {
    if (!IsText(*text, kMaxImportedTextCharacters)) return false;
  }
  for (const std::string& to : imported.to) {
    if (!IsText(to, kMaxImportedTextCharacters)) return false;
  }
  return true;
}

}  // namespace

bool IsFileName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxFileNameBytes && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\0", 2)) == std::string_view::npos &&
         CountCharacters(name).has_value();
}

absl::Status CheckContent(const Content& content) {
  if (!IsText(content.subject.RevealView(KeyAccess{}), kMaxSubjectCharacters)) {
    return absl::InvalidArgumentError("subject is over 200 characters or not UTF-8");
  }
  if (content.imported && !IsImported(*content.imported)) {
    return absl::InvalidArgumentError("what an archive says is too long or not UTF-8");
  }
  const size_t most = content.imported ? kMaxImportedBodyCharacters : kMaxBodyCharacters;
  if (!IsText(content.body.RevealView(KeyAccess{}), most)) {
    return absl::InvalidArgumentError(content.imported
                                          ? "body is over 8,000 characters or not UTF-8"
                                          : "body is over 2,000 characters or not UTF-8");
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
