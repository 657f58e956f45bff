#include "content_codec.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "canonical.h"
#include "crypto/base/bytes.h"
#include "crypto/base/hash.h"
#include "crypto/base/sign.h"
#include "crypto/base/strings.h"
#include "crypto/seal/padding.h"

namespace letterlock::seal::internal {
namespace {

using crypto::AsView;
using crypto::KeyAccess;
using crypto::SecretBuffer;
using crypto::SecretBytes;

constexpr size_t kLengthSize = 4;

absl::Status Malformed() { return absl::InvalidArgumentError("content is malformed"); }

// Protobuf keeps plaintext in strings of its own. They are filled once, at their final size, so
// wiping them leaves no copy behind.
void WipeString(std::string* s) {
  crypto::Wipe({reinterpret_cast<uint8_t*>(s->data()), s->size()});
}

void WipeMessage(mail::v1::Content* m) {
  WipeString(m->mutable_subject());
  WipeString(m->mutable_body());
  for (mail::v1::AttachmentReference& a : *m->mutable_attachments()) {
    WipeString(a.mutable_file_name());
    WipeString(a.mutable_key());
  }
  if (!m->has_imported()) return;
  mail::v1::ImportedMessage* imported = m->mutable_imported();
  WipeString(imported->mutable_conversation());
  WipeString(imported->mutable_from());
  for (std::string& to : *imported->mutable_to()) WipeString(&to);
}

void WipeMessage(mail::v1::SignedContent* m) { WipeString(m->mutable_content()); }

// A message that is wiped at the end of its scope.
template <typename Message>
class Wiped {
 public:
  ~Wiped() { WipeMessage(&message_); }
  Message* operator->() { return &message_; }
  Message& operator*() { return message_; }

 private:
  Message message_;
};

SecretBuffer Serialise(const google::protobuf::MessageLite& message) {
  SecretBuffer out = SecretBuffer::OfSize(message.ByteSizeLong());
  const std::span<uint8_t> bytes = out.RevealMutable(KeyAccess{});
  message.SerializeToArray(bytes.data(), static_cast<int>(bytes.size()));
  return out;
}

void SetText(const SecretBuffer& text, std::string* out) {
  out->assign(text.RevealView(KeyAccess{}));
}

absl::StatusOr<Attachment> DecodeAttachment(const mail::v1::AttachmentReference& a) {
  absl::StatusOr<SecretBytes<32>> key = SecretBytes<32>::FromBytes(std::string_view(a.key()));
  const absl::StatusOr<crypto::Digest> hash = crypto::DigestFromBytes(a.ciphertext_hash());
  if (!key.ok() || !hash.ok()) return Malformed();
  return Attachment{.file_name = a.file_name(),
                    .key = *std::move(key),
                    .ciphertext_hash = *hash,
                    .size = a.size(),
                    .chunk_count = a.chunk_count()};
}

void SetImported(const Imported& from, mail::v1::ImportedMessage* to) {
  to->set_source(from.source);
  to->set_conversation(from.conversation);
  to->set_from(from.from);
  to->mutable_to()->Assign(from.to.begin(), from.to.end());
  to->set_date(from.date);
  to->set_folder(from.folder);
}

Imported ImportedOf(const mail::v1::ImportedMessage& m) {
  return {.source = m.source(),
          .conversation = m.conversation(),
          .from = m.from(),
          .to = {m.to().begin(), m.to().end()},
          .date = m.date(),
          .folder = m.folder()};
}

}  // namespace

SecretBuffer EncodeContent(const Content& content, const crypto::Handle& sender,
                           const crypto::Handle& recipient) {
  Wiped<mail::v1::Content> m;
  SetText(content.subject, m->mutable_subject());
  SetText(content.body, m->mutable_body());
  m->set_body_format(static_cast<mail::v1::BodyFormat>(content.body_format));
  m->set_sent_unix_ms(content.sent_unix_ms);
  for (const Attachment& attachment : content.attachments) {
    mail::v1::AttachmentReference* a = m->add_attachments();
    a->set_file_name(attachment.file_name);
    a->mutable_key()->assign(AsView(attachment.key.Reveal(KeyAccess{})));
    a->set_ciphertext_hash(crypto::ToString(attachment.ciphertext_hash));
    a->set_size(attachment.size);
    a->set_chunk_count(attachment.chunk_count);
  }
  m->set_sender_handle(sender.str());
  m->set_recipient_handle(recipient.str());
  if (content.imported) SetImported(*content.imported, m->mutable_imported());
  return Serialise(*m);  // no maps: canonical as it is
}

absl::StatusOr<AddressedContent> DecodeContent(std::string_view bytes) {
  Wiped<mail::v1::Content> m;
  if (absl::Status s = ParseCanonical(bytes, &*m); !s.ok()) return s;
  absl::StatusOr<crypto::Handle> sender = crypto::Handle::Parse(m->sender_handle());
  absl::StatusOr<crypto::Handle> recipient = crypto::Handle::Parse(m->recipient_handle());
  if (!sender.ok() || !recipient.ok()) return Malformed();

  Content content{.subject = SecretBuffer::Copy(m->subject()),
                  .body = SecretBuffer::Copy(m->body()),
                  .body_format = static_cast<BodyFormat>(m->body_format()),
                  .sent_unix_ms = m->sent_unix_ms(),
                  .attachments = {},
                  .imported = std::nullopt};
  if (m->has_imported()) content.imported = ImportedOf(m->imported());
  // A letter to oneself is an imported one, and an imported one is a letter to oneself: nobody puts
  // words into an archive's mouth in somebody else's mailbox.
  if (content.imported.has_value() != (*sender == *recipient)) return Malformed();
  for (const mail::v1::AttachmentReference& a : m->attachments()) {
    absl::StatusOr<Attachment> attachment = DecodeAttachment(a);
    if (!attachment.ok()) return attachment.status();
    content.attachments.push_back(*std::move(attachment));
  }
  if (absl::Status s = CheckContent(content); !s.ok()) return s;
  return AddressedContent{.content = std::move(content),
                          .sender = *std::move(sender),
                          .recipient = *std::move(recipient)};
}

absl::StatusOr<PaddedContent> PaddedContent::Prepare(const SecretBuffer& content) {
  PaddedContent out;
  SetText(content, out.signed_.mutable_content());
  out.signed_.set_signature(std::string(crypto::kSignatureSize, '\0'));  // for its size
  const absl::StatusOr<uint32_t> padded = PaddedLength(kLengthSize + out.signed_.ByteSizeLong());
  if (!padded.ok()) return padded.status();
  out.padded_length_ = *padded;
  return out;
}

PaddedContent::~PaddedContent() { WipeMessage(&signed_); }

SecretBuffer PaddedContent::Finish(const std::string& signature) && {
  signed_.set_signature(signature);
  const SecretBuffer bytes = Serialise(signed_);
  std::string length;
  crypto::AppendU32(&length, static_cast<uint32_t>(bytes.size()));

  SecretBuffer out = SecretBuffer::OfSize(padded_length_);
  const std::span<uint8_t> to = out.RevealMutable(KeyAccess{});
  std::copy(length.begin(), length.end(), to.begin());
  std::ranges::copy(bytes.Reveal(KeyAccess{}), to.begin() + kLengthSize);
  return out;
}

absl::StatusOr<SignedContent> ParsePadded(std::string_view padded) {
  crypto::ByteReader in(padded);
  const std::string_view bytes = in.Field();
  const std::string_view padding = in.Rest();
  if (!in.Finish().ok()) return Malformed();
  const bool zero = std::all_of(padding.begin(), padding.end(), [](char c) { return c == 0; });
  const absl::StatusOr<uint32_t> minimal = PaddedLength(kLengthSize + bytes.size());
  if (!zero || !minimal.ok() || *minimal != padded.size()) {
    return absl::InvalidArgumentError("padding is not as it must be");
  }
  Wiped<mail::v1::SignedContent> m;
  if (absl::Status s = ParseCanonical(bytes, &*m); !s.ok()) return s;
  if (m->signature().size() != crypto::kSignatureSize) return Malformed();
  return SignedContent{.content = SecretBuffer::Copy(m->content()), .signature = m->signature()};
}

}  // namespace letterlock::seal::internal
