// Checks of single fields of a request. Each gives OK or the error that the caller gets, naming the
// field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/directory/genesis.h"
#include "server/rpc/status.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace letterlock::directory {

// Signed bytes of a member never need more.
inline constexpr size_t kMaxSignedBytes = 1024;

absl::Status CheckSize(const rpc::FieldPath& field, std::string_view bytes, size_t size);
absl::Status CheckSizeIfAny(const rpc::FieldPath& field, std::string_view bytes, size_t size);
absl::Status CheckAbsent(const rpc::FieldPath& field, std::string_view bytes);
// A key's size, encoding and order.
absl::Status CheckEd25519(const rpc::FieldPath& field, std::string_view bytes);
absl::Status CheckX25519(const rpc::FieldPath& field, std::string_view bytes);
absl::Status CheckHandle(const rpc::FieldPath& field, std::string_view text);
absl::Status CheckDeployment(const rpc::FieldPath& field, std::string_view bytes,
                             const Genesis& genesis);
// Set, and at most kMaxClockSkew after `now`.
absl::Status CheckTime(const rpc::FieldPath& field, uint64_t unix_ms, absl::Time now);

// Parses signed bytes, so that their fields can be named in errors; CheckCanonical must follow
// before anything is done with them.
absl::Status ParseLoosely(const rpc::FieldPath& field, std::string_view bytes,
                          google::protobuf::Message* message);
// Whether `bytes` are the canonical form of what they parse to.
absl::Status CheckCanonical(const rpc::FieldPath& field, std::string_view bytes,
                            google::protobuf::Message* message);

// False also where `key` is no key.
bool VerifiesUnder(std::string_view key, std::string_view context, std::string_view message,
                   std::string_view signature);

}  // namespace letterlock::directory
