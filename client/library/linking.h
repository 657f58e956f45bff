// What a link file holds (docs/formats.md, "Link file"). Private to the library and its tests.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/base/random.h"
#include "crypto/base/secret_buffer.h"
#include "crypto/seal/member_keys.h"

namespace letterlock::client {

// The account's keys, with a fresh one for this device. Usage problem where it is no link file or
// `typed` no code; PERMISSION_DENIED where they don't belong together.
absl::StatusOr<seal::MemberKeys> KeysInLinkFile(std::string_view file,
                                                const crypto::SecretBuffer& typed,
                                                crypto::RandomSource& random);

}  // namespace letterlock::client
