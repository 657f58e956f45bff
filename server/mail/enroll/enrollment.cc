#include "server/mail/enroll/enrollment.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "attest/directory_proof.h"
#include "attest/entry.h"
#include "canonical.h"
#include "crypto/base/context.h"
#include "letterlock/common/v1/errors.pb.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "letterlock/mail/v1/device.pb.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

using rpc::FieldPath;
using rpc::InvalidField;

// What an error of attest means to the caller. Which of a proof's many parts is wrong stays in the
// status inside: the caller's client made the same check before.
absl::Status ProofError(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOutOfRange:
      return rpc::FailField(absl::StatusCode::kFailedPrecondition, FieldPath("proof").Then("head"),
                            common::v1::ERROR_REASON_HEAD_STALE, "is not of the last ten minutes");
    case absl::StatusCode::kFailedPrecondition:
      return rpc::FailField(absl::StatusCode::kFailedPrecondition, FieldPath("proof").Then("head"),
                            common::v1::ERROR_REASON_QUORUM, "lacks cosignatures of witnesses");
    case absl::StatusCode::kPermissionDenied:
      return rpc::FailField(absl::StatusCode::kPermissionDenied,
                            FieldPath("proof").Then("signed_entry").Then("registrar_attestation"),
                            common::v1::ERROR_REASON_REGISTRAR_REQUIRED,
                            "is needed from a registrar of this deployment");
    case absl::StatusCode::kInvalidArgument:
      return InvalidField(FieldPath("proof"), common::v1::ERROR_REASON_PROOF_INVALID,
                          "is malformed, or of another deployment");
    default:
      return rpc::FailField(absl::StatusCode::kPermissionDenied, FieldPath("proof"),
                            common::v1::ERROR_REASON_PROOF_INVALID,
                            "does not show an entry of this directory");
  }
}

// Says more where an entry was refused for one of its keys; OK where they are sound.
absl::Status DiagnoseKeys(const directory::v1::SignedEntry& signed_entry) {
  directory::v1::DirectoryEntry entry;
  if (!entry.ParseFromString(signed_entry.entry())) return absl::OkStatus();
  const FieldPath root = FieldPath("proof").Then("signed_entry").Then("entry");
  const auto bad = [&](rpc::Literal name, rpc::Literal what) {
    return InvalidField(root.Then(name), common::v1::ERROR_REASON_BAD_KEY, what);
  };
  const auto identity = crypto::PublicKey::FromBytes(entry.identity_key());
  if (!identity.ok() || !identity->CheckPoint().ok()) {
    return bad("identity_key", "is not a sound Ed25519 key");
  }
  const auto genesis = crypto::PublicKey::FromBytes(entry.genesis_key());
  if (!genesis.ok() || !genesis->CheckPoint().ok()) {
    return bad("genesis_key", "is not a sound Ed25519 key");
  }
  const auto encryption = crypto::X25519PublicKey::FromBytes(entry.encryption_key());
  if (!encryption.ok() || !encryption->CheckPoint().ok()) {
    return bad("encryption_key", "is not a sound X25519 key");
  }
  return absl::OkStatus();
}

// The intermediate entries and the proved one, oldest first. From the newest back: each entry names
// the one before it by its hash, so nothing is looked at that the directory's own does not stand
// on.
absl::StatusOr<std::vector<attest::CheckedEntry>> ReadEntries(
    const google::protobuf::RepeatedPtrField<directory::v1::SignedEntry>& intermediate,
    const attest::CheckedEntry& newest, const attest::EntryTrust& trust) {
  const FieldPath root("intermediate");
  const auto refuse = [](const FieldPath& field) {
    return rpc::FailField(absl::StatusCode::kPermissionDenied, field,
                          common::v1::ERROR_REASON_ENTRY_STEP_INVALID,
                          "is not authorised by the entry before it, or not that entry");
  };
  if (static_cast<std::size_t>(intermediate.size()) > kMaxIntermediate) {
    return InvalidField(root, common::v1::ERROR_REASON_TOO_MANY, "are over 64");
  }
  std::vector<attest::CheckedEntry> entries = {newest};
  for (int i = intermediate.size() - 1; i >= 0; --i) {
    const attest::CheckedEntry& next = entries.back();
    const FieldPath field = root.At(static_cast<std::size_t>(i));
    if (next.content().previous_entry_hash != attest::EntryHash(intermediate[i].entry())) {
      return refuse(field);
    }
    auto entry = attest::CheckEntry(intermediate[i], trust);
    if (!entry.ok()) return refuse(field);
    if (!attest::CheckTransition(entry->content(), next).ok()) {
      return refuse(i + 1 == intermediate.size() ? FieldPath("proof").Then("signed_entry")
                                                 : root.At(static_cast<std::size_t>(i) + 1));
    }
    entries.push_back(*std::move(entry));
  }
  std::reverse(entries.begin(), entries.end());
  return entries;
}

struct Certificate {
  crypto::PublicKey device_key;
  std::uint64_t issued_unix_ms = 0;
};

absl::StatusOr<Certificate> ReadCertificate(const v1::EnrollRequest& request,
                                            const attest::EntryContent& entry) {
  const FieldPath root("device_certificate");
  if (request.device_certificate().empty()) {
    return InvalidField(root, common::v1::ERROR_REASON_FIELD_MISSING, "must be set");
  }
  v1::DeviceCertificate certificate;
  if (!ParseCanonical(request.device_certificate(), &certificate)) {
    return InvalidField(root, common::v1::ERROR_REASON_NOT_CANONICAL,
                        "is not a canonical DeviceCertificate");
  }
  if (certificate.deployment() != entry.deployment.bytes()) {
    return InvalidField(root.Then("deployment"), common::v1::ERROR_REASON_WRONG_DEPLOYMENT,
                        "is not this deployment");
  }
  if (certificate.member() != entry.member().bytes()) {
    return InvalidField(root.Then("member"), common::v1::ERROR_REASON_FIELD_RANGE,
                        "is not the member of the entry");
  }
  const auto key = crypto::PublicKey::FromBytes(certificate.device_key());
  if (!key.ok()) {
    return InvalidField(root.Then("device_key"), common::v1::ERROR_REASON_FIELD_SIZE,
                        "is not 32 bytes");
  }
  if (!key->CheckPoint().ok()) {
    return InvalidField(root.Then("device_key"), common::v1::ERROR_REASON_BAD_KEY,
                        "is not a sound Ed25519 key");
  }
  return Certificate{*key, certificate.issued_unix_ms()};
}

}  // namespace

absl::StatusOr<EnrollmentGrant> EnrollmentVerifier::Verify(const v1::EnrollRequest& request) const {
  if (!request.proof().has_signed_entry()) {
    return InvalidField(FieldPath("proof").Then("signed_entry"),
                        common::v1::ERROR_REASON_FIELD_MISSING, "must be set");
  }
  auto verified = attest::VerifyEntry(
      request.proof(), trust_, attest::Freshness{.now = clock_.Now(), .max_age = kMaxHeadAge});
  if (!verified.ok()) {
    absl::Status keys = DiagnoseKeys(request.proof().signed_entry());
    return keys.ok() ? ProofError(verified.status()) : keys;
  }
  const attest::EntryContent& entry = verified->content();

  auto certificate = ReadCertificate(request, entry);
  if (!certificate.ok()) return certificate.status();
  if (request.device_signature().size() != crypto::kSignatureSize) {
    return InvalidField("device_signature", common::v1::ERROR_REASON_FIELD_SIZE, "is not 64 bytes");
  }
  if (!entry.identity_key.Verify(context::kDeviceCertificate, {request.device_certificate()},
                                 request.device_signature())) {
    return rpc::FailField(absl::StatusCode::kPermissionDenied, FieldPath("device_signature"),
                          common::v1::ERROR_REASON_BAD_SIGNATURE,
                          "is not the entry's identity key's");
  }
  auto entries = ReadEntries(request.intermediate(), verified->checked(), trust_.entries());
  if (!entries.ok()) return entries.status();
  return EnrollmentGrant(EnrollmentGrant::Maker(),
                         {.entries = *std::move(entries),
                          .device_key = certificate->device_key,
                          .device_issued_unix_ms = certificate->issued_unix_ms});
}

}  // namespace letterlock::mail
