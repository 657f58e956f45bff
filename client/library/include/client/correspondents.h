// Pins: what this account knows of its correspondents, and what it takes from a verified lookup
// (docs/client.md, "What is remembered"). Pure functions over State; thread-safe apart from that.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "attest/entry.h"
#include "client/client.h"
#include "client/state.h"
#include "crypto/base/ids.h"
#include "crypto/seal/member_keys.h"

namespace letterlock::client {

// Compares `entry`, which a proof has shown to be the directory's newest for its handle and whose
// own signature was checked, with the pin of that handle; pins it where it is new or follows.
//
// Verification failed, and the pin stays, where it contradicts the pin: another member id, a lower
// version, another entry of the same version; a later version that the pinned entry's keys did not
// sign; or more than one version later, because the steps between can't be checked.
absl::StatusOr<Correspondent> Meet(State* state, const attest::CheckedEntry& entry,
                                   std::uint64_t now_unix_ms);

// A pinned correspondent by member id, with the identity key of this key id: the present one or one
// that the pin has passed through. nullopt where none is known: look the handle up.
std::optional<seal::Correspondent> FindSender(const State& state,
                                              const crypto::DeploymentId& deployment,
                                              const crypto::MemberId& member,
                                              const crypto::KeyId& identity_key_id);

// The pinned correspondent of a handle, as last verified.
std::optional<seal::Correspondent> FindPinned(const State& state,
                                              const crypto::DeploymentId& deployment,
                                              const crypto::Handle& handle);

// As sealing and verifying want it.
seal::Correspondent ForSealing(const Correspondent& correspondent);

}  // namespace letterlock::client
