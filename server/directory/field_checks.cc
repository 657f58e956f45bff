#include "field_checks.h"

#include <google/protobuf/message.h>

#include "attest/canonical_proto.h"
#include "crypto/base/ids.h"
#include "crypto/base/sign.h"
#include "crypto/base/x25519.h"
#include "entry_rules.h"
#include "letterlock/common/v1/errors.pb.h"

namespace letterlock::directory {

using rpc::FieldPath;
using rpc::InvalidField;

absl::Status CheckSize(const FieldPath& field, std::string_view bytes, size_t size) {
  if (bytes.empty()) {
    return InvalidField(field, common::v1::ERROR_REASON_FIELD_MISSING, "is missing");
  }
  if (bytes.size() != size) {
    return InvalidField(field, common::v1::ERROR_REASON_FIELD_SIZE, "has the wrong size");
  }
  return absl::OkStatus();
}

absl::Status CheckSizeIfAny(const FieldPath& field, std::string_view bytes, size_t size) {
  return bytes.empty() ? absl::OkStatus() : CheckSize(field, bytes, size);
}

absl::Status CheckAbsent(const FieldPath& field, std::string_view bytes) {
  if (bytes.empty()) return absl::OkStatus();
  return InvalidField(field, common::v1::ERROR_REASON_FIELD_FORMAT, "must be absent in version 1");
}

absl::Status CheckEd25519(const FieldPath& field, std::string_view bytes) {
  absl::Status size = CheckSize(field, bytes, crypto::PublicKey::kSize);
  if (!size.ok()) return size;
  if (crypto::PublicKey::FromBytes(bytes)->CheckPoint().ok()) return absl::OkStatus();
  return InvalidField(field, common::v1::ERROR_REASON_BAD_KEY, "is no sound Ed25519 key");
}

absl::Status CheckX25519(const FieldPath& field, std::string_view bytes) {
  absl::Status size = CheckSize(field, bytes, crypto::X25519PublicKey::kSize);
  if (!size.ok()) return size;
  if (crypto::X25519PublicKey::FromBytes(bytes)->CheckPoint().ok()) return absl::OkStatus();
  return InvalidField(field, common::v1::ERROR_REASON_BAD_KEY, "is no sound X25519 key");
}

absl::Status CheckHandle(const FieldPath& field, std::string_view text) {
  if (text.empty()) {
    return InvalidField(field, common::v1::ERROR_REASON_FIELD_MISSING, "is missing");
  }
  if (crypto::Handle::Parse(text).ok()) return absl::OkStatus();
  return InvalidField(field, common::v1::ERROR_REASON_BAD_HANDLE,
                      "does not match ^[a-z0-9][a-z0-9._-]{1,62}$");
}

absl::Status CheckDeployment(const FieldPath& field, std::string_view bytes,
                             const Genesis& genesis) {
  absl::Status size = CheckSize(field, bytes, crypto::DeploymentId::kSize);
  if (!size.ok()) return size;
  if (bytes == genesis.deployment.bytes()) return absl::OkStatus();
  return InvalidField(field, common::v1::ERROR_REASON_WRONG_DEPLOYMENT, "is another deployment");
}

absl::Status CheckTime(const FieldPath& field, uint64_t unix_ms, absl::Time now) {
  if (unix_ms == 0) {
    return InvalidField(field, common::v1::ERROR_REASON_FIELD_MISSING, "is missing");
  }
  const int64_t latest = absl::ToUnixMillis(now + kMaxClockSkew);
  if (unix_ms <= static_cast<uint64_t>(latest)) return absl::OkStatus();
  return InvalidField(field, common::v1::ERROR_REASON_CLOCK, "is in the future");
}

absl::Status ParseLoosely(const FieldPath& field, std::string_view bytes,
                          google::protobuf::Message* message) {
  if (bytes.empty()) {
    return InvalidField(field, common::v1::ERROR_REASON_FIELD_MISSING, "is missing");
  }
  if (bytes.size() > kMaxSignedBytes) {
    return InvalidField(field, common::v1::ERROR_REASON_FIELD_SIZE, "is longer than 1,024 bytes");
  }
  if (message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return absl::OkStatus();
  return InvalidField(field, common::v1::ERROR_REASON_NOT_CANONICAL, "does not parse");
}

absl::Status CheckCanonical(const FieldPath& field, std::string_view bytes,
                            google::protobuf::Message* message) {
  if (attest::ParseCanonical(bytes, message).ok()) return absl::OkStatus();
  return InvalidField(field, common::v1::ERROR_REASON_NOT_CANONICAL, "is not in canonical form");
}

bool VerifiesUnder(std::string_view key, std::string_view context, std::string_view message,
                   std::string_view signature) {
  absl::StatusOr<crypto::PublicKey> parsed = crypto::PublicKey::FromBytes(key);
  return parsed.ok() && parsed->Verify(context, {message}, signature);
}

}  // namespace letterlock::directory
