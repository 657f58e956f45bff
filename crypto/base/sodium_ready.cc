#include "sodium_ready.h"

#include <sodium.h>

#include "require.h"

namespace letterlock::crypto::internal {

void SodiumReady() {
  static const bool ready = [] {
    Require(sodium_init() >= 0, "sodium_init");
    return true;
  }();
  static_cast<void>(ready);
}

}  // namespace letterlock::crypto::internal
