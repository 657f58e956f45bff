// A whole message, for people.
#pragma once

#include <string_view>

#include "client/message.h"
#include "output.h"

namespace letterlock::cli {

inline constexpr std::string_view kReplacedKey = "VERIFIED UNDER A KEY SINCE REPLACED";

// Headers, body and a table of the attachments, with what is to be known of its signature.
void PrintMessage(const client::Message& message, Output& output);

}  // namespace letterlock::cli
