// Challenges and tokens of sessions (docs/formats.md, "Session"): MACs under a key that lives in
// this process alone, so they cost no memory and end with it.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "crypto/base/clock.h"
#include "crypto/base/ids.h"
#include "crypto/base/locked_secret.h"
#include "crypto/base/random.h"
#include "crypto/base/sign.h"
#include "server/mail/mailbox/grants.h"

namespace letterlock::mail {

inline constexpr std::size_t kChallengeSize = 56;  // bytes
inline constexpr std::size_t kTokenSize = 65;      // bytes
inline constexpr absl::Duration kChallengeLife = absl::Seconds(60);
inline constexpr absl::Duration kTokenLife = absl::Minutes(15);

class SessionTokens {
 public:
  // The key and the nonces are drawn from `random`, which is thread-safe. Neither it nor `clock` is
  // owned; both outlive this. RESOURCE_EXHAUSTED without locked memory.
  static absl::StatusOr<std::unique_ptr<SessionTokens>> Create(
      const crypto::DeploymentId& deployment, const crypto::Clock& clock,
      crypto::RandomSource& random);

  std::string MakeChallenge(const crypto::MemberId& member, const crypto::PublicKey& device) const;

  // OK if `challenge` was made here for this member and device and is still good. UNAUTHENTICATED:
  // CHALLENGE_INVALID, CHALLENGE_EXPIRED, CHALLENGE_USED.
  absl::Status CheckChallenge(std::string_view challenge, const crypto::MemberId& member,
                              const crypto::PublicKey& device) const;

  // Marks a checked challenge as used: true for one caller only. False also when too many were used
  // in the last minutes to remember another one.
  [[nodiscard]] bool UseChallenge(std::string_view challenge);

  struct Token {
    std::string bytes;
    std::uint64_t expires_unix_ms = 0;
  };
  // REQUIRES: the device proved to be the member's.
  Token MakeToken(const crypto::MemberId& member, const crypto::KeyId& device) const;

  // UNAUTHENTICATED: TOKEN_INVALID, TOKEN_EXPIRED. About a microsecond.
  absl::StatusOr<MemberGrant> CheckToken(std::string_view token) const;

 private:
  using Nonce = crypto::FixedId<struct ChallengeNonceTag, 16>;

  SessionTokens(const crypto::DeploymentId& deployment, const crypto::Clock& clock,
                crypto::RandomSource& random, crypto::LockedSecret<32> key);

  std::uint64_t NowMs() const;
  std::string ChallengeMac(std::string_view nonce_and_expiry, const crypto::MemberId& member,
                           const crypto::PublicKey& device) const;

  const crypto::DeploymentId deployment_;
  const crypto::Clock& clock_;
  crypto::RandomSource& random_;
  const crypto::LockedSecret<32> key_;

  mutable absl::Mutex mu_;
  // Nonces used in this period and the one before; a period lasts as long as a challenge, so both
  // together hold every one that is still good.
  std::uint64_t period_ ABSL_GUARDED_BY(mu_) = 0;
  absl::flat_hash_set<Nonce> used_now_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_set<Nonce> used_before_ ABSL_GUARDED_BY(mu_);
};

}  // namespace letterlock::mail
