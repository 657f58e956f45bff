// letterlock.tlog.v1.TlogService over a log: what the signed checkpoint covers, and nothing beyond.
#pragma once

#include <memory>

#include "server/log/sequencer.h"
#include "server/log/storage.h"
#include "server/rpc/service.h"

namespace letterlock::log {

// Neither `log` nor `storage` is owned; both outlive the service. REQUIRES: something is signed.
std::unique_ptr<rpc::Service> MakeTlogService(const Sequencer* log, const LogStorage* storage,
                                              rpc::Service::Options options);

}  // namespace letterlock::log
