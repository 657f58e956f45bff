// For conditions that only a broken library or an exhausted machine can violate.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace letterlock::crypto::internal {

inline void Require(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "letterlock: %s failed\n", what);
  std::abort();
}

}  // namespace letterlock::crypto::internal
