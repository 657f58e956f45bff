// The parsed file, the overrides and the errors that the readers of one configuration share.
#pragma once

#include <toml++/toml.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/config/reader.h"

namespace letterlock::config {

// What was found for a key: the override's text, the file's node, or neither.
struct Found {
  std::optional<std::string> text;
  const toml::node* node = nullptr;

  bool any() const { return text.has_value() || node != nullptr; }
};

class Document {
 public:
  static absl::StatusOr<std::shared_ptr<Document>> Parse(std::string_view toml,
                                                         const std::string& name,
                                                         const std::string& directory,
                                                         const Overrides& overrides);
  static std::shared_ptr<Document> ForDescription();

  bool describing() const { return describing_; }
  const std::string& directory() const { return directory_; }
  const toml::table& root() const { return root_; }

  // The value of `key` in `table`, whose own path is `prefix` ("" or "witness[0]."). Marks the key
  // as known.
  Found Find(const toml::table& table, const std::string& prefix, std::string_view key);

  void AddOption(OptionInfo option) { options_.push_back(std::move(option)); }
  const std::vector<OptionInfo>& options() const { return options_; }

  // An error about the value of `path`, wherever it came from.
  void Error(const std::string& path, const Found& found, std::string_view why);
  absl::Status Finish();
  absl::Status FinishPart() const;

 private:
  void CheckUnknown(const toml::table& table, const std::string& prefix);
  bool IsBranch(const std::string& path) const;

  std::string name_;
  std::string directory_;
  bool describing_ = false;
  toml::table root_;
  std::map<std::string, std::string, std::less<>> overrides_;
  std::set<std::string, std::less<>> known_;
  std::vector<OptionInfo> options_;
  std::vector<std::string> errors_;
};

}  // namespace letterlock::config
