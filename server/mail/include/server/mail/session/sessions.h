// Opens sessions: a device proves that it is the member's, and gets a token; or somebody proves to
// hold her recovery key, and gets her sealed keyring (docs/formats.md, "Session").
//
// Thread-safe. Open and Recover block on disk; call them from a pool.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/base/ids.h"
#include "letterlock/mail/v1/device_service.pb.h"
#include "letterlock/mail/v1/session_service.pb.h"
#include "server/mail/mailbox/grants.h"
#include "server/mail/mailbox/mailboxes.h"
#include "server/mail/session/session_tokens.h"
#include "server/rpc/call_context.h"
#include "server/rpc/service.h"

namespace letterlock::mail {

class Sessions {
 public:
  // `server_names`: the names that this server's certificate carries. `tokens` and `mailboxes` are
  // not owned and outlive this.
  Sessions(const crypto::DeploymentId& deployment, std::vector<std::string> server_names,
           SessionTokens& tokens, Mailboxes& mailboxes);

  // Says nothing of whether the member or device exists. INVALID_ARGUMENT: FIELD_SIZE.
  absl::StatusOr<v1::CreateChallengeResponse> CreateChallenge(
      const v1::CreateChallengeRequest& request) const;

  // INVALID_ARGUMENT: FIELD_SIZE. UNAUTHENTICATED: WRONG_SERVER_NAME, CHALLENGE_*; UNKNOWN_DEVICE,
  // one answer for a member that is unknown, a device that is not hers and a wrong signature.
  absl::StatusOr<v1::CreateSessionResponse> Open(const v1::CreateSessionRequest& request,
                                                 absl::Time deadline) const;

  // INVALID_ARGUMENT: FIELD_SIZE. UNAUTHENTICATED: NOT_AUTHORISED, one answer for whatever is wrong
  // with challenge, server name, signature or key, and for a member that is unknown. NOT_FOUND:
  // NOT_FOUND, the recovery key is hers, but no keyring is kept that her entry names. A challenge
  // is good for one look at the store, whatever comes of it.
  absl::StatusOr<v1::RecoverKeyringResponse> Recover(const v1::RecoverKeyringRequest& request,
                                                     absl::Time deadline) const;

 private:
  bool HasName(const std::string& server_name) const;
  // Whether `key` signed what `request` says in this context.
  template <typename Request>
  bool SignedBy(const crypto::PublicKey& key, std::string_view context,
                const Request& request) const;

  const crypto::DeploymentId deployment_;
  const std::vector<std::string> server_names_;
  SessionTokens& tokens_;
  Mailboxes& mailboxes_;
};

// What gRPC calls bring along as `authorization: Bearer`. UNAUTHENTICATED: TOKEN_MISSING,
// TOKEN_INVALID, TOKEN_EXPIRED. Thread-safe.
class TokenAuthenticator final : public rpc::Authenticator<MemberGrant> {
 public:
  // `tokens` is not owned and outlives this.
  explicit TokenAuthenticator(const SessionTokens& tokens) : tokens_(tokens) {}

  absl::StatusOr<MemberGrant> Authenticate(const rpc::CallContext& call) override;

 private:
  const SessionTokens& tokens_;
};

}  // namespace letterlock::mail
