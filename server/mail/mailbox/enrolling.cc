// Mailboxes::Enroll: how mailboxes come to be and follow their owners' keys.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "letterlock/common/v1/errors.pb.h"
#include "mailbox/lane.h"
#include "mailbox/lane_cache.h"
#include "mailbox/sealing.h"
#include "server/mail/mailbox/engine_calls.h"
#include "server/mail/mailbox/mailboxes.h"
#include "server/mail/mailbox/rows.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

// Other writers of the same mailbox that one enrolment gives way to.
constexpr int kMostAttempts = 8;

Device DeviceOf(const EnrollmentGrant::Claims& claims) {
  return {claims.device_key, crypto::KeyIdOf(claims.device_key), claims.device_issued_unix_ms};
}

Profile ProfileOf(const EnrollmentGrant::Claims& claims) {
  return {.member = claims.member,
          .entry_version = claims.entry_version,
          .identity_key = claims.identity_key,
          .encryption_key = claims.encryption_key,
          .identity_key_id = crypto::KeyIdOf(claims.identity_key),
          .encryption_key_id = crypto::KeyIdOf(claims.encryption_key),
          .devices = {DeviceOf(claims)}};
}

// What the profile becomes; unchanged where the claims are known already.
absl::StatusOr<Profile> Merge(const Profile& old, const EnrollmentGrant::Claims& claims) {
  if (claims.entry_version < old.entry_version) {
    return rpc::FailField(absl::StatusCode::kFailedPrecondition,
                          rpc::FieldPath("proof").Then("signed_entry"),
                          common::v1::ERROR_REASON_ENTRY_SUPERSEDED,
                          "is older than the one that the mailbox stands on");
  }
  const bool same_keys =
      claims.identity_key == old.identity_key && claims.encryption_key == old.encryption_key;
  if (claims.entry_version == old.entry_version && !same_keys) {
    return rpc::FailField(absl::StatusCode::kPermissionDenied,
                          rpc::FieldPath("proof").Then("signed_entry"),
                          common::v1::ERROR_REASON_PROOF_INVALID,
                          "is not the one that the mailbox knows under this version");
  }
  Profile merged = ProfileOf(claims);
  // Devices are certified by the identity key: with another one, the old ones are gone.
  if (claims.identity_key == old.identity_key) merged.devices = old.devices;
  const Device device = DeviceOf(claims);
  const auto known = std::find_if(merged.devices.begin(), merged.devices.end(),
                                  [&](const Device& other) { return other.key == device.key; });
  if (known != merged.devices.end()) {
    known->issued_unix_ms = std::max(known->issued_unix_ms, device.issued_unix_ms);
  } else if (merged.devices.size() == kMaxDevices) {
    return rpc::FailField(absl::StatusCode::kFailedPrecondition,
                          rpc::FieldPath("device_certificate"), common::v1::ERROR_REASON_TOO_MANY,
                          "is of a 17th device");
  } else {
    merged.devices.push_back(device);
  }
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
  auto fresh = ring_.Generate(tag);
  if (!fresh.ok()) return fresh.status();
  engine::Batch batch;
  batch.puts.push_back({{table::kMailboxKey, ""}, fresh->wrapped});
  batch.puts.push_back(
      SealRow(*fresh->keys, {table::kProfile, ""}, EncodeProfile(ProfileOf(grant.claims()))));
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
  absl::Status last = absl::AbortedError("not tried");
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    if (absl::Status loaded = lane->Load(deadline); !loaded.ok()) return loaded;
    auto pending = PendingAnswer<engine::Generation>::Make();
    {
      absl::MutexLock lock(&lane->mu);
      Lane::View* view = lane->view();
      if (view == nullptr) continue;
      auto merged = Merge(view->profile, grant.claims());
      if (!merged.ok()) return merged.status();
      const std::string row = EncodeProfile(*merged);
      if (row == EncodeProfile(view->profile)) return absl::OkStatus();

      engine::Batch batch;
      batch.puts.push_back(SealRow(*view->keys, {table::kProfile, ""}, row));
      const engine::Generation expected = view->next;
      view->profile = *std::move(merged);
      const std::uint64_t incarnation = lane->Queue();
      engine_.Apply(lane->tag(), expected, std::move(batch),
                    [lane, pending, incarnation](absl::StatusOr<engine::Generation> answer) {
                      lane->Answer(incarnation, answer.status());
                      pending->Fill(std::move(answer));
                    });
    }
    auto answer = pending->WaitUntil(deadline);
    if (!answer) return WriteError(absl::UnavailableError("not answered"));
    if (answer->ok()) {
      Reached(point::kProfileWritten);
      return absl::OkStatus();
    }
    last = answer->status();
    if (!engine_.Writable().ok()) break;
  }
  return WriteError(last);
}

absl::StatusOr<Enrolled> Mailboxes::Enroll(const EnrollmentGrant& grant, absl::Time deadline) {
  const EnrollmentGrant::Claims& claims = grant.claims();
  auto tag = ReadOrWriteIndex(claims.member, deadline);
  if (!tag.ok()) return tag.status();
  bool created = false;
  auto lane = Find(claims.member, deadline);
  for (int attempt = 0; lane.ok() && *lane == nullptr; ++attempt) {
    // An engine may abort for no reason, too.
    if (attempt == kMostAttempts) return WriteError(absl::AbortedError("not made"));
    auto made = Make(*tag, grant, deadline);
    if (!made.ok()) return made.status();
    created = *made;
    lane = Find(claims.member, deadline);
  }
  if (!lane.ok()) return lane.status();
  if (absl::Status updated = Update(*lane, grant, deadline); !updated.ok()) return updated;
  return Enrolled{created, claims.entry_version};
}

}  // namespace letterlock::mail
