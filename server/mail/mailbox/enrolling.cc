// Mailboxes::Enroll: how mailboxes come to be and follow their owners' keys.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/types/span.h"
#include "attest/entry.h"
#include "letterlock/common/v1/errors.pb.h"
#include "mailbox/keyring_rows.h"
#include "mailbox/lane.h"
#include "mailbox/lane_cache.h"
#include "mailbox/profile_edit.h"
#include "mailbox/sealing.h"
#include "server/mail/mailbox/certified_devices.h"
#include "server/mail/mailbox/engine_calls.h"
#include "server/mail/mailbox/mailboxes.h"
#include "server/mail/mailbox/rows.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

// Other writers of the same mailbox that one enrolment gives way to.
constexpr int kMostAttempts = 8;

using Claims = EnrollmentGrant::Claims;
using attest::CheckedEntry;
using rpc::FieldPath;

Device DeviceOf(const Claims& claims) {
  return {claims.device_key, crypto::KeyIdOf(claims.device_key), claims.device_issued_unix_ms};
}

absl::StatusOr<Profile> ProfileOf(const Claims& claims) {
  return ProfileOn(claims.entry().member(), claims.entry().bytes);
}

absl::Status StepsMissing() {
  return rpc::FailField(absl::StatusCode::kFailedPrecondition, FieldPath("intermediate"),
                        common::v1::ERROR_REASON_ENTRY_STEPS_MISSING,
                        "lacks entries between the one that the mailbox stands on and the proof's");
}

// A mailbox is opened on the whole history of its member: her id is made from the key of version 1,
// so whoever holds that mailbox was let in by that key, step by step.
absl::Status CheckIsWhole(const Claims& claims) {
  return claims.entries.front().content().version == 1 ? absl::OkStatus() : StepsMissing();
}

// The entries that are new to a mailbox, each authorised by the one before it: by its identity key
// or the recovery key that it names. That the directory holds the last one is not enough: whoever
// has the log's key can have it hold anything.
absl::StatusOr<absl::Span<const CheckedEntry>> NewEntries(const Profile& old,
                                                          const Claims& claims) {
  const attest::EntryContent& newest = claims.entry();
  if (newest.version < old.entry_version) {
    return rpc::FailField(absl::StatusCode::kFailedPrecondition,
                          FieldPath("proof").Then("signed_entry"),
                          common::v1::ERROR_REASON_ENTRY_SUPERSEDED,
                          "is older than the one that the mailbox stands on");
  }
  if (newest.version == old.entry_version) {
    if (newest.bytes == old.entry) return absl::Span<const CheckedEntry>();
    return rpc::FailField(absl::StatusCode::kPermissionDenied,
                          FieldPath("proof").Then("signed_entry"),
                          common::v1::ERROR_REASON_PROOF_INVALID,
                          "is not the one that the mailbox knows under this version");
  }
  const std::uint64_t first = claims.entries.front().content().version;
  if (first > old.entry_version + 1) return StepsMissing();
  const auto added = absl::MakeConstSpan(claims.entries).subspan(old.entry_version + 1 - first);
  auto previous = attest::ParseEntry(old.entry, newest.deployment);
  if (!previous.ok()) return absl::DataLossError("a profile's entry is none");
  if (!attest::CheckTransition(*previous, added.front()).ok()) {
    return rpc::FailField(
        absl::StatusCode::kPermissionDenied,
        added.size() == 1 ? FieldPath("proof").Then("signed_entry") : FieldPath("intermediate"),
        common::v1::ERROR_REASON_ENTRY_STEP_INVALID,
        "is not authorised by the entry that the mailbox stands on");
  }
  return added;
}

// What the profile becomes; unchanged where the claims are known already.
absl::StatusOr<Profile> Merge(const Profile& old, const Claims& claims) {
  auto added = NewEntries(old, claims);
  if (!added.ok()) return added.status();
  auto merged = ProfileOf(claims);
  if (!merged.ok()) return merged;
  merged->keyrings = old.keyrings;
  // Devices are certified by the identity key: with another one, even one that came and went in
  // between, the old ones are gone.
  const bool same_identity = std::all_of(
      added->begin(), added->end(),
      [&](const CheckedEntry& entry) { return entry.content().identity_key == old.identity_key; });
  if (same_identity) {
    merged->devices = old.devices;
    merged->revoked = old.revoked;
    merged->refused_before_unix_ms = old.refused_before_unix_ms;
  }
  absl::Status taken = TakeCertificate(DeviceOf(claims), &*merged);
  if (!taken.ok()) return taken;
  return merged;
}

}  // namespace

absl::StatusOr<engine::MailboxTag> Mailboxes::ReadOrWriteIndex(const crypto::MemberId& member,
                                                               absl::Time deadline) {
  const engine::MailboxTag index = ring_.IndexTagOf(member);
  absl::Status last = absl::AbortedError("not tried");
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    auto known = ReadIndex(member, deadline);
    if (!known.ok()) return known.status();
    if (*known) return **known;

    const engine::MailboxTag fresh = RandomMailboxTag();
    engine::Batch batch;
    batch.puts.push_back({{table::kIndex, ""}, ring_.SealIndex(index, fresh)});
    auto applied = ApplyAndWait(engine_, index, engine::kNoPartition, std::move(batch), deadline);
    if (applied.ok()) {
      Reached(point::kIndexWritten);
      return fresh;
    }
    last = applied.status();
  }
  return WriteError(last);
}

absl::StatusOr<bool> Mailboxes::Make(const engine::MailboxTag& tag, const EnrollmentGrant& grant,
                                     absl::Time deadline) {
  auto profile = ProfileOf(grant.claims());
  if (!profile.ok()) return profile.status();
  absl::Status taken = TakeCertificate(DeviceOf(grant.claims()), &*profile);
  if (!taken.ok()) return taken;
  auto fresh = ring_.Generate(tag);
  if (!fresh.ok()) return fresh.status();
  engine::Batch batch;
  batch.puts.push_back({{table::kMailboxKey, ""}, fresh->wrapped});
  batch.puts.push_back(SealRow(*fresh->keys, {table::kProfile, ""}, EncodeProfile(*profile)));
  batch.puts.push_back(SealRow(*fresh->keys, {table::kCounters, ""}, EncodeCounters({})));
  auto applied = ApplyAndWait(engine_, tag, engine::kNoPartition, std::move(batch), deadline);
  if (applied.ok()) {
    Reached(point::kMailboxMade);
    return true;
  }
  // Somebody else made it.
  if (absl::IsAborted(applied.status())) return false;
  return WriteError(applied.status());
}

absl::Status Mailboxes::Update(const std::shared_ptr<Lane>& lane, const EnrollmentGrant& grant,
                               absl::Time deadline) {
  const auto merge = [&](Profile& profile, const vault::MailboxKeys&,
                         engine::Batch& batch) -> absl::Status {
    auto merged = Merge(profile, grant.claims());
    if (!merged.ok()) return merged.status();
    profile = *std::move(merged);
    DropReplacedKeyrings(&profile, &batch);
    return absl::OkStatus();
  };
  auto written = EditProfile(lane, deadline, merge, [] {});
  if (!written.ok()) return written.status();
  if (*written) Reached(point::kProfileWritten);
  return absl::OkStatus();
}

absl::StatusOr<Enrolled> Mailboxes::Enroll(const EnrollmentGrant& grant, absl::Time deadline) {
  const crypto::MemberId member = grant.claims().entry().member();
  auto lane = Find(member, deadline);
  if (!lane.ok()) return lane.status();
  bool created = false;
  if (*lane == nullptr) {
    if (absl::Status whole = CheckIsWhole(grant.claims()); !whole.ok()) return whole;
    auto tag = ReadOrWriteIndex(member, deadline);
    if (!tag.ok()) return tag.status();
    for (int attempt = 0; lane.ok() && *lane == nullptr; ++attempt) {
      // An engine may abort for no reason, too.
      if (attempt == kMostAttempts) return WriteError(absl::AbortedError("not made"));
      auto made = Make(*tag, grant, deadline);
      if (!made.ok()) return made.status();
      created = *made;
      lane = Find(member, deadline);
    }
    if (!lane.ok()) return lane.status();
  }
  if (absl::Status updated = Update(*lane, grant, deadline); !updated.ok()) return updated;
  return Enrolled{created, grant.claims().entry().version};
}

}  // namespace letterlock::mail
