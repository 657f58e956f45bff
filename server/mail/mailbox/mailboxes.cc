#include "server/mail/mailbox/mailboxes.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "attest/canonical_proto.h"
#include "attest/entry.h"
#include "letterlock/common/v1/errors.pb.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "mailbox/keyring_rows.h"
#include "mailbox/lane.h"
#include "mailbox/lane_cache.h"
#include "mailbox/sealing.h"
#include "server/mail/mailbox/certified_devices.h"
#include "server/mail/mailbox/engine_calls.h"
#include "server/mail/mailbox/rows.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

// Of a mailbox that others write meanwhile, to get two rows of one state.
constexpr int kMostReads = 8;

absl::Status NotEnrolled() {
  return rpc::Fail(absl::StatusCode::kUnauthenticated, common::v1::ERROR_REASON_NOT_ENROLLED,
                   "the member has no mailbox here");
}

// An entry of nobody, to be read like one.
std::string DecoyEntry() {
  const std::string key(32, '\1');
  directory::v1::DirectoryEntry entry;
  entry.set_deployment(std::string(16, '\1'));
  entry.set_suite(attest::kSuite1);
  entry.set_handle("nobody");
  entry.set_version(1);
  entry.set_genesis_key(key);
  entry.set_identity_key(key);
  entry.set_encryption_key(key);
  entry.set_recovery_key_digest(key);
  entry.set_time_unix_ms(1'700'000'000'000);
  return attest::SerializeCanonical(entry);
}

}  // namespace

// A mailbox that is in no store.
struct Mailboxes::Decoy {
  crypto::MemberId member;
  engine::MailboxTag tag = RandomMailboxTag();
  engine::Rows rows;
};

struct Mailboxes::Known {
  Known(const engine::MailboxTag& tag_of_it, Lane::View view_of_it)
      : tag(tag_of_it), view(std::move(view_of_it)) {}

  const engine::MailboxTag tag;
  const Lane::View view;
};

absl::StatusOr<std::unique_ptr<Mailboxes>> Mailboxes::Create(engine::Engine& engine,
                                                             const KeyRing& ring,
                                                             std::size_t max_lanes,
                                                             FaultPoints* points) {
  auto decoy = std::make_unique<Decoy>();
  auto keys = ring.Generate(decoy->tag);
  if (!keys.ok()) return keys.status();
  decoy->rows.generation = 1;
  decoy->rows.values.push_back(keys->wrapped);
  auto profile = ProfileOn(decoy->member, DecoyEntry());
  if (!profile.ok()) return profile.status();
  profile->devices.resize(1);
  decoy->rows.values.push_back(
      SealRow(*keys->keys, {table::kProfile, ""}, EncodeProfile(*profile)).value);
  decoy->rows.values.push_back(
      SealRow(*keys->keys, {table::kCounters, ""}, EncodeCounters({})).value);
  return std::unique_ptr<Mailboxes>(
      new Mailboxes(engine, ring, max_lanes, std::move(decoy), points));
}

Mailboxes::Mailboxes(engine::Engine& engine, const KeyRing& ring, std::size_t max_lanes,
                     std::unique_ptr<Decoy> decoy, FaultPoints* points)
    : engine_(engine),
      ring_(ring),
      lanes_(std::make_unique<LaneCache>(max_lanes)),
      points_(points),
      decoy_(std::move(decoy)) {}
Mailboxes::~Mailboxes() = default;

absl::StatusOr<std::optional<engine::MailboxTag>> Mailboxes::ReadIndex(
    const crypto::MemberId& member, absl::Time deadline) {
  const engine::MailboxTag index = ring_.IndexTagOf(member);
  auto rows = ReadRows(engine_, index, {{table::kIndex, ""}}, deadline);
  if (!rows.ok()) return rows.status();
  if (!rows->values[0]) return std::optional<engine::MailboxTag>();
  auto tag = ring_.OpenIndex(index, *rows->values[0]);
  if (!tag.ok()) return tag.status();
  return std::optional<engine::MailboxTag>(*tag);
}

absl::StatusOr<std::shared_ptr<Lane>> Mailboxes::Find(const crypto::MemberId& member,
                                                      absl::Time deadline) {
  std::shared_ptr<Lane> lane = lanes_->Find(member);
  if (lane == nullptr) {
    auto tag = ReadIndex(member, deadline);
    if (!tag.ok()) return tag.status();
    if (!*tag) return nullptr;
    lane = lanes_->FindOrAdd(member,
                             [&] { return std::make_shared<Lane>(engine_, ring_, member, **tag); });
  }
  absl::Status loaded = lane->Load(deadline);
  // An enrolment that was cut off between index row and mailbox.
  if (absl::IsNotFound(loaded)) return nullptr;
  if (!loaded.ok()) return loaded;
  return lane;
}

absl::StatusOr<Mailbox> Mailboxes::Open(const MemberGrant& grant, absl::Time deadline) {
  while (true) {
    auto lane = Find(grant.member(), deadline);
    if (!lane.ok()) return lane.status();
    if (*lane == nullptr) return NotEnrolled();
    absl::MutexLock lock(&(*lane)->mu);
    const Lane::View* view = (*lane)->view();
    if (view == nullptr) continue;  // a write failed just now
    if (!view->profile.HasDevice(grant.device())) return NotCertified();
    return Mailbox(*lane);
  }
}

absl::StatusOr<Dropbox> Mailboxes::Open(const DeliveryGrant& grant, absl::Time deadline) {
  auto lane = Find(grant.recipient(), deadline);
  if (!lane.ok()) return lane.status();
  if (*lane == nullptr) {
    return rpc::FailField(absl::StatusCode::kNotFound,
                          rpc::FieldPath("envelope").Then("header").Then("recipient"),
                          common::v1::ERROR_REASON_UNKNOWN_RECIPIENT, "has no mailbox here");
  }
  return Dropbox(*std::move(lane));
}

absl::StatusOr<Dropbox> Mailboxes::Open(const AnswerGrant& grant, absl::Time deadline) {
  auto lane = Find(grant.requester(), deadline);
  if (!lane.ok()) return lane.status();
  if (*lane == nullptr) {
    return rpc::FailField(absl::StatusCode::kNotFound, rpc::FieldPath("member"),
                          common::v1::ERROR_REASON_UNKNOWN_RECIPIENT, "has no mailbox here");
  }
  return Dropbox(*std::move(lane));
}

absl::StatusOr<Dropbox> Mailboxes::Open(const ReportGrant& grant, absl::Time deadline) {
  auto lane = Find(grant.desk(), deadline);
  if (!lane.ok()) return lane.status();
  if (*lane == nullptr) return absl::NotFoundError("the desk");
  return Dropbox(*std::move(lane));
}

absl::StatusOr<std::unique_ptr<Mailboxes::Known>> Mailboxes::LookUp(const crypto::MemberId& member,
                                                                    absl::Time deadline) {
  auto tag = ReadIndex(member, deadline);
  if (!tag.ok()) return tag.status();
  auto rows = ReadViewRows(engine_, *tag ? **tag : decoy_->tag, deadline);
  if (!rows.ok()) return rows.status();
  if (rows->generation == engine::kNoPartition) {
    // Opens as much as for a member that is known.
    (void)OpenView(ring_, decoy_->member, decoy_->tag, decoy_->rows);
    return nullptr;
  }
  auto view = OpenView(ring_, member, **tag, *rows);
  if (!view.ok()) return view.status();
  return std::make_unique<Known>(**tag, *std::move(view));
}

absl::StatusOr<bool> Mailboxes::HasDevice(const crypto::MemberId& member,
                                          const crypto::PublicKey& device, absl::Time deadline) {
  auto known = LookUp(member, deadline);
  if (!known.ok()) return known.status();
  if (*known == nullptr) return false;
  // By the whole key: a session must not rest on the 64 bits of its id.
  const std::vector<Device>& devices = (*known)->view.profile.devices;
  return std::any_of(devices.begin(), devices.end(),
                     [&](const Device& certified) { return certified.key == device; });
}

absl::StatusOr<std::string> Mailboxes::ReadKeyring(const RecoveryGrant& grant,
                                                   absl::Time deadline) {
  const crypto::Digest digest = attest::RecoveryKeyDigest(grant.recovery_key());
  for (int attempt = 0; attempt < kMostReads; ++attempt) {
    auto known = LookUp(grant.member(), deadline);
    if (!known.ok()) return known.status();
    if (*known == nullptr || (*known)->view.profile.recovery_key_digest != digest) {
      return absl::PermissionDeniedError("not the member's recovery key");
    }
    const Lane::View& view = (*known)->view;
    const KeptKeyring* const named = NamedKeyring(view.profile);
    if (named == nullptr) return absl::NotFoundError("keyring");
    const engine::RowKey place = PlaceOf(*named);
    auto rows = ReadRows(engine_, (*known)->tag, {place}, deadline);
    if (!rows.ok()) return rows.status();
    // Written between the two reads: perhaps another keyring is named now.
    if (rows->generation != view.next) continue;
    if (!rows->values[0]) return absl::DataLossError("a keyring is missing");
    auto sealed = OpenRow(*view.keys, place, *rows->values[0]);
    if (sealed.ok() && KeyringHash(*sealed) != named->hash) {
      return absl::DataLossError("a keyring is another");
    }
    return sealed;
  }
  return WriteError(absl::AbortedError("the mailbox is written all the time"));
}

}  // namespace letterlock::mail
