// What reports and the desk's commands print alike.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "client/reports.h"
#include "output.h"

namespace letterlock::cli {

// "spam", "harassment", "fraud", "threat", "other".
const char* ReasonName(client::ReportReason reason);
std::optional<client::ReportReason> ReasonNamed(std::string_view name);
std::vector<std::string> ReasonNames();

// The reporter's reason and note.
void PrintReason(client::ReportReason reason, const crypto::SecretBuffer& note, Output& output);

}  // namespace letterlock::cli
