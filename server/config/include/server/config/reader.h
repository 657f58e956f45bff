// Reads a daemon's TOML configuration into checked, typed values. One function of a daemon names
// each option once; the same function run on a Describe() reader tells main which flags there are:
//
//   void Read(config::Reader& reader, MailOptions* options) {
//     reader.Text("listen", &options->listen, "address and port to serve, e.g. 127.0.0.1:7443");
//     reader.Path("tls.key_file", &options->tls.key_file, "PEM, mode 0600", config::kRequired);
//     reader.Time("drain", &options->drain, absl::Seconds(1), absl::Minutes(5), "for calls in
//     flight");
//   }
//   ...
//   auto reader = config::Reader::Load(path, overrides);
//   Read(*reader, &options);
//   absl::Status valid = reader->Finish();   // every error at once
//
// What stands in the target before the call is the default. Keys that nobody reads are errors.
// Errors name file, line and key ("maild.toml:12: tls.key_file: must be set"), or the flag where an
// override is wrong; they never hold the value.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace letterlock::config {

enum Need { kOptional, kRequired };

// Values from the command line, which go before the file's. Keys are dotted: "tls.key_file".
class Overrides {
 public:
  // From `--set key=value`. INVALID_ARGUMENT without a key or a '='.
  absl::Status Add(std::string_view assignment);
  // From a generated flag. The last value for a key counts.
  void Set(std::string key, std::string value);

  const std::vector<std::pair<std::string, std::string>>& values() const { return values_; }

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

// An option as a Describe() reader saw it.
struct OptionInfo {
  std::string key;  // "tls.key_file"; the flag is --tls.key_file
  std::string
      type;  // "text", "path", "number", "true|false", "duration", "size", "a|b|c", "list", "hex"
  std::string help;
  std::string default_value;  // as it would stand in the file, without quotes
  bool required;
};

// Not thread-safe. Move-only.
class Reader {
 public:
  // NOT_FOUND or INVALID_ARGUMENT (with line and column) where the file does not parse.
  static absl::StatusOr<Reader> Load(const std::string& path, const Overrides& overrides = {});
  // The same of a text; `name` stands in errors, relative paths are taken against `directory`.
  static absl::StatusOr<Reader> Parse(std::string_view toml, const std::string& name,
                                      const std::string& directory,
                                      const Overrides& overrides = {});
  // Reads nothing, remembers which options were asked for.
  static Reader Describe();

  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;
  ~Reader();

  void Text(std::string_view key, std::string* value, std::string_view help, Need need = kOptional);
  // In the file: relative to the file's directory. On the command line: to where the command runs.
  // "" stays "".
  void Path(std::string_view key, std::string* value, std::string_view help, Need need = kOptional);
  void Flag(std::string_view key, bool* value, std::string_view help, Need need = kOptional);
  // "250ms", "10s", "5m", "24h".
  void Time(std::string_view key, absl::Duration* value, absl::Duration least, absl::Duration most,
            std::string_view help, Need need = kOptional);
  // Bytes: 4096, "4KiB", "256MiB", "1GiB".
  void Size(std::string_view key, std::size_t* value, std::size_t least, std::size_t most,
            std::string_view help, Need need = kOptional);
  // Texts; as an override, separated by commas.
  void List(std::string_view key, std::vector<std::string>* value, std::string_view help,
            Need need = kOptional);
  // Bytes as lower-case hex, exactly `size` of them.
  void Hex(std::string_view key, std::string* value, std::size_t size, std::string_view help,
           Need need = kOptional);

  template <std::integral T>
    requires(!std::same_as<T, bool>)
  void Number(std::string_view key, T* value, T least, T most, std::string_view help,
              Need need = kOptional) {
    static_assert(sizeof(T) < 8 || std::signed_integral<T>, "TOML's integers are 64 bits, signed");
    std::int64_t wide = *value;
    NumberImpl(key, &wide, least, most, help, need);
    *value = static_cast<T>(wide);
  }

  template <class T>
  void Choice(std::string_view key, T* value,
              std::initializer_list<std::pair<std::string_view, T>> choices, std::string_view help,
              Need need = kOptional) {
    std::vector<std::string_view> names;
    std::size_t chosen = choices.size();
    for (const auto& choice : choices) {
      if (choice.second == *value) chosen = names.size();
      names.push_back(choice.first);
    }
    chosen = ChoiceImpl(key, names, chosen, help, need);
    if (chosen < choices.size()) *value = (choices.begin() + chosen)->second;
  }

  // [[key]]: one reader for each table, in order. Finish of the whole covers them.
  std::vector<Reader> Tables(std::string_view key, std::string_view help);

  // Whether the file or the command line has a value for `key`, so that of two values that
  // contradict each other the one that was written down is refused. REQUIRES: it was read.
  bool Has(std::string_view key);

  // Says that the value of `key` will not do, for checks that only the caller can make. `why` holds
  // no value.
  void Refuse(std::string_view key, std::string_view why);

  // OK, or INVALID_ARGUMENT with one line for each error. To be called last.
  absl::Status Finish();
  // The same, but keys that nobody read are somebody else's: for tools that read a part of a
  // daemon's configuration.
  absl::Status FinishPart();

  // What a Describe() reader was asked for, in order.
  std::vector<OptionInfo> options() const;

 private:
  class State;
  explicit Reader(std::unique_ptr<State> state);

  void NumberImpl(std::string_view key, std::int64_t* value, std::int64_t least, std::int64_t most,
                  std::string_view help, Need need);
  // The index of the name that was given; `chosen` where none was or it is wrong.
  std::size_t ChoiceImpl(std::string_view key, const std::vector<std::string_view>& names,
                         std::size_t chosen, std::string_view help, Need need);

  std::unique_ptr<State> state_;
};

}  // namespace letterlock::config
