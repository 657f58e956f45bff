#include "client/directory_client.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "client/failure.h"
#include "client/log_memory.h"
#include "evidence.h"
#include "letterlock/directory/v1/entry.pb.h"

namespace letterlock::client {

using directory::v1::EntryProof;
using directory::v1::SignedEntry;

namespace {

constexpr std::uint64_t kMostHistory = 1000;  // steps of an entry that are followed

using attest::VerifiedEntry;
using attest::VerifiedErasure;
using attest::VerifiedLookup;

RememberedLog Offer(const attest::VerifiedHead& head) {
  return {.origin = head.checkpoint().origin,
          .size = head.checkpoint().size,
          .root = head.checkpoint().root,
          .checkpoint = head.checkpoint_note(),
          .head_sequence = head.sequence(),
          .head_index = head.index(),
          .head_leaf = head.leaf_hash()};
}

// What a proof that does not hold means to a member.
absl::Status Explain(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOutOfRange:
      return VerificationFailed(
          "the directory's newest state is not of this time: check this machine's clock; if it is "
          "right, the directory does not show its present state");
    case absl::StatusCode::kFailedPrecondition:
      return VerificationFailed(
          "the checkpoint does not bear the witnesses' signatures that the trust file asks for");
    case absl::StatusCode::kPermissionDenied:
      return VerificationFailed("no registrar that the trust file names vouches for the handle");
    default:
      return VerificationFailed("the directory's proof does not hold");
  }
}

// A tombstone is the next version of what it erases: one that does not come after the pinned entry
// is not the pinned member's.
absl::Status CheckTombstone(const State& state, const crypto::Handle& handle,
                            const VerifiedErasure& erasure, const attest::TrustFile* trust) {
  const auto found = state.pins.find(handle);
  if (found == state.pins.end()) return absl::OkStatus();
  const auto pinned = attest::ParseEntry(found->second.entry, trust->deployment());
  if (!pinned.ok()) return absl::DataLossError("a pin of the account's state is malformed");
  if (erasure.version() > pinned->version) return absl::OkStatus();
  return VerificationFailed(
      "the directory shows a tombstone that is not newer than the entry that was pinned");
}

// The entry's bytes; empty where the handle has none.
std::string EntryOf(const VerifiedLookup& lookup) {
  const auto* entry = std::get_if<VerifiedEntry>(&lookup);
  return entry == nullptr ? "" : entry->content().bytes;
}

}  // namespace

absl::StatusOr<VerifiedLookup> DirectoryClient::Fetch(const crypto::Handle& handle, State* state,
                                                      EntryProof* proof) const {
  EntryProof answer;
  const absl::Status status = Retry(options_.retry, *options_.sleeper, *options_.random,
                                    [&] { return options_.transport->Lookup(handle, &answer); });
  if (!status.ok()) return status;
  auto lookup = Take(handle, answer, state);
  if (lookup.ok() && proof != nullptr) *proof = std::move(answer);
  return lookup;
}

absl::StatusOr<std::vector<SignedEntry>> DirectoryClient::FetchHistory(
    const attest::CheckedEntry& newest, std::uint64_t from) const {
  const attest::EntryContent& last = newest.content();
  std::vector<SignedEntry> history;
  if (last.version > from + kMostHistory) {
    return VerificationFailed("the entry has changed more often than can be checked");
  }
  while (from + history.size() < last.version) {
    std::vector<SignedEntry> page;
    const absl::Status status = Retry(options_.retry, *options_.sleeper, *options_.random, [&] {
      return options_.transport->History(last.handle, from + history.size(), &page);
    });
    if (!status.ok()) return status;
    if (page.empty()) return VerificationFailed("the directory does not show earlier entries");
    for (SignedEntry& entry : page) history.push_back(std::move(entry));
  }
  // The directory may have taken a newer entry meanwhile.
  history.resize(last.version > from ? last.version - from : 0);
  const attest::CheckedEntry* next = &newest;
  std::optional<attest::CheckedEntry> current;
  for (auto entry = history.rbegin(); entry != history.rend(); ++entry) {
    auto checked = attest::CheckEntry(*entry, options_.trust->entries());
    if (!checked.ok() || !attest::CheckTransition(checked->content(), *next).ok()) {
      return VerificationFailed("an entry was not authorised by the one before it");
    }
    current = *std::move(checked);
    next = &*current;
  }
  return history;
}

absl::StatusOr<VerifiedLookup> DirectoryClient::Publish(const crypto::Handle& handle,
                                                        const SignedEntry& entry, State* state,
                                                        EntryProof* proof) const {
  EntryProof answer;
  const absl::Status status = Retry(options_.retry, *options_.sleeper, *options_.random,
                                    [&] { return options_.transport->Publish(entry, &answer); });
  if (!status.ok()) return status;
  auto lookup = Take(handle, answer, state);
  if (!lookup.ok()) return lookup;
  if (EntryOf(*lookup) != entry.entry()) {
    return VerificationFailed("the directory says it took the entry, and proves another");
  }
  if (proof != nullptr) *proof = std::move(answer);
  return lookup;
}

absl::StatusOr<VerifiedLookup> DirectoryClient::Take(const crypto::Handle& handle,
                                                     const EntryProof& proof, State* state) const {
  auto lookup =
      attest::VerifyLookup(proof, handle, *options_.trust,
                           attest::Freshness{.now = options_.clock->Now(), .max_age = kMaxHeadAge});
  if (!lookup.ok()) return Explain(lookup.status());
  const absl::Status continues = FollowLog(&state->log, Offer(attest::HeadOf(*lookup)));
  if (!continues.ok()) return continues;
  return lookup;
}

absl::Status DirectoryClient::FollowLog(RememberedLog* remembered,
                                        const RememberedLog& offered) const {
  const absl::Status continues =
      Continue(remembered, offered, [this](std::uint64_t old_size, std::uint64_t new_size) {
        return Consistency(old_size, new_size);
      });
  if (ProblemOf(continues) == Problem::kAlarm) {
    const absl::Status kept = KeepEvidence(options_.evidence_directory, *remembered, offered,
                                           std::string(continues.message()));
    if (!kept.ok()) return Alarm("the log forked or shrank, and the evidence could not be written");
  }
  return continues;
}

absl::Status DirectoryClient::CheckShown(const attest::VerifiedHead& shown,
                                         const State& state) const {
  RememberedLog theirs = Offer(shown);
  return FollowLog(&theirs, state.log);
}

absl::StatusOr<std::vector<crypto::Digest>> DirectoryClient::Consistency(
    std::uint64_t old_size, std::uint64_t new_size) const {
  absl::StatusOr<std::vector<crypto::Digest>> hashes;
  const absl::Status status = Retry(options_.retry, *options_.sleeper, *options_.random, [&] {
    hashes = options_.transport->ConsistencyProof(old_size, new_size);
    return hashes.status();
  });
  if (!status.ok()) return status;
  return hashes;
}

absl::Status DirectoryClient::CheckOwn(const crypto::Handle& own, State* state, bool always) const {
  if (!state->own.published) return absl::OkStatus();
  if (!always && state->log.head_sequence <= state->own.checked_head) return absl::OkStatus();
  SignedEntry published;
  if (!published.ParseFromString(state->own.signed_entry)) {
    return absl::DataLossError("the own entry in the account's state is malformed");
  }
  const auto lookup = Fetch(own, state);
  if (!lookup.ok()) return lookup.status();
  if (std::holds_alternative<VerifiedErasure>(*lookup)) {
    return Alarm(
        "the directory shows a tombstone in place of your own entry, and not by this account: the "
        "handle counts as erased");
  }
  const std::string shown = EntryOf(*lookup);
  if (shown.empty()) return Alarm("your own directory entry is gone from the directory");
  if (shown != published.entry()) {
    return Alarm(
        "your own directory entry was changed, and not by this account: others now seal their mail "
        "to you for keys that this account may not hold");
  }
  state->own.checked_head = state->log.head_sequence;
  return absl::OkStatus();
}

absl::StatusOr<VerifiedLookup> DirectoryClient::FetchChecked(const crypto::Handle& handle,
                                                             const crypto::Handle& own,
                                                             State* state) const {
  auto lookup = Fetch(handle, state);
  if (!lookup.ok()) return lookup;
  const absl::Status own_status = CheckOwn(own, state);
  if (!own_status.ok()) return own_status;
  return lookup;
}

absl::StatusOr<DirectoryClient::Finding> DirectoryClient::Find(const crypto::Handle& handle,
                                                               const crypto::Handle& own,
                                                               State* state) const {
  const auto lookup = FetchChecked(handle, own, state);
  if (!lookup.ok()) return lookup.status();
  const attest::VerifiedHead& head = attest::HeadOf(*lookup);
  Finding finding;
  LookupAnswer& answer = finding.answer;
  answer.head_sequence = head.sequence();
  answer.head_unix_ms = static_cast<std::uint64_t>(absl::ToUnixMillis(head.time()));
  answer.checkpoint_size = head.checkpoint().size;
  if (const auto* erasure = std::get_if<VerifiedErasure>(&*lookup)) {
    const absl::Status follows = CheckTombstone(*state, handle, *erasure, options_.trust);
    if (!follows.ok()) return follows;
    answer.tombstone_version = erasure->version();
    return finding;
  }
  const auto* entry = std::get_if<VerifiedEntry>(&*lookup);
  if (entry == nullptr) {
    if (state->pins.contains(handle)) {
      return VerificationFailed("the directory no longer shows the entry that was pinned");
    }
    return finding;
  }
  const auto now = static_cast<std::uint64_t>(absl::ToUnixMillis(options_.clock->Now()));
  auto meeting = Weigh(*state, entry->checked(), now);
  if (!meeting.ok()) return meeting.status();
  if (meeting->correspondent.pin == PinVerdict::kFirst && meeting->correspondent.version > 1) {
    const absl::Status led = AddHistory(entry->checked(), &*meeting);
    if (!led.ok()) return led;
  }
  answer.correspondent = meeting->correspondent;
  finding.meeting = *std::move(meeting);
  return finding;
}

absl::Status DirectoryClient::AddHistory(const attest::CheckedEntry& newest,
                                         Meeting* meeting) const {
  const auto history = FetchHistory(newest);
  if (!history.ok()) return history.status();
  std::vector<attest::EntryContent> entries;
  for (const SignedEntry& entry : *history) {
    auto content = attest::ParseEntry(entry.entry(), options_.trust->deployment());
    if (!content.ok()) return content.status();
    entries.push_back(*std::move(content));
  }
  AddEarlierKeys(meeting, entries);
  return absl::OkStatus();
}

absl::StatusOr<LookupAnswer> DirectoryClient::Lookup(const crypto::Handle& handle,
                                                     const crypto::Handle& own,
                                                     State* state) const {
  auto finding = Find(handle, own, state);
  if (!finding.ok()) return finding.status();
  if (finding->meeting.has_value()) Keep(state, *finding->meeting);
  return std::move(finding->answer);
}

absl::StatusOr<std::optional<TrustQuestion>> DirectoryClient::AskTrust(const crypto::Handle& handle,
                                                                       const crypto::Handle& own,
                                                                       State* state) const {
  const auto lookup = FetchChecked(handle, own, state);
  if (!lookup.ok()) return lookup.status();
  const auto* entry = std::get_if<VerifiedEntry>(&*lookup);
  if (entry == nullptr) return NotFound("the directory holds no entry for the handle");
  auto question = QuestionOf(*state, entry->checked());
  if (!question.ok() || question->has_value()) return question;
  const auto now = static_cast<std::uint64_t>(absl::ToUnixMillis(options_.clock->Now()));
  const auto met = Meet(state, entry->checked(), now);
  if (!met.ok()) return met.status();
  return std::nullopt;
}

}  // namespace letterlock::client
