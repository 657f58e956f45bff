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

struct Claimant {
  crypto::MemberId member;
  crypto::PublicKey device;
};

// Both requests name who is asking in the same two fields.
template <typename Request>
absl::StatusOr<Claimant> ReadClaimant(const Request& request) {
  const auto member = crypto::MemberId::FromBytes(request.member());
  if (!member.ok()) {
    return rpc::InvalidField("member", common::v1::ERROR_REASON_FIELD_SIZE, "is not 16 bytes");
  }
  const auto device = crypto::PublicKey::FromBytes(request.device_key());
  if (!device.ok()) {
    return rpc::InvalidField("device_key", common::v1::ERROR_REASON_FIELD_SIZE, "is not 32 bytes");
  }
  return Claimant{*member, *device};
}

absl::Status NotTheirs() {
  return rpc::Fail(absl::StatusCode::kUnauthenticated, common::v1::ERROR_REASON_UNKNOWN_DEVICE,
                   "no such device of such a member signed this");
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
  auto claimant = ReadClaimant(request);
  if (!claimant.ok()) return claimant.status();
  v1::CreateChallengeResponse response;
  response.set_challenge(tokens_.MakeChallenge(claimant->member, claimant->device));
  return response;
}

bool Sessions::SignedBy(const crypto::PublicKey& device,
                        const v1::CreateSessionRequest& request) const {
  const std::string names = crypto::ByteWriter().Field(kDaemon).Field(request.server_name()).Take();
  return device.Verify(
      context::kSession,
      {deployment_.bytes(), names, request.member(), request.device_key(), request.challenge()},
      request.signature());
}

absl::StatusOr<v1::CreateSessionResponse> Sessions::Open(const v1::CreateSessionRequest& request,
                                                         absl::Time deadline) const {
  auto claimant = ReadClaimant(request);
  if (!claimant.ok()) return claimant.status();
  if (request.challenge().size() != kChallengeSize) {
    return rpc::InvalidField("challenge", common::v1::ERROR_REASON_FIELD_SIZE, "is not 56 bytes");
  }
  if (request.signature().size() != crypto::kSignatureSize) {
    return rpc::InvalidField("signature", common::v1::ERROR_REASON_FIELD_SIZE, "is not 64 bytes");
  }
  if (std::find(server_names_.begin(), server_names_.end(), request.server_name()) ==
      server_names_.end()) {
    return rpc::FailField(absl::StatusCode::kUnauthenticated, rpc::FieldPath("server_name"),
                          common::v1::ERROR_REASON_WRONG_SERVER_NAME,
                          "is not a name of this server");
  }
  absl::Status challenge =
      tokens_.CheckChallenge(request.challenge(), claimant->member, claimant->device);
  if (!challenge.ok()) return challenge;

  // The signature first, under the key that the caller names: only who holds that key learns from
  // the time of an answer, and then no more than HasDevice says.
  if (!SignedBy(claimant->device, request)) return NotTheirs();
  auto known = mailboxes_.HasDevice(claimant->member, claimant->device, deadline);
  if (!known.ok()) return known.status();
  if (!*known) return NotTheirs();
  if (!tokens_.UseChallenge(request.challenge())) {
    return rpc::Fail(absl::StatusCode::kUnauthenticated, common::v1::ERROR_REASON_CHALLENGE_USED,
                     "the challenge was used before");
  }
  SessionTokens::Token token =
      tokens_.MakeToken(claimant->member, crypto::KeyIdOf(claimant->device));
  v1::CreateSessionResponse response;
  response.set_token(std::move(token.bytes));
  response.set_expires_unix_ms(token.expires_unix_ms);
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
