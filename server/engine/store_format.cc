#include "engine/store_format.h"

#include <charconv>
#include <optional>

namespace letterlock::engine {
namespace {

constexpr std::string_view kKindField = "letterlock-store ";
constexpr std::string_view kReaderField = "min_reader ";
constexpr std::string_view kWriterField = "min_writer ";

struct Format {
  std::string kind;
  int min_reader = 0;
  int min_writer = 0;
};

std::optional<std::string_view> TakeLine(std::string_view& text, std::string_view field) {
  if (!text.starts_with(field)) return std::nullopt;
  text.remove_prefix(field.size());
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view value = text.substr(0, end);
  text.remove_prefix(end + 1);
  return value;
}

std::optional<int> ParseVersion(std::optional<std::string_view> text) {
  int value = 0;
  if (!text || text->empty() || text->front() < '1' || text->front() > '9') return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return value;
}

std::optional<Format> Parse(std::string_view text) {
  const auto kind = TakeLine(text, kKindField);
  if (!kind) return std::nullopt;
  const auto reader = ParseVersion(TakeLine(text, kReaderField));
  const auto writer = ParseVersion(TakeLine(text, kWriterField));
  if (!reader || !writer || !text.empty()) return std::nullopt;
  return Format{std::string(*kind), *reader, *writer};
}

}  // namespace

std::string FormatOf(std::string_view kind) {
  const std::string version = std::to_string(kFormatVersion) + "\n";
  return std::string(kKindField) + std::string(kind) + "\n" + std::string(kReaderField) + version +
         std::string(kWriterField) + version;
}

absl::Status CheckFormat(const std::string& path, std::string_view format, std::string_view kind) {
  const std::optional<Format> parsed = Parse(format);
  if (!parsed) return absl::DataLossError(path + "/FORMAT is malformed");
  if (parsed->kind != kind) {
    return absl::FailedPreconditionError(path + " is a store of another kind: " + parsed->kind);
  }
  if (parsed->min_reader > kFormatVersion || parsed->min_writer > kFormatVersion) {
    return absl::FailedPreconditionError(path + " was written by newer software (format " +
                                         std::to_string(parsed->min_writer) + "); this one knows " +
                                         std::to_string(kFormatVersion));
  }
  return absl::OkStatus();
}

}  // namespace letterlock::engine
