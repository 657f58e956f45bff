#include "document.h"

#include <utility>

namespace letterlock::config {
namespace {

std::string At(const std::string& name, const toml::node& node) {
  return name + ":" + std::to_string(node.source().begin.line) + ": ";
}

}  // namespace

absl::StatusOr<std::shared_ptr<Document>> Document::Parse(std::string_view toml,
                                                          const std::string& name,
                                                          const std::string& directory,
                                                          const Overrides& overrides) {
  auto document = std::make_shared<Document>();
  document->name_ = name;
  document->directory_ = directory;
  for (const auto& [key, value] : overrides.values()) document->overrides_[key] = value;
  try {
    document->root_ = toml::parse(toml);
  } catch (const toml::parse_error& error) {
    return absl::InvalidArgumentError(name + ":" + std::to_string(error.source().begin.line) + ":" +
                                      std::to_string(error.source().begin.column) + ": " +
                                      std::string(error.description()));
  }
  return document;
}

std::shared_ptr<Document> Document::ForDescription() {
  auto document = std::make_shared<Document>();
  document->describing_ = true;
  return document;
}

Found Document::Find(const toml::table& table, const std::string& prefix, std::string_view key) {
  const std::string path = prefix + std::string(key);
  known_.insert(path);
  Found found;
  if (const auto text = overrides_.find(path); text != overrides_.end()) found.text = text->second;

  const toml::table* inner = &table;
  std::string_view rest = key;
  for (auto dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
    const toml::node* next = inner->get(rest.substr(0, dot));
    if (next == nullptr) return found;
    inner = next->as_table();
    if (inner == nullptr) return found;  // CheckUnknown says so
    rest.remove_prefix(dot + 1);
  }
  found.node = inner->get(rest);
  return found;
}

void Document::Error(const std::string& path, const Found& found, std::string_view why) {
  std::string where = name_ + ": ";
  if (found.text.has_value()) {
    where = "command line: ";
  } else if (found.node != nullptr) {
    where = At(name_, *found.node);
  }
  errors_.push_back(where + path + ": " + std::string(why));
}

bool Document::IsBranch(const std::string& path) const {
  const auto next = known_.lower_bound(path + ".");
  return next != known_.end() && next->starts_with(path + ".");
}

void Document::CheckUnknown(const toml::table& table, const std::string& prefix) {
  for (const auto& [key, node] : table) {
    const std::string path = prefix + std::string(key.str());
    if (IsBranch(path) && !known_.contains(path)) {
      if (const toml::table* inner = node.as_table()) {
        CheckUnknown(*inner, path + ".");
      } else {
        errors_.push_back(At(name_, node) + path + ": must be a table");
      }
    } else if (!known_.contains(path)) {
      errors_.push_back(At(name_, node) + path + ": no such option");
    } else if (const toml::array* array = node.as_array()) {
      for (std::size_t i = 0; i < array->size(); ++i) {
        if (const toml::table* element = array->get(i)->as_table()) {
          CheckUnknown(*element, path + "[" + std::to_string(i) + "].");
        }
      }
    }
  }
}

absl::Status Document::Finish() {
  CheckUnknown(root_, "");
  for (const auto& [key, value] : overrides_) {
    if (!known_.contains(key)) errors_.push_back("command line: " + key + ": no such option");
  }
  return FinishPart();
}

absl::Status Document::FinishPart() const {
  if (errors_.empty()) return absl::OkStatus();
  std::string all;
  for (const std::string& error : errors_) all += (all.empty() ? "" : "\n") + error;
  return absl::InvalidArgumentError(all);
}

}  // namespace letterlock::config
