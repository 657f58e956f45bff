// letterlock.directory.v1.DirectoryService over a registry.
#pragma once

#include <memory>

#include "server/directory/registry.h"
#include "server/rpc/service.h"

namespace letterlock::directory {

// `registry` is not owned and outlives the service's last call.
std::unique_ptr<rpc::Service> MakeDirectoryService(Registry* registry,
                                                   rpc::Service::Options options);

}  // namespace letterlock::directory
