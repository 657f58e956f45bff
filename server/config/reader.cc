#include "server/config/reader.h"

#include <toml++/toml.h>

#include <charconv>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "crypto/base/encoding.h"
#include "crypto/base/strings.h"
#include "document.h"
#include "server/config/files.h"

namespace letterlock::config {
namespace {

constexpr std::size_t kMaxFile = 1024 * 1024;

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::optional<std::int64_t> ParseNumber(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "4096", "4KiB", "256MiB", "1GiB".
std::optional<std::int64_t> ParseSize(std::string_view text) {
  static constexpr std::pair<std::string_view, int> kUnits[] = {
      {"KiB", 10}, {"MiB", 20}, {"GiB", 30}};
  for (const auto& [unit, shift] : kUnits) {
    if (!text.ends_with(unit)) continue;
    const auto count = ParseNumber(text.substr(0, text.size() - unit.size()));
    if (!count || *count < 0 || *count > (INT64_MAX >> shift)) return std::nullopt;
    return *count << shift;
  }
  return ParseNumber(text);
}

std::string Between(const std::string& least, const std::string& most) {
  return "must be between " + least + " and " + most;
}

}  // namespace

absl::Status Overrides::Add(std::string_view assignment) {
  const auto equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return absl::InvalidArgumentError("--set takes KEY=VALUE");
  }
  Set(std::string(assignment.substr(0, equals)), std::string(assignment.substr(equals + 1)));
  return absl::OkStatus();
}

void Overrides::Set(std::string key, std::string value) {
  values_.emplace_back(std::move(key), std::move(value));
}

// A table of the document. A reader of [[tables]] has a prefix, "witness[0].".
class Reader::State {
 public:
  State(std::shared_ptr<Document> document, const toml::table* table, std::string prefix)
      : document_(std::move(document)), table_(table), prefix_(std::move(prefix)) {}

  // The value of `key`, if there is one to be read; sees to descriptions and to required ones.
  std::optional<Found> Find(std::string_view key, std::string_view type, std::string_view help,
                            std::string default_value, Need need) {
    Found found = document_->Find(*table_, prefix_, key);
    if (document_->describing()) {
      document_->AddOption({prefix_ + std::string(key), std::string(type), std::string(help),
                            std::move(default_value), need == kRequired});
      return std::nullopt;
    }
    if (!found.any() && need == kRequired) Error(key, found, "must be set");
    if (!found.any()) return std::nullopt;
    return found;
  }

  void Error(std::string_view key, const Found& found, std::string_view why) {
    document_->Error(prefix_ + std::string(key), found, why);
  }

  // Found as a text; says so where it is something else.
  std::optional<std::string> TextOf(std::string_view key, const Found& found,
                                    std::string_view otherwise) {
    if (found.text) return found.text;
    if (const auto text = found.node->value_exact<std::string>()) return text;
    Error(key, found, otherwise);
    return std::nullopt;
  }

  Document& document() { return *document_; }
  const std::shared_ptr<Document>& shared() const { return document_; }
  const toml::table& table() const { return *table_; }
  const std::string& prefix() const { return prefix_; }

 private:
  const std::shared_ptr<Document> document_;
  const toml::table* const table_;  // in document_
  const std::string prefix_;
};

Reader::Reader(std::unique_ptr<State> state) : state_(std::move(state)) {}
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;
Reader::~Reader() = default;

absl::StatusOr<Reader> Reader::Load(const std::string& path, const Overrides& overrides) {
  absl::StatusOr<std::string> text = ReadFile(path, kMaxFile);
  if (!text.ok()) return text.status();
  return Parse(*text, NameOf(path), DirectoryOf(path), overrides);
}

absl::StatusOr<Reader> Reader::Parse(std::string_view toml, const std::string& name,
                                     const std::string& directory, const Overrides& overrides) {
  auto document = Document::Parse(toml, name, directory, overrides);
  if (!document.ok()) return document.status();
  const toml::table* root = &(*document)->root();
  return Reader(std::make_unique<State>(*std::move(document), root, ""));
}

Reader Reader::Describe() {
  auto document = Document::ForDescription();
  const toml::table* root = &document->root();
  return Reader(std::make_unique<State>(std::move(document), root, ""));
}

void Reader::Text(std::string_view key, std::string* value, std::string_view help, Need need) {
  const auto found = state_->Find(key, "text", help, *value, need);
  if (!found) return;
  if (auto text = state_->TextOf(key, *found, "must be a text")) *value = *std::move(text);
}

void Reader::Path(std::string_view key, std::string* value, std::string_view help, Need need) {
  const auto found = state_->Find(key, "path", help, *value, need);
  if (!found) return;
  auto text = state_->TextOf(key, *found, "must be a path, as a text");
  if (!text) return;
  // On the command line a relative path is meant from where the command runs.
  const bool relative = !text->empty() && text->front() != '/' && !found->text;
  *value = relative ? state_->document().directory() + "/" + *text : *std::move(text);
}

void Reader::Flag(std::string_view key, bool* value, std::string_view help, Need need) {
  const auto found = state_->Find(key, "true|false", help, *value ? "true" : "false", need);
  if (!found) return;
  if (found->text) {
    if (*found->text != "true" && *found->text != "false") {
      return state_->Error(key, *found, "must be true or false");
    }
    *value = *found->text == "true";
  } else if (const auto flag = found->node->value_exact<bool>()) {
    *value = *flag;
  } else {
    state_->Error(key, *found, "must be true or false");
  }
}

void Reader::NumberImpl(std::string_view key, std::int64_t* value, std::int64_t least,
                        std::int64_t most, std::string_view help, Need need) {
  const auto found = state_->Find(key, "number", help, std::to_string(*value), need);
  if (!found) return;
  const std::optional<std::int64_t> number =
      found->text ? ParseNumber(*found->text) : found->node->value_exact<std::int64_t>();
  if (!number || *number < least || *number > most) {
    return state_->Error(key, *found, Between(std::to_string(least), std::to_string(most)));
  }
  *value = *number;
}

void Reader::Time(std::string_view key, absl::Duration* value, absl::Duration least,
                  absl::Duration most, std::string_view help, Need need) {
  const auto found = state_->Find(key, "duration", help, absl::FormatDuration(*value), need);
  if (!found) return;
  const auto text = state_->TextOf(key, *found, "must be a duration, as \"10s\" or \"250ms\"");
  if (!text) return;
  absl::Duration duration;
  if (!absl::ParseDuration(*text, &duration) || duration < least || duration > most) {
    return state_->Error(key, *found,
                         Between(absl::FormatDuration(least), absl::FormatDuration(most)));
  }
  *value = duration;
}

void Reader::Size(std::string_view key, std::size_t* value, std::size_t least, std::size_t most,
                  std::string_view help, Need need) {
  const auto found = state_->Find(key, "size", help, std::to_string(*value), need);
  if (!found) return;
  std::optional<std::int64_t> bytes;
  if (!found->text && found->node->is_integer()) {
    bytes = found->node->value_exact<std::int64_t>();
  } else if (const auto text = state_->TextOf(key, *found, "must be a size, as 4096 or \"4KiB\"")) {
    bytes = ParseSize(*text);
  } else {
    return;
  }
  if (!bytes || *bytes < 0 || static_cast<std::size_t>(*bytes) < least ||
      static_cast<std::size_t>(*bytes) > most) {
    return state_->Error(key, *found,
                         Between(std::to_string(least), std::to_string(most)) + " bytes");
  }
  *value = static_cast<std::size_t>(*bytes);
}

void Reader::List(std::string_view key, std::vector<std::string>* value, std::string_view help,
                  Need need) {
  const auto found = state_->Find(key, "list", help, absl::StrJoin(*value, ","), need);
  if (!found) return;
  if (found->text) {
    *value = absl::StrSplit(*found->text, ',', absl::SkipEmpty());
    return;
  }
  const toml::array* array = found->node->as_array();
  if (array == nullptr) return state_->Error(key, *found, "must be a list of texts");
  std::vector<std::string> list;
  for (const toml::node& element : *array) {
    const auto text = element.value_exact<std::string>();
    if (!text) return state_->Error(key, Found{std::nullopt, &element}, "must be a list of texts");
    list.push_back(*text);
  }
  *value = std::move(list);
}

void Reader::Hex(std::string_view key, std::string* value, std::size_t size, std::string_view help,
                 Need need) {
  const auto found = state_->Find(key, "hex", help, crypto::HexEncode(*value), need);
  if (!found) return;
  const std::string expected = "must be " + std::to_string(2 * size) + " lower-case hex digits";
  const auto text = state_->TextOf(key, *found, expected);
  if (!text) return;
  auto bytes = crypto::HexDecode(*text);
  if (!bytes.ok() || bytes->size() != size) return state_->Error(key, *found, expected);
  *value = *std::move(bytes);
}

std::size_t Reader::ChoiceImpl(std::string_view key, const std::vector<std::string_view>& names,
                               std::size_t chosen, std::string_view help, Need need) {
  std::string all;
  for (const std::string_view name : names) all.append(all.empty() ? "" : "|").append(name);
  const auto found =
      state_->Find(key, all, help, chosen < names.size() ? std::string(names[chosen]) : "", need);
  if (!found) return chosen;
  const auto text = state_->TextOf(key, *found, "must be one of " + all);
  if (!text) return chosen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == *text) return i;
  }
  state_->Error(key, *found, "must be one of " + all);
  return chosen;
}

std::vector<Reader> Reader::Tables(std::string_view key, std::string_view help) {
  std::vector<Reader> readers;
  const std::string prefix = state_->prefix() + std::string(key);
  const auto found = state_->Find(key, "tables", help, "", kOptional);
  if (state_->document().describing()) {
    readers.push_back(
        Reader(std::make_unique<State>(state_->shared(), &state_->table(), prefix + "[].")));
    return readers;
  }
  if (!found) return readers;
  const toml::array* array = found->node == nullptr ? nullptr : found->node->as_array();
  if (array == nullptr || found->text) {
    state_->Error(key, *found, "is written as [[" + prefix + "]], in the file alone");
    return readers;
  }
  for (std::size_t i = 0; i < array->size(); ++i) {
    const toml::table* table = array->get(i)->as_table();
    if (table == nullptr) {
      state_->Error(key, Found{std::nullopt, array->get(i)}, "is written as [[" + prefix + "]]");
      continue;
    }
    readers.push_back(Reader(
        std::make_unique<State>(state_->shared(), table, prefix + "[" + std::to_string(i) + "].")));
  }
  return readers;
}

bool Reader::Has(std::string_view key) {
  return state_->document().Find(state_->table(), state_->prefix(), key).any();
}

void Reader::Refuse(std::string_view key, std::string_view why) {
  state_->Error(key, state_->document().Find(state_->table(), state_->prefix(), key), why);
}

absl::Status Reader::Finish() { return state_->document().Finish(); }
absl::Status Reader::FinishPart() { return state_->document().FinishPart(); }

std::vector<OptionInfo> Reader::options() const { return state_->document().options(); }

}  // namespace letterlock::config
