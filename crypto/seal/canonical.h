// Private: canonical protobuf (docs/formats.md, "Canonical messages"). What is parsed here is
// opened content, so no copy of it is left behind unwiped: attest's parser of public messages would
// leave one.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace letterlock::seal::internal {

// Parses `bytes` into `message`; INVALID_ARGUMENT unless they are its canonical form. Enum values
// that the schema does not list are the caller's to refuse.
absl::Status ParseCanonical(std::string_view bytes, google::protobuf::Message* message);

std::string SerialiseCanonical(const google::protobuf::Message& message);

}  // namespace letterlock::seal::internal
