// The link file (docs/formats.md, "Link file"), which carries an account from one device to
// another: all of the member's keys, under a code that is shown once and told to the new device.
// Whoever has both has the account, however often: nothing in the file wears out. Thread-safe.
// Takes the time and memory of a key file (key_file.h).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/base/random.h"
#include "crypto/base/secret_buffer.h"
#include "crypto/seal/member_keys.h"

namespace letterlock::seal {

inline constexpr size_t kLinkCodeDigits = 20;    // five random bits each
inline constexpr size_t kLinkCodeTextSize = 23;  // four groups of five, three hyphens

// Move-only, wiped.
class LinkCode {
 public:
  static LinkCode Generate(crypto::RandomSource& random);
  // From text that a person typed: takes lower case, O for 0, I and L for 1; ignores spaces and
  // hyphens. INVALID_ARGUMENT for any other character, or another number of them. Nothing in a code
  // tells a wrong character: only the file does.
  static absl::StatusOr<LinkCode> Parse(std::string_view text);

  // kLinkCodeTextSize characters: ABCDE-FGHJK-MNPQR-STVWX.
  crypto::SecretBuffer ToText() const;

  // The passphrase of the key file that a link file is: the digits alone.
  const crypto::SecretBuffer& passphrase() const { return digits_; }

 private:
  explicit LinkCode(crypto::SecretBuffer digits) : digits_(std::move(digits)) {}

  crypto::SecretBuffer digits_;
};

// All keys in `keys` but the device's: in its place is a random one, which is no device's. Errors
// are SealKeyFile's.
absl::StatusOr<std::string> SealLinkFile(const MemberKeys& keys, const LinkCode& code,
                                         crypto::RandomSource& random);

// The keys, for a device whose own key is `device`. Errors are OpenKeyFile's.
absl::StatusOr<MemberKeys> OpenLinkFile(std::string_view file, const LinkCode& code,
                                        crypto::SigningKey device);

}  // namespace letterlock::seal
