#include "cache/message_table.h"

#include <utility>

#include "cache/secret_writer.h"
#include "crypto/base/bytes.h"
#include "crypto/base/key_access.h"

namespace letterlock::client {
namespace {

using crypto::ByteReader;
using crypto::SecretBuffer;

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMostLabels = 16;

enum Flag : std::uint8_t { kHtml = 1, kRead = 2, kArchived = 4, kHasDelivery = 8 };

void Write(const MessageKey& key, SecretWriter* out) {
  out->Bytes(key.sender.bytes()).Bytes(key.id.bytes());
}

void Write(const CachedMessage& cached, SecretWriter* out) {
  const Message& message = cached.message;
  const int flags = (message.format == BodyFormat::kHtml ? kHtml : 0) | (message.read ? kRead : 0) |
                    (message.archived ? kArchived : 0) |
                    (message.delivery.has_value() ? kHasDelivery : 0);
  out->U64(cached.place.segment).U16(cached.place.slot);
  out->Bytes(crypto::ToString(cached.header_hash)).Bytes(cached.signing_key.bytes());
  out->Bytes(message.thread.bytes());
  out->U8(static_cast<std::uint8_t>(message.folder)).U8(static_cast<std::uint8_t>(flags));
  out->U8(static_cast<std::uint8_t>(message.delivery.value_or(Delivery::kPending)));
  out->U64(message.sequence).U64(message.accepted_unix_ms).U64(message.sent_unix_ms);
  out->U8(static_cast<std::uint8_t>(message.attachments));
  out->Field(message.from.str()).Field(message.to.str());
  out->Field(message.subject).Field(message.body);
  out->U8(static_cast<std::uint8_t>(message.labels.size()));
  for (const std::string& label : message.labels) out->Field(label);
}

// Gives values of any bytes; whether they were right is known at the end.
class Parser {
 public:
  explicit Parser(std::string_view bytes) : reader_(bytes) {}

  template <typename Id>
  Id IdOf() {
    return Take(Id::FromBytes(reader_.Bytes(Id::kSize)), Id());
  }
  MessageKey Key() {
    const auto sender = IdOf<crypto::MemberId>();
    return {sender, IdOf<crypto::MessageId>()};
  }
  crypto::Digest Digest() { return Take(crypto::DigestFromBytes(reader_.Bytes(32)), {}); }
  template <typename Enum>
  Enum Small(Enum last) {
    const std::uint8_t value = reader_.U8();
    if (value > static_cast<std::uint8_t>(last)) ok_ = false;
    return static_cast<Enum>(value);
  }
  crypto::Handle Handle() {
    return Take(crypto::Handle::Parse(reader_.Field(crypto::Handle::kMaxSize)),
                *crypto::Handle::Parse("nobody"));
  }
  CachedMessage Cached(const MessageKey& key) {
    SegmentPlace place;
    place.segment = reader_.U64();
    place.slot = reader_.U16();
    const crypto::Digest header_hash = Digest();
    const auto signing_key = IdOf<crypto::KeyId>();
    const auto thread = IdOf<crypto::ThreadId>();
    const Folder folder = Small(Folder::kArchive);
    const std::uint8_t flags = reader_.U8();
    const Delivery delivery = Small(Delivery::kRefused);
    const std::uint64_t sequence = reader_.U64();
    const std::uint64_t accepted = reader_.U64();
    const std::uint64_t sent = reader_.U64();
    const std::uint8_t attachments = reader_.U8();
    crypto::Handle from = Handle();
    crypto::Handle to = Handle();
    Message message = {.folder = folder,
                       .id = key.id,
                       .thread = thread,
                       .from = std::move(from),
                       .to = std::move(to),
                       .sender = key.sender,
                       .subject = SecretBuffer::Copy(reader_.Field()),
                       .body = SecretBuffer::Copy(reader_.Field()),
                       .format = (flags & kHtml) != 0 ? BodyFormat::kHtml : BodyFormat::kPlain,
                       .attachments = attachments,
                       .sent_unix_ms = sent,
                       .accepted_unix_ms = accepted,
                       .delivery = std::nullopt,
                       .sequence = sequence,
                       .read = (flags & kRead) != 0,
                       .archived = (flags & kArchived) != 0,
                       .labels = {}};
    if ((flags & kHasDelivery) != 0) message.delivery = delivery;
    const std::size_t labels = reader_.U8();
    if (labels > kMostLabels) ok_ = false;
    for (std::size_t i = 0; ok_ && reader_.ok() && i < labels; ++i) {
      message.labels.emplace_back(reader_.Field(64));
    }
    return {place, header_hash, signing_key, std::move(message)};
  }
  ByteReader& reader() { return reader_; }
  bool going() const { return ok_ && reader_.ok(); }
  void Refuse() { ok_ = false; }
  bool Finish() const { return ok_ && reader_.Finish().ok(); }

 private:
  template <typename T>
  T Take(absl::StatusOr<T> value, T otherwise) {
    if (!value.ok()) ok_ = false;
    return value.ok() ? *std::move(value) : std::move(otherwise);
  }

  ByteReader reader_;
  bool ok_ = true;
};

void ReadSegments(Parser& parser, MessageTable* table) {
  const std::uint32_t count = parser.reader().U32();
  for (std::uint32_t i = 0; parser.going() && i < count; ++i) {
    const std::uint64_t name = parser.reader().U64();
    const std::uint32_t messages = parser.reader().U32();
    const crypto::Digest copies = parser.Digest();
    const crypto::Digest terms = parser.Digest();
    if (!table->segments.emplace(name, Segment{messages, copies, terms}).second) parser.Refuse();
  }
}

void ReadMessages(Parser& parser, MessageTable* table) {
  const std::uint32_t count = parser.reader().U32();
  for (std::uint32_t i = 0; parser.going() && i < count; ++i) {
    const MessageKey key = parser.Key();
    CachedMessage cached = parser.Cached(key);
    const auto segment = table->segments.find(cached.place.segment);
    const bool there =
        segment != table->segments.end() && cached.place.slot < segment->second.messages;
    if (!there || !table->messages.emplace(key, std::move(cached)).second) parser.Refuse();
  }
}

void ReadRefusals(Parser& parser, MessageTable* table) {
  const std::uint32_t count = parser.reader().U32();
  for (std::uint32_t i = 0; parser.going() && i < count; ++i) {
    const MessageKey key = parser.Key();
    CachedRefusal refusal;
    refusal.folder = parser.Small(Folder::kArchive);
    refusal.sequence = parser.reader().U64();
    refusal.code = parser.reader().U8();
    refusal.problem = parser.reader().U8();
    refusal.why = std::string(parser.reader().Field(4096));
    if (!table->refusals.emplace(key, std::move(refusal)).second) parser.Refuse();
  }
}

}  // namespace

SecretBuffer MessageTable::Serialise() const {
  SecretWriter out;
  out.U8(kVersion).Field(sync_token).U64(as_of_unix_ms).U8(truncated ? 1 : 0);
  out.U32(static_cast<std::uint32_t>(segments.size()));
  for (const auto& [name, segment] : segments) {
    out.U64(name).U32(segment.messages);
    out.Bytes(crypto::ToString(segment.copies)).Bytes(crypto::ToString(segment.terms));
  }
  out.U32(static_cast<std::uint32_t>(messages.size()));
  for (const auto& [key, cached] : messages) {
    Write(key, &out);
    Write(cached, &out);
  }
  out.U32(static_cast<std::uint32_t>(refusals.size()));
  for (const auto& [key, refusal] : refusals) {
    Write(key, &out);
    out.U8(static_cast<std::uint8_t>(refusal.folder)).U64(refusal.sequence);
    out.U8(static_cast<std::uint8_t>(refusal.code)).U8(static_cast<std::uint8_t>(refusal.problem));
    out.Field(refusal.why);
  }
  return out.Take();
}

absl::StatusOr<MessageTable> MessageTable::Parse(const SecretBuffer& bytes) {
  Parser parser(bytes.RevealView(crypto::KeyAccess{}));
  MessageTable table;
  if (parser.reader().U8() != kVersion) parser.Refuse();
  table.sync_token = std::string(parser.reader().Field(4096));
  table.as_of_unix_ms = parser.reader().U64();
  table.truncated = parser.Small<std::uint8_t>(1) == 1;
  ReadSegments(parser, &table);
  ReadMessages(parser, &table);
  ReadRefusals(parser, &table);
  if (!parser.Finish()) {
    return absl::DataLossError("the local cache is not one that this version wrote");
  }
  return table;
}

}  // namespace letterlock::client
