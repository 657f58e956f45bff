// Strict reading of signed and hashed protobuf messages (docs/formats.md, "Canonical messages").
//
// A message has one canonical form. Bytes that parse to the same message but are written otherwise
// (fields out of order or twice, long varints, defaults written out) would let two parties hold
// different bytes for one statement; unknown fields would let one sign what the other cannot see.
//
// Pure functions; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace letterlock::attest {

// Parses `bytes` into `message`. InvalidArgument unless they are its canonical form: no unknown
// field or unlisted enum value at any depth, every byte as SerializeCanonical writes it; or if a
// `bytes` field whose option says fixed_size is neither absent nor of that size. On an error the
// message is unspecified.
absl::Status ParseCanonical(std::string_view bytes, google::protobuf::Message* message);

// The canonical form. REQUIRES: no map field, no unknown field.
std::string SerializeCanonical(const google::protobuf::Message& message);

}  // namespace letterlock::attest
