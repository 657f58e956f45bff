#include "crypto/base/locked_secret.h"

#include <sodium.h>

#include "require.h"
#include "sodium_ready.h"

namespace letterlock::crypto::internal {

void* LockedAllocate(size_t size) {
  SodiumReady();  // reads the page size
  return sodium_malloc(size);
}

void LockedMakeReadOnly(void* p) {
  Require(sodium_mprotect_readonly(p) == 0, "sodium_mprotect_readonly");
}

void LockedMakeWritable(void* p) {
  Require(sodium_mprotect_readwrite(p) == 0, "sodium_mprotect_readwrite");
}

void LockedFree(void* p) { sodium_free(p); }

}  // namespace letterlock::crypto::internal
