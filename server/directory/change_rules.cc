// What depends on the entry that stands, and requests to erase.
#include <optional>
#include <utility>

#include "attest/entry.h"
#include "attest/map_value.h"
#include "crypto/base/context.h"
#include "crypto/base/hash.h"
#include "crypto/base/ids.h"
#include "crypto/base/sign.h"
#include "entry_rules.h"
#include "field_checks.h"
#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"

namespace letterlock::directory {
namespace {

using absl::StatusCode;
using rpc::FieldPath;

FieldPath VersionField() { return FieldPath("signed_entry").Then("entry").Then("version"); }

absl::Status Erased() {
  return rpc::Fail(StatusCode::kFailedPrecondition, common::v1::ERROR_REASON_ERASED,
                   "the handle was erased and is not given again");
}

absl::Status Damaged() {
  return absl::DataLossError("the entry that a handle stands at is missing");
}

struct Standing {
  HandleState state;
  StoredEntry stored;
  v1::DirectoryEntry entry;  // parsed from `stored`
};

// The newest entry of a handle that is not erased.
absl::StatusOr<Standing> ReadStanding(const StateReader& reader, const crypto::Digest& position,
                                      const HandleState& state) {
  absl::StatusOr<std::optional<StoredEntry>> stored = reader.Entry(position, state.version);
  if (!stored.ok()) return stored.status();
  if (!stored->has_value()) return Damaged();
  Standing standing{state, **std::move(stored), {}};
  if (!standing.entry.ParseFromString(standing.stored.signed_entry.entry())) return Damaged();
  return standing;
}

// Whether `key` is the recovery key that the standing entry names.
bool IsRecoveryKey(const Standing& standing, const std::string& key) {
  return crypto::ToString(crypto::Sha256(context::kRecoveryKeyDigest, {key})) ==
         standing.entry.recovery_key_digest();
}

// Whether the owner of the standing entry signed: by its identity key or, where one is given, by
// its recovery key.
bool SignedByOwner(const Standing& standing, const std::string& recovery_key,
                   std::string_view context, const std::string& message,
                   const std::string& signature) {
  if (recovery_key.empty()) {
    return VerifiesUnder(standing.entry.identity_key(), context, message, signature);
  }
  return IsRecoveryKey(standing, recovery_key) &&
         VerifiesUnder(recovery_key, context, message, signature);
}

absl::Status NotAuthorised(const FieldPath& field, rpc::Literal what) {
  return rpc::FailField(StatusCode::kPermissionDenied, field,
                        common::v1::ERROR_REASON_NOT_AUTHORISED, what);
}

absl::Status CheckFollows(const FieldPath& version_field, const FieldPath& hash_field,
                          const Standing& standing, uint64_t version,
                          const std::string& previous_hash) {
  if (version != standing.state.version + 1) {
    return rpc::FailField(StatusCode::kFailedPrecondition, version_field,
                          common::v1::ERROR_REASON_VERSION, "does not follow the newest version");
  }
  if (previous_hash != crypto::ToString(attest::EntryHash(standing.stored.signed_entry.entry()))) {
    return rpc::FailField(StatusCode::kFailedPrecondition, hash_field,
                          common::v1::ERROR_REASON_VERSION, "is not the hash of the newest entry");
  }
  return absl::OkStatus();
}

absl::Status CheckNext(const Publication& publication, const Standing& standing) {
  const FieldPath in_request("signed_entry");
  const FieldPath in_entry = in_request.Then("entry");
  const v1::SignedEntry& request = publication.signed_entry;
  absl::Status follows =
      CheckFollows(in_entry.Then("version"), in_entry.Then("previous_entry_hash"), standing,
                   publication.entry.version(), publication.entry.previous_entry_hash());
  if (!follows.ok()) return follows;
  if (!SignedByOwner(standing, request.recovery_key(), context::kDirectoryEntryChange,
                     request.entry(), request.change_signature())) {
    return NotAuthorised(in_request.Then("change_signature"),
                         "is not by the newest entry's identity or recovery key");
  }
  // Else a thief of the identity key could rotate the owner out.
  if (request.recovery_key().empty() &&
      publication.entry.recovery_key_digest() != standing.entry.recovery_key_digest()) {
    return NotAuthorised(in_entry.Then("recovery_key_digest"),
                         "changes under a recovery key alone");
  }
  // The last word is the verifiers', as in CheckPublish.
  absl::StatusOr<attest::EntryContent> previous = attest::ParseEntry(
      standing.stored.signed_entry.entry(), publication.checked->content().deployment);
  if (!previous.ok()) return Damaged();
  if (!attest::CheckTransition(*previous, *publication.checked).ok()) {
    return NotAuthorised(in_request, "is not a change that verifiers take");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Verdict> EntryRules::Judge(const Publication& publication,
                                          const StateReader& state) const {
  absl::StatusOr<std::optional<HandleState>> stands = state.Handle(publication.position);
  if (!stands.ok()) return stands.status();
  const uint64_t version = publication.entry.version();
  if (!stands->has_value()) {
    if (version == 1) return Verdict::kApply;
    return rpc::FailField(StatusCode::kFailedPrecondition, VersionField(),
                          common::v1::ERROR_REASON_VERSION, "the handle has no entry yet");
  }
  if ((*stands)->erased) return Erased();
  absl::StatusOr<Standing> standing = ReadStanding(state, publication.position, **stands);
  if (!standing.ok()) return standing.status();
  if (publication.entry.genesis_key() != standing->entry.genesis_key()) {
    return rpc::Fail(StatusCode::kAlreadyExists, common::v1::ERROR_REASON_HANDLE_TAKEN,
                     "another key holds the handle");
  }
  if (version <= standing->state.version) {
    absl::StatusOr<std::optional<StoredEntry>> same = state.Entry(publication.position, version);
    if (!same.ok()) return same.status();
    if (same->has_value() && (*same)->signed_entry.entry() == publication.signed_entry.entry()) {
      return Verdict::kAlreadySo;
    }
    return rpc::FailField(StatusCode::kAlreadyExists, VersionField(),
                          common::v1::ERROR_REASON_VERSION, "another entry has that version");
  }
  absl::Status next = CheckNext(publication, *standing);
  if (!next.ok()) return next;
  return Verdict::kApply;
}

absl::StatusOr<Erasure> EntryRules::CheckErase(const std::string& statement,
                                               const std::string& signature,
                                               const std::string& recovery_key) const {
  const FieldPath field("statement");
  Erasure erasure;
  v1::ErasureStatement& parsed = erasure.statement;
  absl::Status good = ParseLoosely(field, statement, &parsed);
  if (good.ok()) good = CheckDeployment(field.Then("deployment"), parsed.deployment(), *genesis_);
  if (good.ok()) good = CheckHandle(field.Then("handle"), parsed.handle());
  if (good.ok() && parsed.version() < 2) {
    good = rpc::InvalidField(field.Then("version"), common::v1::ERROR_REASON_FIELD_RANGE,
                             "follows a version, so it is at least 2");
  }
  if (good.ok())
    good = CheckSize(field.Then("previous_entry_hash"), parsed.previous_entry_hash(), 32);
  if (good.ok()) good = CheckTime(field.Then("time_unix_ms"), parsed.time_unix_ms(), clock_->Now());
  if (good.ok()) good = CheckCanonical(field, statement, &parsed);
  if (good.ok()) good = CheckSize(FieldPath("signature"), signature, crypto::kSignatureSize);
  if (good.ok() && !recovery_key.empty())
    good = CheckEd25519(FieldPath("recovery_key"), recovery_key);
  if (!good.ok()) return good;
  erasure.statement_bytes = statement;
  erasure.signature = signature;
  erasure.recovery_key = recovery_key;
  erasure.position =
      attest::DirectoryPosition(genesis_->deployment, *crypto::Handle::Parse(parsed.handle()));
  return erasure;
}

absl::StatusOr<Verdict> EntryRules::Judge(const Erasure& erasure, const StateReader& state) const {
  absl::StatusOr<std::optional<HandleState>> stands = state.Handle(erasure.position);
  if (!stands.ok()) return stands.status();
  if (!stands->has_value()) {
    return rpc::FailField(StatusCode::kNotFound, FieldPath("statement").Then("handle"),
                          common::v1::ERROR_REASON_NOT_FOUND, "the handle has no entry");
  }
  if ((*stands)->erased) {
    // What was signed is gone with the entry; the answer is the public tombstone.
    if ((*stands)->version == erasure.statement.version()) return Verdict::kAlreadySo;
    return Erased();
  }
  absl::StatusOr<Standing> standing = ReadStanding(state, erasure.position, **stands);
  if (!standing.ok()) return standing.status();
  const FieldPath field("statement");
  absl::Status follows =
      CheckFollows(field.Then("version"), field.Then("previous_entry_hash"), *standing,
                   erasure.statement.version(), erasure.statement.previous_entry_hash());
  if (!follows.ok()) return follows;
  if (!SignedByOwner(*standing, erasure.recovery_key, context::kDirectoryErasure,
                     erasure.statement_bytes, erasure.signature)) {
    return NotAuthorised(FieldPath("signature"),
                         "is not by the newest entry's identity or recovery key");
  }
  return Verdict::kApply;
}

}  // namespace letterlock::directory
