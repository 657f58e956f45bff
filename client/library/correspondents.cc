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

absl::Status CheckFollows(const CheckedEntry& next, const EntryContent& pinned) {
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
  if (entry.version > pinned.version + 1) {
    return VerificationFailed(
        "the handle's entry changed more than once since it was pinned, and the steps between "
        "can't be checked: ask the correspondent, by another way, what happened");
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

}  // namespace

absl::StatusOr<Correspondent> Meet(State* state, const CheckedEntry& entry,
                                   std::uint64_t now_unix_ms) {
  const EntryContent& next = entry.content();
  const auto found = state->pins.find(next.handle);
  if (found == state->pins.end()) {
    state->pins.emplace(next.handle, Pin{next.bytes, now_unix_ms, {}});
    return View(next, PinVerdict::kFirst, false);
  }
  Pin& pin = found->second;
  if (pin.entry == next.bytes) return View(next, PinVerdict::kSame, false);

  const auto pinned = Read(pin, next.deployment);
  if (!pinned.ok()) return pinned.status();
  const absl::Status follows = CheckFollows(entry, *pinned);
  if (!follows.ok()) return follows;
  const bool key_changed = next.identity_key != pinned->identity_key;
  if (key_changed) pin.earlier_identity_keys.push_back(pinned->identity_key);
  pin.entry = next.bytes;
  return View(next, PinVerdict::kChanged, key_changed);
}

std::optional<seal::Correspondent> FindSender(const State& state,
                                              const crypto::DeploymentId& deployment,
                                              const crypto::MemberId& member,
                                              const crypto::KeyId& identity_key_id) {
  for (const auto& [handle, pin] : state.pins) {
    const auto entry = Read(pin, deployment);
    if (!entry.ok() || entry->member() != member) continue;
    std::vector<crypto::PublicKey> keys = pin.earlier_identity_keys;
    keys.push_back(entry->identity_key);
    for (const crypto::PublicKey& key : keys) {
      if (crypto::KeyIdOf(key) != identity_key_id) continue;
      return seal::Correspondent{handle, entry->genesis_key, key, entry->encryption_key};
    }
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
