#include "library_logs.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include <string>

#include "server/rpc/log.h"

namespace letterlock::rpc {
namespace {

void WriteGrpcLine(gpr_log_func_args* line) {
  static const Logger logger = Logger::ToStderr(LogLevel::kWarning);
  const std::string file = line->file;
  logger.Warning("grpc",
                 {{"file", OperatorText{file.substr(file.rfind('/') + 1)}}, {"line", line->line}});
}

}  // namespace

void TameLibraryLogs() {
  gpr_set_log_function(&WriteGrpcLine);
  google::protobuf::SetLogHandler(nullptr);
}

}  // namespace letterlock::rpc
