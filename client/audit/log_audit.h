// Verification of a whole log that lies in a folder, as directoryd writes it or a mirror holds it,
// against nothing but a trust file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "attest/stored_log.h"
#include "attest/trust.h"
#include "claims.h"

namespace letterlock::audit {

// One row a claim. `earlier` is a signed checkpoint that somebody kept. Each leaf is hashed; memory
// does not grow with the log. An error where there is nothing to judge: no checkpoint, or files
// that can't be read.
absl::StatusOr<std::vector<Claim>> AuditLog(const attest::LogFiles& files,
                                            const attest::TrustFile& trust,
                                            const std::optional<std::string>& earlier);

}  // namespace letterlock::audit
