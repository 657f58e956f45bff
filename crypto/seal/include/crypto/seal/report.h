// Reports to the abuse desk (docs/formats.md, "Report"): a Disclosure, sealed to the desk's key and
// bound to who reports which message. What is in it is the caller's. Thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/base/ids.h"
#include "crypto/base/random.h"
#include "crypto/base/secret_buffer.h"
#include "crypto/base/x25519.h"

namespace letterlock::seal {

inline constexpr size_t kMaxSealedDisclosure = 65'536;  // bytes

// What a sealed disclosure is bound to.
struct ReportName {
  crypto::DeploymentId deployment;
  crypto::MemberId reporter;
  crypto::MemberId sender;
  crypto::MessageId message_id;
};

// INVALID_ARGUMENT where it would be larger than kMaxSealedDisclosure, or for a key of small order.
absl::StatusOr<std::string> SealDisclosure(const crypto::X25519PublicKey& desk,
                                           const ReportName& name,
                                           const crypto::SecretBuffer& disclosure,
                                           crypto::RandomSource& random);

// INVALID_ARGUMENT unless it was sealed to this key for this very report, and no bit changed since.
absl::StatusOr<crypto::SecretBuffer> OpenDisclosure(const crypto::X25519PrivateKey& desk,
                                                    const ReportName& name,
                                                    std::string_view sealed);

}  // namespace letterlock::seal
