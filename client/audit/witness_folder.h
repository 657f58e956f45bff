// The folder that is a witness: its key, its name, and what it must not forget. One folder, so that
// a witness whose memory is lost has lost its key as well, and can't go on as if it remembered.
//
//   witness.key    signing key file, purpose 4, 0600 (docs/formats.md)
//   witness.vkey   what logs and verifiers configure
//   lock           held while it serves
//   logs/          a record for each watched log, and a list of them (witness_memory.h)
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "attest/note.h"
#include "cosigner.h"
#include "crypto/base/clock.h"
#include "server/config/file_lock.h"

namespace letterlock::audit {

// Makes the folder, which must not be there, with a new key. The answer names the witness.
absl::StatusOr<attest::VerifierKey> MakeWitness(const std::string& folder, const std::string& name);

// Where its records lie.
std::string WitnessLogs(const std::string& folder);

// Keeps any other process from serving from this folder, or from changing what is watched.
// UNAVAILABLE where one does.
absl::StatusOr<config::FileLock> LockWitness(const std::string& folder);

// The key that the folder holds. INVALID_ARGUMENT where name and key do not belong together;
// PERMISSION_DENIED where others can read the key. `clock` outlives the answer.
absl::StatusOr<Cosigner> OpenWitnessKey(const std::string& folder, const crypto::Clock* clock);

}  // namespace letterlock::audit
