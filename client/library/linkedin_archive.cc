#include <csv.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "client/archive.h"
#include "client/failure.h"
#include "crypto/base/utf8.h"
#include "crypto/seal/content.h"
#include "server/config/files.h"

namespace letterlock::client {
namespace {

constexpr std::size_t kMostBytes = std::size_t{256} << 20;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// The columns that a message needs, as the file names them.
enum Column { kConversation, kFrom, kTo, kDate, kSubject, kContent, kFolder, kColumns };
constexpr std::array<std::string_view, kColumns> kNames = {
    "CONVERSATION ID", "FROM", "TO", "DATE", "SUBJECT", "CONTENT", "FOLDER"};

using Row = std::vector<std::string>;

std::string Trimmed(std::string_view text) {
  const auto space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return std::string(text);
}

// libcsv, fed line by line, so that each row knows where it began.
class Rows {
 public:
  // `take` gets each row that is not empty, with its line; false ends the reading.
  using Take = std::function<bool(std::size_t line, Row row)>;

  static bool Read(std::string_view text, const Take& take) {
    Rows rows(take);
    return rows.parser_ != nullptr && rows.Feed(text);
  }

 private:
  explicit Rows(const Take& take) : take_(take) {
    if (csv_init(&csv_, CSV_STRICT | CSV_STRICT_FINI) != 0) return;
    parser_.reset(&csv_);
    // As they stand there: a lone space is a text.
    csv_set_space_func(&csv_, [](unsigned char) { return 0; });
  }

  bool Feed(std::string_view text) {
    for (; !text.empty() && wanted_; ++line_) {
      if (fields_.empty()) begin_ = line_;
      const std::string_view one = text.substr(0, text.find('\n') + 1);
      const std::string_view piece = one.empty() ? text : one;
      text.remove_prefix(piece.size());
      if (csv_parse(&csv_, piece.data(), piece.size(), OnField, OnRow, this) != piece.size()) {
        return false;
      }
    }
    return csv_fini(&csv_, OnField, OnRow, this) == 0;
  }

  static void OnField(void* bytes, std::size_t size, void* self) {
    auto& rows = *static_cast<Rows*>(self);
    rows.fields_.emplace_back(static_cast<const char*>(bytes), size);
  }
  static void OnRow(int, void* self) {
    auto& rows = *static_cast<Rows*>(self);
    Row row = std::exchange(rows.fields_, {});
    if (rows.wanted_) rows.wanted_ = rows.take_(rows.begin_, std::move(row));
  }

  struct Free {
    void operator()(csv_parser* parser) const { csv_free(parser); }
  };

  const Take& take_;
  csv_parser csv_{};
  std::unique_ptr<csv_parser, Free> parser_;
  std::size_t line_ = 1;
  std::size_t begin_ = 1;
  Row fields_;
  bool wanted_ = true;
};

struct Layout {
  std::size_t width = 0;
  std::array<std::size_t, kColumns> places{};
};

std::optional<Layout> LayoutOf(const Row& header) {
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < header.size(); ++i) {
    std::string name = Trimmed(header[i]);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
    if (!places.emplace(std::move(name), i).second) return std::nullopt;
  }
  Layout layout{.width = header.size()};
  for (std::size_t i = 0; i < kColumns; ++i) {
    const auto place = places.find(std::string(kNames[i]));
    if (place == places.end()) return std::nullopt;
    layout.places[i] = place->second;
  }
  return layout;
}

std::optional<std::uint64_t> TimeOf(std::string_view text) {
  std::string date = Trimmed(text);
  if (date.ends_with(" UTC")) date.resize(date.size() - 4);
  for (const char* form :
       {"%Y-%m-%d%ET%H:%M:%E*S%Ez", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"}) {
    absl::Time time;
    if (absl::ParseTime(form, date, absl::UTCTimeZone(), &time, nullptr) &&
        time >= absl::UnixEpoch()) {
      return static_cast<std::uint64_t>(absl::ToUnixMillis(time));
    }
  }
  return std::nullopt;
}

// A body that begins with one of the tags that LinkedIn writes.
bool IsHtml(std::string_view body) {
  for (const std::string_view tag : {"<p", "<div", "<html", "<br", "<a", "<span"}) {
    if (!body.starts_with(tag)) continue;
    const unsigned char next =
        body.size() > tag.size() ? static_cast<unsigned char>(body[tag.size()]) : '>';
    if (std::isalnum(next) == 0) return true;
  }
  return false;
}

// Why a row is left out; nullptr where it is good.
const char* WhyBad(const ArchivedMessage& m) {
  for (const std::string* text :
       {&m.conversation, &m.from, &m.to, &m.date, &m.subject, &m.content, &m.folder}) {
    if (!crypto::CountCharacters(*text).has_value()) return "it is not UTF-8";
    if (text->find('\0') != std::string::npos) return "it holds a zero character";
  }
  if (Trimmed(m.conversation).empty()) return "it has no conversation id";
  if (Trimmed(m.from).empty()) return "it has no sender";
  const auto longer = [](const std::string& text, std::size_t most) {
    return *crypto::CountCharacters(text) > most;
  };
  if (longer(m.subject, seal::kMaxSubjectCharacters)) return "its subject is over 200 characters";
  if (longer(m.content, seal::kMaxImportedBodyCharacters))
    return "its text is over 8,000 characters";
  for (const std::string* text : {&m.conversation, &m.from, &m.to, &m.date, &m.folder}) {
    if (longer(*text, seal::kMaxImportedTextCharacters)) {
      return "one of its columns is over 1,000 characters";
    }
  }
  if (!TimeOf(m.date).has_value()) return "its date is not one like 2025-03-12 16:25:23 UTC";
  return nullptr;
}

void Add(std::size_t line, Row row, const Layout& layout, Archive* archive) {
  if (row.size() != layout.width) {
    archive->bad.push_back({line, "it has another number of fields than the first row"});
    return;
  }
  const auto take = [&](Column column) { return std::move(row[layout.places[column]]); };
  ArchivedMessage message{.line = line,
                          .conversation = take(kConversation),
                          .from = take(kFrom),
                          .to = take(kTo),
                          .date = take(kDate),
                          .subject = take(kSubject),
                          .content = take(kContent),
                          .folder = take(kFolder)};
  if (const char* why = WhyBad(message); why != nullptr) {
    archive->bad.push_back({line, why});
    return;
  }
  message.sent_unix_ms = *TimeOf(message.date);
  message.html = IsHtml(message.content);
  archive->messages.push_back(std::move(message));
}

}  // namespace

absl::StatusOr<Archive> ReadLinkedInArchive(const std::string& path) {
  const auto bytes = config::ReadFile(path, kMostBytes);
  if (!bytes.ok()) return UsageProblem("the archive can't be read, or is over 256 MiB");
  std::string_view text = *bytes;
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());

  Archive archive;
  std::optional<Layout> layout;
  bool first = true;
  const bool whole = Rows::Read(text, [&](std::size_t line, Row row) {
    if (std::exchange(first, false)) {
      layout = LayoutOf(row);
      return layout.has_value();
    }
    Add(line, std::move(row), *layout, &archive);
    return true;
  });
  if (!first && !layout.has_value()) {
    return UsageProblem(
        "the archive's first row does not name the columns CONVERSATION ID, FROM, TO, DATE, "
        "SUBJECT, CONTENT and FOLDER, each once");
  }
  if (!whole) return UsageProblem("the archive is no CSV file: a quote is not closed, or astray");
  if (first) return UsageProblem("the archive is empty");
  // Archives list the newest first: of equal dates the later row is the older message.
  std::ranges::sort(archive.messages, [](const ArchivedMessage& a, const ArchivedMessage& b) {
    return std::pair(a.sent_unix_ms, b.line) < std::pair(b.sent_unix_ms, a.line);
  });
  return archive;
}

}  // namespace letterlock::client
