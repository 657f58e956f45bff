// The token that every read of a secret names: `key.Reveal(KeyAccess{})`. It protects nothing by
// itself; it makes the places that touch key bytes few, visible in review and found by one grep.
#pragma once

namespace letterlock::crypto {

class KeyAccess {
 public:
  // Explicit, so that `Reveal({})` does not compile: the name must stand where the secret is read.
  explicit constexpr KeyAccess() = default;
};

}  // namespace letterlock::crypto
