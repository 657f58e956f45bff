#include <array>
#include <string_view>
#include <utility>

#include "client/archive.h"
#include "client/failure.h"
#include "client_impl.h"
#include "crypto/seal/import_ids.h"
#include "crypto/seal/seal_envelope.h"
#include "letterlock/mail/v1/mail_service.pb.h"

namespace letterlock::client {
namespace {

constexpr std::string_view kSource = "linkedin";

seal::OutgoingMessage MessageOf(const ArchivedMessage& row, const seal::ImportIds& ids) {
  const std::array<std::string_view, 7> columns = {
      row.conversation, row.from, row.to, row.date, row.subject, row.content, row.folder};
  seal::OutgoingMessage message{.message_id = ids.MessageIdOf(kSource, columns),
                                .thread_id = ids.ThreadIdOf(kSource, row.conversation),
                                .content = {}};
  message.content.subject = crypto::SecretBuffer::Copy(row.subject);
  message.content.body = crypto::SecretBuffer::Copy(row.content);
  message.content.body_format = row.html ? seal::BodyFormat::kHtml : seal::BodyFormat::kPlain;
  message.content.sent_unix_ms = row.sent_unix_ms;
  message.content.imported = seal::Imported{.source = std::string(kSource),
                                            .conversation = row.conversation,
                                            .from = row.from,
                                            .to = {row.to},
                                            .date = row.date,
                                            .folder = row.folder};
  return message;
}

}  // namespace

absl::StatusOr<ImportSummary> ClientImpl::ImportLinkedIn(const std::string& path,
                                                         const Progress& progress) {
  const absl::Status complete = CheckComplete();
  if (!complete.ok()) return complete;
  auto archive = ReadLinkedInArchive(path);
  if (!archive.ok()) return archive.status();
  ImportSummary summary{.bad = std::move(archive->bad)};
  const seal::ImportIds ids(keys_.state_key);
  std::size_t done = 0;
  for (const ArchivedMessage& row : archive->messages) {
    auto sealed = seal::SealImported(keys_, MessageOf(row, ids), *parts_.random);
    if (sealed.ok()) {
      mail::v1::ImportRequest request;
      mail::v1::Envelope& envelope = *request.mutable_envelope();
      envelope.set_header(std::move(sealed->header));
      envelope.set_recipient_wrap(std::move(sealed->recipient_wrap));
      envelope.set_sender_wrap(std::move(sealed->sender_wrap));
      envelope.set_ciphertext(std::move(sealed->ciphertext));
      mail::v1::ImportResponse response;
      const absl::Status imported = mail_.Do(
          [&](std::string_view token) { return parts_.mail->Import(token, request, &response); });
      // The id is the row's: whatever lies under it is this row, sealed another time.
      if (absl::IsAlreadyExists(imported)) {
        ++summary.present;
      } else if (imported.ok()) {
        ++summary.imported;
      } else {
        return imported;
      }
    } else {
      summary.bad.push_back({row.line, "it is too large as a whole"});
    }
    if (progress) progress(++done, archive->messages.size());
  }
  std::ranges::sort(summary.bad, {}, &BadRow::line);
  return summary;
}

}  // namespace letterlock::client
