// What can be said of a request to publish alone.
#include <utility>

#include "absl/time/time.h"
#include "attest/entry.h"
#include "attest/map_value.h"
#include "crypto/base/context.h"
#include "crypto/base/ids.h"
#include "crypto/base/sign.h"
#include "crypto/base/x25519.h"
#include "entry_rules.h"
#include "field_checks.h"
#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"

namespace letterlock::directory {
namespace {

using rpc::FieldPath;
using rpc::InvalidField;

constexpr uint32_t kSuite1 = 1;

FieldPath InRequest(rpc::Literal name) { return FieldPath("signed_entry").Then(name); }
FieldPath InEntry(rpc::Literal name) { return InRequest("entry").Then(name); }

absl::Status CheckIdentifiers(const v1::DirectoryEntry& entry, const Genesis& genesis) {
  absl::Status good = CheckDeployment(InEntry("deployment"), entry.deployment(), genesis);
  if (!good.ok()) return good;
  if (entry.suite() != kSuite1) {
    return InvalidField(InEntry("suite"), common::v1::ERROR_REASON_UNKNOWN_SUITE, "not suite 1");
  }
  good = CheckHandle(InEntry("handle"), entry.handle());
  if (!good.ok()) return good;
  if (entry.version() == 0) {
    return InvalidField(InEntry("version"), common::v1::ERROR_REASON_FIELD_RANGE, "starts at 1");
  }
  return absl::OkStatus();
}

absl::Status CheckKeys(const v1::DirectoryEntry& entry) {
  absl::Status good = CheckEd25519(InEntry("genesis_key"), entry.genesis_key());
  if (good.ok()) good = CheckEd25519(InEntry("identity_key"), entry.identity_key());
  if (good.ok()) good = CheckX25519(InEntry("encryption_key"), entry.encryption_key());
  if (good.ok()) good = CheckSize(InEntry("recovery_key_digest"), entry.recovery_key_digest(), 32);
  if (good.ok()) good = CheckSizeIfAny(InEntry("keyring_hash"), entry.keyring_hash(), 32);
  return good;
}

absl::Status CheckFirstVersion(const v1::SignedEntry& request, const v1::DirectoryEntry& entry) {
  if (entry.genesis_key() != entry.identity_key()) {
    return InvalidField(InEntry("genesis_key"), common::v1::ERROR_REASON_BAD_KEY,
                        "in version 1 it is the identity key");
  }
  absl::Status good = CheckAbsent(InEntry("previous_entry_hash"), entry.previous_entry_hash());
  if (good.ok()) good = CheckAbsent(InRequest("change_signature"), request.change_signature());
  if (good.ok()) good = CheckAbsent(InRequest("recovery_key"), request.recovery_key());
  return good;
}

absl::Status CheckLaterVersion(const v1::SignedEntry& request, const v1::DirectoryEntry& entry) {
  absl::Status good = CheckSize(InEntry("previous_entry_hash"), entry.previous_entry_hash(), 32);
  if (good.ok()) {
    good = CheckSize(InRequest("change_signature"), request.change_signature(),
                     crypto::kSignatureSize);
  }
  if (good.ok() && !request.recovery_key().empty()) {
    good = CheckEd25519(InRequest("recovery_key"), request.recovery_key());
  }
  return good;
}

}  // namespace

absl::StatusOr<Publication> EntryRules::CheckPublish(const v1::SignedEntry& request) const {
  Publication publication;
  publication.signed_entry = request;
  publication.signed_entry.DiscardUnknownFields();
  v1::DirectoryEntry& entry = publication.entry;

  absl::Status good = ParseLoosely(InRequest("entry"), request.entry(), &entry);
  if (good.ok()) good = CheckIdentifiers(entry, *genesis_);
  if (good.ok()) good = CheckKeys(entry);
  if (good.ok()) {
    good = entry.version() == 1 ? CheckFirstVersion(request, entry)
                                : CheckLaterVersion(request, entry);
  }
  if (good.ok()) good = CheckTime(InEntry("time_unix_ms"), entry.time_unix_ms(), clock_->Now());
  if (good.ok()) good = CheckCanonical(InRequest("entry"), request.entry(), &entry);
  if (good.ok()) {
    good = CheckSize(InRequest("signature"), request.signature(), crypto::kSignatureSize);
  }
  if (!good.ok()) return good;
  if (!VerifiesUnder(entry.identity_key(), context::kDirectoryEntry, request.entry(),
                     request.signature())) {
    return InvalidField(InRequest("signature"), common::v1::ERROR_REASON_BAD_SIGNATURE,
                        "does not verify under the entry's identity key");
  }
  good = CheckRegistrar(publication.signed_entry, entry);
  if (!good.ok()) return good;
  // What every verifier will ask. The checks above name the field; this one has the last word, for
  // an entry that nobody can verify must never stand.
  absl::StatusOr<attest::CheckedEntry> checked =
      attest::CheckEntry(publication.signed_entry, genesis_->entry_trust());
  if (!checked.ok()) {
    return InvalidField("signed_entry", common::v1::ERROR_REASON_FIELD_FORMAT,
                        "is not an entry that verifiers take");
  }
  publication.checked = *std::move(checked);
  publication.position =
      attest::DirectoryPosition(genesis_->deployment, *crypto::Handle::Parse(entry.handle()));
  return publication;
}

absl::Status EntryRules::CheckRegistrar(const v1::SignedEntry& request,
                                        const v1::DirectoryEntry& entry) const {
  const FieldPath field = InRequest("registrar_attestation");
  if (genesis_->development()) {
    if (!request.has_registrar_attestation()) return absl::OkStatus();
    return InvalidField(field, common::v1::ERROR_REASON_REGISTRAR_INVALID,
                        "this deployment has no registrars");
  }
  if (!request.has_registrar_attestation()) {
    return rpc::FailField(absl::StatusCode::kPermissionDenied, field,
                          common::v1::ERROR_REASON_REGISTRAR_REQUIRED,
                          "a registrar must vouch for the handle");
  }
  const v1::RegistrarAttestation& attestation = request.registrar_attestation();
  v1::RegistrarStatement statement;
  absl::Status good = CheckSize(field.Then("registrar_key"), attestation.registrar_key(), 32);
  if (good.ok()) {
    good = CheckSize(field.Then("signature"), attestation.signature(), crypto::kSignatureSize);
  }
  if (good.ok()) good = ParseLoosely(field.Then("statement"), attestation.statement(), &statement);
  if (good.ok()) {
    good = CheckDeployment(field.Then("statement").Then("deployment"), statement.deployment(),
                           *genesis_);
  }
  if (good.ok())
    good = CheckCanonical(field.Then("statement"), attestation.statement(), &statement);
  if (!good.ok()) return good;

  const auto invalid = [](const FieldPath& at, rpc::Literal what) {
    return rpc::FailField(absl::StatusCode::kPermissionDenied, at,
                          common::v1::ERROR_REASON_REGISTRAR_INVALID, what);
  };
  if (statement.handle() != entry.handle()) {
    return invalid(field.Then("statement").Then("handle"), "is of another handle");
  }
  if (statement.genesis_key() != entry.genesis_key()) {
    return invalid(field.Then("statement").Then("genesis_key"), "is of another genesis key");
  }
  for (const crypto::PublicKey& registrar : genesis_->registrars) {
    if (registrar.bytes() != attestation.registrar_key()) continue;
    if (registrar.Verify(context::kRegistrarAttestation, {attestation.statement()},
                         attestation.signature())) {
      return absl::OkStatus();
    }
    return invalid(field.Then("signature"), "does not verify under the registrar's key");
  }
  return invalid(field.Then("registrar_key"), "is no registrar of this deployment");
}

}  // namespace letterlock::directory
