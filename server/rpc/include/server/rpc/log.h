// Structured logs: one JSON object a line. Fields take typed, safe values alone; there is no way to
// hand a string that came from a request, so no handle, address, key or content gets into a log by
// accident.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/rpc/literal.h"

namespace letterlock::rpc {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Text of the machine's owner: a path, a listening address, a file's error. Never anything of a
// request.
struct OperatorText {
  std::string text;
};

// A random request id (call_context.h).
struct RequestId {
  std::string_view hex;
};

// A method's full name as its descriptor has it, "/letterlock.mail.v1.MailService/Send".
struct MethodName {
  std::string_view full;
};

// Why something failed: code and text of an absl::Status, which by the rule of the house holds no
// member data; cut to 300 bytes, control characters replaced.
struct Cause {
  const absl::Status& status;
};

class LogField {
 public:
  LogField(Literal key, Literal value);
  template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>)
  LogField(Literal key, T value) : LogField(key, static_cast<std::uint64_t>(value), Unsigned{}) {}
  template <std::signed_integral T>
  LogField(Literal key, T value) : LogField(key, static_cast<std::int64_t>(value), Signed{}) {}
  template <std::same_as<bool> T>  // no conversion: a pointer is no flag
  LogField(Literal key, T value)
      : LogField(key, value ? Literal("true") : Literal("false"), Raw{}) {}
  // In microseconds; say so in the key: "latency_us".
  LogField(Literal key, absl::Duration value);
  LogField(Literal key, absl::StatusCode value);
  LogField(Literal key, RequestId value);
  LogField(Literal key, MethodName value);
  LogField(Literal key, const OperatorText& value);
  LogField(Literal key, Cause value);

  std::string_view key() const { return key_; }
  const std::string& json() const { return json_; }

 private:
  struct Unsigned {};
  struct Signed {};
  struct Raw {};
  LogField(Literal key, std::uint64_t value, Unsigned);
  LogField(Literal key, std::int64_t value, Signed);
  LogField(Literal key, Literal json, Raw);

  std::string_view key_;
  std::string json_;  // the value, as JSON
};

// Thread-safe; copies write to the same place. Main makes one and hands it on.
class Logger {
 public:
  static Logger ToStderr(LogLevel at_least);
  // For tests: each line without its line break.
  static Logger To(LogLevel at_least, std::function<void(std::string_view line)> sink);

  // {"time":"2026-01-02T03:04:05.678901Z","level":"info","event":"rpc",...fields}
  void Debug(Literal event, std::initializer_list<LogField> fields = {}) const;
  void Info(Literal event, std::initializer_list<LogField> fields = {}) const;
  void Warning(Literal event, std::initializer_list<LogField> fields = {}) const;
  void Error(Literal event, std::initializer_list<LogField> fields = {}) const;
  // Whether a line of this level would be written.
  bool Takes(LogLevel level) const;
  void Write(LogLevel level, Literal event, std::initializer_list<LogField> fields) const;

 private:
  class Sink;
  explicit Logger(std::shared_ptr<Sink> sink);

  std::shared_ptr<Sink> sink_;
};

}  // namespace letterlock::rpc
