// Pins: what this account knows of its correspondents, and what it takes from a verified lookup
// (docs/client.md, "What is remembered"). Pure functions over State; thread-safe apart from that.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "attest/entry.h"
#include "client/client.h"
#include "client/state.h"
#include "crypto/base/ids.h"
#include "crypto/seal/member_keys.h"

namespace letterlock::client {

// What came of comparing an entry with the pins: what to show, and the pin to keep once it is known
// that the entry was asked for by the member or by mail that verified.
struct Meeting {
  Correspondent correspondent;
  Pin pin;
};

// Compares `entry`, which a proof has shown to be the directory's newest for its handle and whose
// own signature was checked, with the pin of that handle.
//
// Verification failed where it contradicts the pin: another member id, a lower version, another
// entry of the same version; a later version that the pinned entry's keys did not sign; or more
// than one version later, because the steps between can't be checked.
absl::StatusOr<Meeting> Weigh(const State& state, const attest::CheckedEntry& entry,
                              std::uint64_t now_unix_ms);

// The first meeting with a member whose keys have changed before: the keys of before are pinned
// with her, because mail of then is read later. `history`: the entries that led to hers, each
// checked to be authorised by the one before it.
void AddEarlierKeys(Meeting* meeting, const std::vector<attest::EntryContent>& history);

// Pins what was weighed. REQUIRES: no other pin of the handle was kept in between.
void Keep(State* state, const Meeting& meeting);

// Both at once, for an entry that the member asked for.
absl::StatusOr<Correspondent> Meet(State* state, const attest::CheckedEntry& entry,
                                   std::uint64_t now_unix_ms);

// What only a person can decide (client.h); nullopt where Weigh takes the entry. The other errors
// of Weigh stay errors: no decision mends them.
absl::StatusOr<std::optional<TrustQuestion>> QuestionOf(const State& state,
                                                        const attest::CheckedEntry& entry);

// Pins what the question shows; the key that was pinned stays known for mail signed before. A usage
// problem where the pin is not the one that the question shows.
absl::Status Accept(State* state, const crypto::DeploymentId& deployment,
                    const TrustQuestion& question);

// A sender as far as one message is concerned.
struct KnownSender {
  seal::Correspondent correspondent;  // with the identity key of the message
  bool key_replaced = false;          // which is not the present one any more
};

// The pinned handle of a member.
std::optional<crypto::Handle> FindHandle(const State& state, const crypto::DeploymentId& deployment,
                                         const crypto::MemberId& member);

// A pinned correspondent by member id, with the identity key of this key id: the present one or one
// that the pin has passed through. nullopt where none is known: look the handle up.
std::optional<KnownSender> FindSender(const State& state, const crypto::DeploymentId& deployment,
                                      const crypto::MemberId& member,
                                      const crypto::KeyId& identity_key_id);

// The correspondent that was met, likewise.
std::optional<KnownSender> SenderOf(const Meeting& meeting, const crypto::KeyId& identity_key_id);

// The pinned correspondent of a handle, as last verified.
std::optional<seal::Correspondent> FindPinned(const State& state,
                                              const crypto::DeploymentId& deployment,
                                              const crypto::Handle& handle);

// As sealing and verifying want it.
seal::Correspondent ForSealing(const Correspondent& correspondent);

}  // namespace letterlock::client
