// What a mailbox of the fake mail server stands on: its owner's entry and her sealed keyrings, kept
// by the rules of the real one (docs/mail-server.md).
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "attest/entry.h"
#include "crypto/base/bytes.h"
#include "crypto/base/context.h"
#include "crypto/base/ids.h"
#include "crypto/base/sign.h"
#include "crypto/seal/keyring.h"
#include "crypto/seal/recovery_kit.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "letterlock/mail/v1/device.pb.h"
#include "letterlock/mail/v1/device_service.pb.h"
#include "letterlock/mail/v1/enrollment_service.pb.h"

namespace letterlock::client {

struct FakeMailbox {
  directory::v1::DirectoryEntry entry;
  std::map<std::string, std::string> keyrings;  // by hash

  // Whether it is with another identity key, which ends the devices that the one before certified.
  absl::StatusOr<bool> Enroll(const attest::EntryContent& newest,
                              const mail::v1::EnrollRequest& request) {
    mail::v1::DeviceCertificate certificate;
    if (!certificate.ParseFromString(request.device_certificate()) ||
        !newest.identity_key.Verify(context::kDeviceCertificate, {request.device_certificate()},
                                    request.device_signature())) {
      return absl::PermissionDeniedError("");
    }
    const std::string identity = entry.identity_key();
    entry.ParseFromString(newest.bytes);
    if (keyrings.contains(entry.keyring_hash())) DropAllButTheNamed();
    return entry.identity_key() != identity;
  }

  // The keyring that the entry names, and one beside it until then.
  void PutKeyring(const std::string& sealed) {
    DropAllButTheNamed();
    keyrings[crypto::ToString(seal::KeyringHash(sealed))] = sealed;
  }

  absl::StatusOr<std::string> RecoverKeyring(const crypto::DeploymentId& deployment,
                                             std::string_view server_name,
                                             const mail::v1::RecoverKeyringRequest& request) const {
    const auto key = crypto::PublicKey::FromBytes(request.recovery_key());
    const std::string digest = crypto::ToString(seal::RecoveryKeyDigest(*key));
    const std::string said = crypto::ByteWriter()
                                 .Bytes(deployment.bytes())
                                 .Field("letterlock-maild")
                                 .Field(server_name)
                                 .Bytes(request.member())
                                 .Bytes(request.recovery_key())
                                 .Bytes(request.challenge())
                                 .Take();
    if (digest != entry.recovery_key_digest() || request.server_name() != server_name ||
        !key->Verify(context::kRecoverySession, {said}, request.signature())) {
      return absl::UnauthenticatedError("");
    }
    const auto kept = keyrings.find(entry.keyring_hash());
    if (kept == keyrings.end()) return absl::NotFoundError("");
    return kept->second;
  }

 private:
  void DropAllButTheNamed() {
    std::erase_if(keyrings,
                  [&](const auto& keyring) { return keyring.first != entry.keyring_hash(); });
  }
};

}  // namespace letterlock::client
