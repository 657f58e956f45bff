// Canonical protobuf (docs/formats.md, "Canonical messages"). Private to server/mail.
//
// Not attest's: that one also refuses fields of a wrong size, where a mail client is to be told
// which field it is, and walks each message by reflection, which a Send can't afford.
#pragma once

#include <string>
#include <string_view>

#include "google/protobuf/message.h"

namespace letterlock::mail {

// Whether `bytes` are the canonical form of a message of this type, which is then in `message`.
// Enum values that the schema does not list are the caller's to refuse. Pure.
bool ParseCanonical(std::string_view bytes, google::protobuf::Message* message);

}  // namespace letterlock::mail
