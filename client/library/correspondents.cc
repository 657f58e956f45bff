#include "client/correspondents.h"

#include <utility>
#include <vector>

#include "client/failure.h"

namespace letterlock::client {
namespace {

using attest::CheckedEntry;
using attest::EntryContent;

absl::StatusOr<EntryContent> Read(const Pin& pin, const crypto::DeploymentId& deployment) {
  auto entry = attest::ParseEntry(pin.entry, deployment);
  if (!entry.ok()) return absl::DataLossError("a pin of the account's state is malformed");
  return entry;
}

// What no decision of a person can mend: the directory broke its own rules.
absl::Status CheckSameMember(const CheckedEntry& next, const EntryContent& pinned) {
  const EntryContent& entry = next.content();
  if (entry.member() != pinned.member()) {
    return VerificationFailed("the handle belongs to another member than the one that was pinned");
  }
  if (entry.version < pinned.version) {
    return VerificationFailed("the directory shows an older entry than the one that was pinned");
  }
  if (entry.version == pinned.version) {
    return VerificationFailed("the directory shows another entry under the pinned version");
  }
  return absl::OkStatus();
}

bool SkipsSteps(const EntryContent& next, const EntryContent& pinned) {
  return next.version > pinned.version + 1;
}

absl::Status CheckFollows(const CheckedEntry& next, const EntryContent& pinned) {
  const absl::Status same = CheckSameMember(next, pinned);
  if (!same.ok()) return same;
  if (SkipsSteps(next.content(), pinned)) {
    return VerificationFailed(
        "the handle's entry changed more than once since it was pinned, and the steps between "
        "can't be checked: ask the correspondent, by another way, whether the new keys are hers, "
        "then see `letterlock trust`");
  }
  if (!attest::CheckTransition(pinned, next).ok()) {
    return VerificationFailed("the handle's new entry is not authorised by the pinned one's keys");
  }
  return absl::OkStatus();
}

Correspondent View(const EntryContent& entry, PinVerdict verdict, bool key_changed) {
  return {.handle = entry.handle,
          .member = entry.member(),
          .version = entry.version,
          .genesis_key = entry.genesis_key,
          .identity_key = entry.identity_key,
          .encryption_key = entry.encryption_key,
          .pin = verdict,
          .identity_key_changed = key_changed};
}

// `pin` with another entry in its place.
Pin Replaced(Pin pin, const EntryContent& pinned, const EntryContent& next) {
  if (next.identity_key != pinned.identity_key) {
    pin.earlier_identity_keys.push_back(pinned.identity_key);
  }
  pin.entry = next.bytes;
  return pin;
}

EntryKeys KeysOf(const EntryContent& entry) {
  return {entry.version, entry.identity_key, entry.encryption_key};
}

}  // namespace

absl::StatusOr<Meeting> Weigh(const State& state, const CheckedEntry& entry,
                              std::uint64_t now_unix_ms) {
  const EntryContent& next = entry.content();
  const auto found = state.pins.find(next.handle);
  if (found == state.pins.end()) {
    return Meeting{View(next, PinVerdict::kFirst, false), Pin{next.bytes, now_unix_ms, {}}};
  }
  const Pin& pin = found->second;
  if (pin.entry == next.bytes) return Meeting{View(next, PinVerdict::kSame, false), pin};

  const auto pinned = Read(pin, next.deployment);
  if (!pinned.ok()) return pinned.status();
  const absl::Status follows = CheckFollows(entry, *pinned);
  if (!follows.ok()) return follows;
  return Meeting{View(next, PinVerdict::kChanged, next.identity_key != pinned->identity_key),
                 Replaced(pin, *pinned, next)};
}

void AddEarlierKeys(Meeting* meeting, const std::vector<EntryContent>& history) {
  std::vector<crypto::PublicKey>& keys = meeting->pin.earlier_identity_keys;
  for (const EntryContent& entry : history) {
    const bool last = !keys.empty() && keys.back() == entry.identity_key;
    if (!last) keys.push_back(entry.identity_key);
  }
  // Where only the encryption key changed it is the present one.
  if (!keys.empty() && keys.back() == meeting->correspondent.identity_key) keys.pop_back();
}

void Keep(State* state, const Meeting& meeting) {
  state->pins.insert_or_assign(meeting.correspondent.handle, meeting.pin);
}

absl::StatusOr<Correspondent> Meet(State* state, const CheckedEntry& entry,
                                   std::uint64_t now_unix_ms) {
  auto meeting = Weigh(*state, entry, now_unix_ms);
  if (!meeting.ok()) return meeting.status();
  Keep(state, *meeting);
  return meeting->correspondent;
}

absl::StatusOr<std::optional<TrustQuestion>> QuestionOf(const State& state,
                                                        const CheckedEntry& entry) {
  const EntryContent& next = entry.content();
  const auto found = state.pins.find(next.handle);
  if (found == state.pins.end() || found->second.entry == next.bytes) return std::nullopt;
  const auto pinned = Read(found->second, next.deployment);
  if (!pinned.ok()) return pinned.status();
  const absl::Status same = CheckSameMember(entry, *pinned);
  if (!same.ok()) return same;
  if (!SkipsSteps(next, *pinned)) {
    const absl::Status follows = CheckFollows(entry, *pinned);
    if (!follows.ok()) return follows;
    return std::nullopt;
  }
  return TrustQuestion{.handle = next.handle,
                       .pinned = KeysOf(*pinned),
                       .shown = KeysOf(next),
                       .pinned_entry = pinned->bytes,
                       .shown_entry = next.bytes};
}

absl::Status Accept(State* state, const crypto::DeploymentId& deployment,
                    const TrustQuestion& question) {
  const auto found = state->pins.find(question.handle);
  if (found == state->pins.end() || found->second.entry != question.pinned_entry) {
    return UsageProblem("what is pinned has changed in the meantime: look again");
  }
  const auto pinned = attest::ParseEntry(question.pinned_entry, deployment);
  const auto shown = attest::ParseEntry(question.shown_entry, deployment);
  if (!pinned.ok() || !shown.ok()) return absl::DataLossError("a directory entry is malformed");
  found->second = Replaced(std::move(found->second), *pinned, *shown);
  return absl::OkStatus();
}

std::optional<crypto::Handle> FindHandle(const State& state, const crypto::DeploymentId& deployment,
                                         const crypto::MemberId& member) {
  for (const auto& [handle, pin] : state.pins) {
    const auto entry = Read(pin, deployment);
    if (entry.ok() && entry->member() == member) return handle;
  }
  return std::nullopt;
}

std::optional<KnownSender> FindSender(const State& state, const crypto::DeploymentId& deployment,
                                      const crypto::MemberId& member,
                                      const crypto::KeyId& identity_key_id) {
  for (const auto& [handle, pin] : state.pins) {
    const auto entry = Read(pin, deployment);
    if (!entry.ok() || entry->member() != member) continue;
    auto sender = SenderOf({View(*entry, PinVerdict::kSame, false), pin}, identity_key_id);
    if (sender.has_value()) return sender;
  }
  return std::nullopt;
}

std::optional<KnownSender> SenderOf(const Meeting& meeting, const crypto::KeyId& identity_key_id) {
  KnownSender sender{ForSealing(meeting.correspondent), /*key_replaced=*/false};
  if (crypto::KeyIdOf(meeting.correspondent.identity_key) == identity_key_id) return sender;
  for (const crypto::PublicKey& key : meeting.pin.earlier_identity_keys) {
    if (crypto::KeyIdOf(key) != identity_key_id) continue;
    sender.correspondent.identity_key = key;
    sender.key_replaced = true;
    return sender;
  }
  return std::nullopt;
}

std::optional<seal::Correspondent> FindPinned(const State& state,
                                              const crypto::DeploymentId& deployment,
                                              const crypto::Handle& handle) {
  const auto found = state.pins.find(handle);
  if (found == state.pins.end()) return std::nullopt;
  const auto entry = Read(found->second, deployment);
  if (!entry.ok()) return std::nullopt;
  return ForSealing(View(*entry, PinVerdict::kSame, false));
}

seal::Correspondent ForSealing(const Correspondent& correspondent) {
  return {correspondent.handle, correspondent.genesis_key, correspondent.identity_key,
          correspondent.encryption_key};
}

}  // namespace letterlock::client
