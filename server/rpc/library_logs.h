#pragma once

namespace letterlock::rpc {

// gRPC's and protobuf's own log lines hold what our rules keep out of logs (addresses of peers) and
// are not structured. From here on gRPC's become {"event":"grpc","file":...,"line":...}, which says
// what happened without saying to whom, and protobuf's, about requests that do not parse, are
// dropped. For the whole process.
void TameLibraryLogs();

}  // namespace letterlock::rpc
