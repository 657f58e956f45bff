// All commands, and what several of them share.
#pragma once

#include <string>
#include <string_view>

#include "registry.h"

namespace letterlock::cli {

inline constexpr std::string_view kHandleRule =
    "A handle has 2 to 63 characters: a to z, 0 to 9, and after the first also '.', '_' and '-'.";

// Each declares one family of commands, in the order in which help shows them.
void AddAccountCommands(Registry& registry);
// In the group `account`.
void AddRecoveryCommands(Registry& registry, CLI::App* account);
void AddLookupCommands(Registry& registry);
void AddSendCommands(Registry& registry);
void AddReadCommands(Registry& registry);
void AddSaveCommands(Registry& registry);
void AddImportCommands(Registry& registry);
void AddTakeoutCommands(Registry& registry);
void AddMarkCommands(Registry& registry);
void AddWatchCommands(Registry& registry);
void AddTrustCommands(Registry& registry);
void AddContactCommands(Registry& registry);
void AddDeviceCommands(Registry& registry);
void AddReportCommands(Registry& registry);
void AddDeskCommands(Registry& registry);

}  // namespace letterlock::cli
