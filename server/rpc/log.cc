#include "server/rpc/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/time/clock.h"

namespace letterlock::rpc {
namespace {

constexpr std::size_t kCauseLimit = 300;

// As a JSON string of ASCII: one line whatever the text holds.
std::string Quote(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

std::string CauseText(const absl::Status& status) {
  std::string text = absl::StatusCodeToString(status.code());
  text += ": ";
  text.append(status.message().data(), status.message().size());
  if (text.size() > kCauseLimit) text.resize(kCauseLimit);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

}  // namespace

LogField::LogField(Literal key, Literal value) : key_(key.view()), json_(Quote(value.view())) {}
LogField::LogField(Literal key, Literal json, Raw) : key_(key.view()), json_(json.view()) {}
LogField::LogField(Literal key, absl::Duration value)
    : LogField(key, absl::ToInt64Microseconds(value), Signed{}) {}
LogField::LogField(Literal key, absl::StatusCode value)
    : key_(key.view()), json_(Quote(absl::StatusCodeToString(value))) {}
LogField::LogField(Literal key, RequestId value) : key_(key.view()), json_(Quote(value.hex)) {}
LogField::LogField(Literal key, MethodName value) : key_(key.view()), json_(Quote(value.full)) {}
LogField::LogField(Literal key, const OperatorText& value)
    : key_(key.view()), json_(Quote(value.text)) {}
LogField::LogField(Literal key, Cause value)
    : key_(key.view()), json_(Quote(CauseText(value.status))) {}
LogField::LogField(Literal key, std::uint64_t value, Unsigned)
    : key_(key.view()), json_(std::to_string(value)) {}
LogField::LogField(Literal key, std::int64_t value, Signed)
    : key_(key.view()), json_(std::to_string(value)) {}

class Logger::Sink {
 public:
  Sink(LogLevel at_least, std::function<void(std::string_view)> write)
      : at_least_(at_least), write_(std::move(write)) {}

  bool Takes(LogLevel level) const { return level >= at_least_; }
  void Write(std::string_view line) { write_(line); }

 private:
  const LogLevel at_least_;
  const std::function<void(std::string_view)> write_;
};

Logger::Logger(std::shared_ptr<Sink> sink) : sink_(std::move(sink)) {}

Logger Logger::ToStderr(LogLevel at_least) {
  auto out = std::make_shared<spdlog::logger>("letterlock",
                                              std::make_shared<spdlog::sinks::stderr_sink_mt>());
  out->set_pattern("%v");
  return To(at_least, [out](std::string_view line) {
    out->log(spdlog::level::critical, spdlog::string_view_t(line.data(), line.size()));
  });
}

Logger Logger::To(LogLevel at_least, std::function<void(std::string_view)> sink) {
  return Logger(std::make_shared<Sink>(at_least, std::move(sink)));
}

void Logger::Debug(Literal event, std::initializer_list<LogField> fields) const {
  Write(LogLevel::kDebug, event, fields);
}
void Logger::Info(Literal event, std::initializer_list<LogField> fields) const {
  Write(LogLevel::kInfo, event, fields);
}
void Logger::Warning(Literal event, std::initializer_list<LogField> fields) const {
  Write(LogLevel::kWarning, event, fields);
}
void Logger::Error(Literal event, std::initializer_list<LogField> fields) const {
  Write(LogLevel::kError, event, fields);
}

bool Logger::Takes(LogLevel level) const { return sink_->Takes(level); }

void Logger::Write(LogLevel level, Literal event, std::initializer_list<LogField> fields) const {
  if (!sink_->Takes(level)) return;
  std::string line = "{\"time\":\"";
  line += absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::Now(), absl::UTCTimeZone());
  line += "\",\"level\":\"";
  line += LevelName(level);
  line += "\",\"event\":";
  line += Quote(event.view());
  for (const LogField& field : fields) {
    line += ',';
    line += Quote(field.key());
    line += ':';
    line += field.json();
  }
  line += '}';
  sink_->Write(line);
}

}  // namespace letterlock::rpc
