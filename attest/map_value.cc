#include "attest/map_value.h"

#include <string>

#include "crypto/base/bytes.h"
#include "crypto/base/context.h"
#include "crypto/base/strings.h"

namespace letterlock::attest {

crypto::Digest DirectoryPosition(const crypto::DeploymentId& deployment,
                                 const crypto::Handle& handle) {
  return crypto::Sha256(context::kDirectoryPosition, {deployment.bytes(), handle.str()});
}

crypto::Digest DirectoryCommitment(std::string_view salt, std::string_view entry) {
  return crypto::Sha256(context::kDirectoryCommitment, {salt, entry});
}

crypto::Digest MapValue(uint64_t version, const crypto::Digest& commitment) {
  std::string encoded;
  crypto::AppendU64(&encoded, version);
  return crypto::Sha256(context::kMapValue, {encoded, crypto::AsView(commitment)});
}

}  // namespace letterlock::attest
