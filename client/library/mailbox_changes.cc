#include "mailbox_changes.h"

#include <utility>

#include "client/failure.h"
#include "crypto/seal/envelope_header.h"
#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"

namespace letterlock::client {
namespace {

constexpr std::uint32_t kPage = 500;
// A server that never ends would otherwise keep us for ever: a million messages, each changed twice
// while we ask.
constexpr int kMostPages = 2 * 1'000'000 / kPage;

void Take(const mail::v1::Change& change, MailboxChanges* changes) {
  if (change.has_destroyed()) {
    const auto sender = crypto::MemberId::FromBytes(change.destroyed().sender());
    const auto id = crypto::MessageId::FromBytes(change.destroyed().message_id());
    if (!sender.ok() || !id.ok()) return;
    changes->present.erase({*sender, *id});
    changes->destroyed.insert({*sender, *id});
    return;
  }
  const auto header = seal::EnvelopeHeader::Parse(change.message().header());
  if (!header.ok()) {
    ++changes->nonsense;
    return;
  }
  const MessageKey key = {header->sender, header->message_id};
  changes->destroyed.erase(key);
  changes->present[key] = change.message();
}

bool MustStartAgain(const absl::Status& status) {
  return rpc::ReasonOf(status) == common::v1::ERROR_REASON_RESYNC;
}

}  // namespace

absl::StatusOr<MailboxChanges> CollectChanges(MailClient& mail, const std::string& token) {
  MailboxChanges changes;
  changes.token = token;
  changes.from_start = token.empty();
  for (int pages = 0; pages < kMostPages; ++pages) {
    mail::v1::SyncRequest request;
    request.set_token(changes.token);
    request.set_max_changes(kPage);
    mail::v1::SyncResponse response;
    const absl::Status status = mail.Sync(request, &response);
    if (MustStartAgain(status) && !changes.token.empty()) {
      changes = MailboxChanges();
      changes.from_start = true;
      continue;
    }
    if (!status.ok()) return status;
    for (const mail::v1::Change& change : response.changes()) Take(change, &changes);
    changes.token = response.token();
    if (!response.more()) return changes;
  }
  return VerificationFailed("the mail server's changes do not end");
}

}  // namespace letterlock::client
