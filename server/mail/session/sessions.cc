#include "server/mail/session/sessions.h"

#include <algorithm>
#include <utility>

#include "crypto/base/bytes.h"
#include "crypto/base/context.h"
#include "crypto/base/encoding.h"
#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

constexpr std::string_view kDaemon = "letterlock-maild";

// Who is asking: a member, by the key of a device or the recovery key.
struct Claimant {
  crypto::MemberId member;
  crypto::PublicKey key;
};

absl::StatusOr<Claimant> ReadClaimant(const std::string& member_bytes, rpc::Literal key_field,
                                      const std::string& key_bytes) {
  const auto member = crypto::MemberId::FromBytes(member_bytes);
  if (!member.ok()) {
    return rpc::InvalidField("member", common::v1::ERROR_REASON_FIELD_SIZE, "is not 16 bytes");
  }
  const auto key = crypto::PublicKey::FromBytes(key_bytes);
  if (!key.ok()) {
    return rpc::InvalidField(key_field, common::v1::ERROR_REASON_FIELD_SIZE, "is not 32 bytes");
  }
  return Claimant{*member, *key};
}

// What a claimant answers a challenge with.
template <typename Request>
absl::Status CheckSizes(const Request& request) {
  if (request.challenge().size() != kChallengeSize) {
    return rpc::InvalidField("challenge", common::v1::ERROR_REASON_FIELD_SIZE, "is not 56 bytes");
  }
  if (request.signature().size() != crypto::kSignatureSize) {
    return rpc::InvalidField("signature", common::v1::ERROR_REASON_FIELD_SIZE, "is not 64 bytes");
  }
  return absl::OkStatus();
}

absl::Status NotTheirs() {
  return rpc::Fail(absl::StatusCode::kUnauthenticated, common::v1::ERROR_REASON_UNKNOWN_DEVICE,
                   "no such device of such a member signed this");
}

absl::Status NotRecovered() {
  return rpc::Fail(absl::StatusCode::kUnauthenticated, common::v1::ERROR_REASON_NOT_AUTHORISED,
                   "no recovery key of such a member signed this, here and now");
}

}  // namespace

Sessions::Sessions(const crypto::DeploymentId& deployment, std::vector<std::string> server_names,
                   SessionTokens& tokens, Mailboxes& mailboxes)
    : deployment_(deployment),
      server_names_(std::move(server_names)),
      tokens_(tokens),
      mailboxes_(mailboxes) {}

absl::StatusOr<v1::CreateChallengeResponse> Sessions::CreateChallenge(
    const v1::CreateChallengeRequest& request) const {
  auto claimant = ReadClaimant(request.member(), "device_key", request.device_key());
  if (!claimant.ok()) return claimant.status();
  v1::CreateChallengeResponse response;
  response.set_challenge(tokens_.MakeChallenge(claimant->member, claimant->key));
  return response;
}

bool Sessions::HasName(const std::string& server_name) const {
  return std::find(server_names_.begin(), server_names_.end(), server_name) != server_names_.end();
}

template <typename Request>
bool Sessions::SignedBy(const crypto::PublicKey& key, std::string_view context,
                        const Request& request) const {
  const std::string names = crypto::ByteWriter().Field(kDaemon).Field(request.server_name()).Take();
  return key.Verify(
      context, {deployment_.bytes(), names, request.member(), key.bytes(), request.challenge()},
      request.signature());
}

absl::StatusOr<v1::CreateSessionResponse> Sessions::Open(const v1::CreateSessionRequest& request,
                                                         absl::Time deadline) const {
  auto claimant = ReadClaimant(request.member(), "device_key", request.device_key());
  if (!claimant.ok()) return claimant.status();
  if (absl::Status sizes = CheckSizes(request); !sizes.ok()) return sizes;
  if (!HasName(request.server_name())) {
    return rpc::FailField(absl::StatusCode::kUnauthenticated, rpc::FieldPath("server_name"),
                          common::v1::ERROR_REASON_WRONG_SERVER_NAME,
                          "is not a name of this server");
  }
  absl::Status challenge =
      tokens_.CheckChallenge(request.challenge(), claimant->member, claimant->key);
  if (!challenge.ok()) return challenge;

  // The signature first, under the key that the caller names: only who holds that key learns from
  // the time of an answer, and then no more than HasDevice says.
  if (!SignedBy(claimant->key, context::kSession, request)) return NotTheirs();
  auto known = mailboxes_.HasDevice(claimant->member, claimant->key, deadline);
  if (!known.ok()) return known.status();
  if (!*known) return NotTheirs();
  if (!tokens_.UseChallenge(request.challenge())) {
    return rpc::Fail(absl::StatusCode::kUnauthenticated, common::v1::ERROR_REASON_CHALLENGE_USED,
                     "the challenge was used before");
  }
  SessionTokens::Token token = tokens_.MakeToken(claimant->member, crypto::KeyIdOf(claimant->key));
  v1::CreateSessionResponse response;
  response.set_token(std::move(token.bytes));
  response.set_expires_unix_ms(token.expires_unix_ms);
  return response;
}

absl::StatusOr<v1::RecoverKeyringResponse> Sessions::Recover(
    const v1::RecoverKeyringRequest& request, absl::Time deadline) const {
  auto claimant = ReadClaimant(request.member(), "recovery_key", request.recovery_key());
  if (!claimant.ok()) return claimant.status();
  if (absl::Status sizes = CheckSizes(request); !sizes.ok()) return sizes;
  // As for a session, the signature comes before the store. The challenge is used up then, so that
  // one signature looks once.
  if (!HasName(request.server_name()) ||
      !tokens_.CheckChallenge(request.challenge(), claimant->member, claimant->key).ok() ||
      !SignedBy(claimant->key, context::kRecoverySession, request) ||
      !tokens_.UseChallenge(request.challenge())) {
    return NotRecovered();
  }
  auto keyring = mailboxes_.ReadKeyring(
      RecoveryGrant(RecoveryGrant::Maker(), claimant->member, claimant->key), deadline);
  if (absl::IsPermissionDenied(keyring.status())) return NotRecovered();
  if (absl::IsNotFound(keyring.status())) {
    return rpc::Fail(absl::StatusCode::kNotFound, common::v1::ERROR_REASON_NOT_FOUND,
                     "no keyring is kept that the member's entry names");
  }
  if (!keyring.ok()) return keyring.status();
  v1::RecoverKeyringResponse response;
  response.set_sealed_keyring(*std::move(keyring));
  return response;
}

absl::StatusOr<MemberGrant> TokenAuthenticator::Authenticate(const rpc::CallContext& call) {
  if (call.bearer_token().empty()) {
    return rpc::Fail(absl::StatusCode::kUnauthenticated, common::v1::ERROR_REASON_TOKEN_MISSING,
                     "needs a session token");
  }
  const auto token = crypto::Base64UrlDecode(call.bearer_token());
  if (!token.ok()) {
    return rpc::Fail(absl::StatusCode::kUnauthenticated, common::v1::ERROR_REASON_TOKEN_INVALID,
                     "the session token was not made here");
  }
  return tokens_.CheckToken(*token);
}

}  // namespace letterlock::mail
