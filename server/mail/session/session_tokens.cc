#include "server/mail/session/session_tokens.h"

#include <utility>

#include "crypto/base/bytes.h"
#include "crypto/base/context.h"
#include "crypto/base/hash.h"
#include "crypto/base/hmac.h"
#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

// docs/formats.md, "Session".
constexpr std::size_t kNonceSize = 16;
constexpr std::size_t kExpirySize = 8;
constexpr std::size_t kMacSize = 32;
constexpr std::uint8_t kTokenVersion = 1;
static_assert(kNonceSize + kExpirySize + kMacSize == kChallengeSize);

constexpr std::size_t kMostUsedChallenges = 1'000'000;  // of one period; 16 MB

absl::Status Refused(common::v1::ErrorReason reason, rpc::Literal what) {
  return rpc::Fail(absl::StatusCode::kUnauthenticated, reason, what);
}

}  // namespace

absl::StatusOr<std::unique_ptr<SessionTokens>> SessionTokens::Create(
    const crypto::DeploymentId& deployment, const crypto::Clock& clock,
    crypto::RandomSource& random) {
  auto key = crypto::LockedSecret<32>::Create(crypto::SecretBytes<32>::Random(random));
  if (!key.ok()) return key.status();
  return std::unique_ptr<SessionTokens>(
      new SessionTokens(deployment, clock, random, *std::move(key)));
}

SessionTokens::SessionTokens(const crypto::DeploymentId& deployment, const crypto::Clock& clock,
                             crypto::RandomSource& random, crypto::LockedSecret<32> key)
    : deployment_(deployment), clock_(clock), random_(random), key_(std::move(key)) {}

std::uint64_t SessionTokens::NowMs() const {
  return static_cast<std::uint64_t>(absl::ToUnixMillis(clock_.Now()));
}

std::string SessionTokens::ChallengeMac(std::string_view nonce_and_expiry,
                                        const crypto::MemberId& member,
                                        const crypto::PublicKey& device) const {
  return crypto::ToString(
      crypto::HmacSha256(key_.secret(), context::kChallenge,
                         {deployment_.bytes(), nonce_and_expiry, member.bytes(), device.bytes()}));
}

std::string SessionTokens::MakeChallenge(const crypto::MemberId& member,
                                         const crypto::PublicKey& device) const {
  std::string challenge(Nonce::Random(random_).bytes());
  crypto::AppendU64(
      &challenge, NowMs() + static_cast<std::uint64_t>(absl::ToInt64Milliseconds(kChallengeLife)));
  challenge += ChallengeMac(challenge, member, device);
  return challenge;
}

absl::Status SessionTokens::CheckChallenge(std::string_view challenge,
                                           const crypto::MemberId& member,
                                           const crypto::PublicKey& device) const {
  const auto invalid = [] {
    return Refused(common::v1::ERROR_REASON_CHALLENGE_INVALID,
                   "the challenge was not made here for this member and device");
  };
  if (challenge.size() != kChallengeSize) return invalid();
  const std::string_view signed_part = challenge.substr(0, kNonceSize + kExpirySize);
  if (!crypto::HmacSha256Verify(key_.secret(), context::kChallenge,
                                {deployment_.bytes(), signed_part, member.bytes(), device.bytes()},
                                challenge.substr(signed_part.size()))) {
    return invalid();
  }
  crypto::ByteReader expiry(signed_part.substr(kNonceSize));
  if (NowMs() >= expiry.U64()) {
    return Refused(common::v1::ERROR_REASON_CHALLENGE_EXPIRED, "the challenge has run out");
  }
  const Nonce nonce = *Nonce::FromBytes(challenge.substr(0, kNonceSize));
  absl::MutexLock lock(&mu_);
  if (used_now_.contains(nonce) || used_before_.contains(nonce)) {
    return Refused(common::v1::ERROR_REASON_CHALLENGE_USED, "the challenge was used before");
  }
  return absl::OkStatus();
}

bool SessionTokens::UseChallenge(std::string_view challenge) {
  const auto nonce = Nonce::FromBytes(challenge.substr(0, kNonceSize));
  if (!nonce.ok()) return false;
  const std::uint64_t period =
      NowMs() / static_cast<std::uint64_t>(absl::ToInt64Milliseconds(kChallengeLife));
  absl::MutexLock lock(&mu_);
  if (period > period_) {
    used_before_ = period == period_ + 1 ? std::move(used_now_) : absl::flat_hash_set<Nonce>();
    used_now_ = {};
    period_ = period;
  }
  if (used_before_.contains(*nonce) || used_now_.size() >= kMostUsedChallenges) return false;
  return used_now_.insert(*nonce).second;
}

SessionTokens::Token SessionTokens::MakeToken(const crypto::MemberId& member,
                                              const crypto::KeyId& device) const {
  const std::uint64_t expires =
      NowMs() + static_cast<std::uint64_t>(absl::ToInt64Milliseconds(kTokenLife));
  std::string token = crypto::ByteWriter()
                          .U8(kTokenVersion)
                          .Bytes(member.bytes())
                          .Bytes(device.bytes())
                          .U64(expires)
                          .Take();
  token += crypto::ToString(
      crypto::HmacSha256(key_.secret(), context::kToken, {deployment_.bytes(), token}));
  return {std::move(token), expires};
}

absl::StatusOr<MemberGrant> SessionTokens::CheckToken(std::string_view token) const {
  const auto invalid = [] {
    return Refused(common::v1::ERROR_REASON_TOKEN_INVALID, "the session token was not made here");
  };
  if (token.size() != kTokenSize) return invalid();
  const std::string_view signed_part = token.substr(0, kTokenSize - kMacSize);
  if (!crypto::HmacSha256Verify(key_.secret(), context::kToken, {deployment_.bytes(), signed_part},
                                token.substr(signed_part.size()))) {
    return invalid();
  }
  crypto::ByteReader reader(signed_part);
  if (reader.U8() != kTokenVersion) return invalid();
  const auto member = crypto::MemberId::FromBytes(reader.Bytes(crypto::MemberId::kSize));
  const auto device = crypto::KeyId::FromBytes(reader.Bytes(crypto::KeyId::kSize));
  const std::uint64_t expires = reader.U64();
  if (!reader.Finish().ok() || !member.ok() || !device.ok()) return invalid();
  if (NowMs() >= expires) {
    return Refused(common::v1::ERROR_REASON_TOKEN_EXPIRED, "the session has run out");
  }
  return MemberGrant(MemberGrant::Maker(), *member, *device,
                     absl::FromUnixMillis(static_cast<std::int64_t>(expires)));
}

}  // namespace letterlock::mail
