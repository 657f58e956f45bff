#include "message_text.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/failure.h"
#include "crypto/base/encoding.h"

namespace letterlock::cli {
namespace {

using crypto::KeyAccess;
using crypto::SecretBuffer;

// 2,000 characters of at most 4 bytes; what is longer is refused by its number of characters.
constexpr std::size_t kMostBytes = 64 * 1024;

absl::StatusOr<SecretBuffer> ReadAll(int fd) {
  SecretBuffer buffer = SecretBuffer::OfSize(kMostBytes);
  std::size_t size = 0;
  while (size < kMostBytes) {
    const ssize_t got =
        read(fd, buffer.RevealMutable(KeyAccess{}).data() + size, kMostBytes - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::ErrnoToStatus(errno, "reading the body");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size == kMostBytes)
    return client::UsageProblem("the body is far longer than 2,000 characters");
  buffer.ShrinkTo(size);
  return buffer;
}

}  // namespace

std::string Shown(const SecretBuffer& content) {
  return std::string(content.RevealView(KeyAccess{}));
}

std::string HexOf(const crypto::MessageId& id) { return crypto::HexEncode(id.bytes()); }

std::string TimeText(std::uint64_t unix_ms) {
  return absl::FormatTime("%Y-%m-%d %H:%M", absl::FromUnixMillis(static_cast<int64_t>(unix_ms)),
                          absl::LocalTimeZone());
}

const char* FolderName(const client::Message& message) {
  if (message.archived) return "archive";
  switch (message.folder) {
    case client::Folder::kInbox:
      return "inbox";
    case client::Folder::kSent:
      return "sent";
    case client::Folder::kRequests:
      return "requests";
    case client::Folder::kImported:
      return "imported";
    case client::Folder::kArchive:
      return "archive";
  }
  return "inbox";
}

const char* DeliveryName(client::Delivery delivery) {
  switch (delivery) {
    case client::Delivery::kPending:
      return "pending";
    case client::Delivery::kDelivered:
      return "delivered";
    case client::Delivery::kRefused:
      return "refused";
  }
  return "pending";
}

const char* SignatureName(const client::Message& message) {
  // The member's own, of what nobody vouches for.
  if (message.folder == client::Folder::kImported) return "imported";
  return message.key_replaced ? "verified-under-replaced-key" : "verified";
}

nlohmann::json MessageJson(const client::Message& message, bool body) {
  nlohmann::json files = nlohmann::json::array();
  for (const auto& file : message.files) {
    files.push_back({{"name", file.file_name}, {"size", file.size}});
  }
  nlohmann::json json = {
      {"id", HexOf(message.id)},
      {"thread", crypto::HexEncode(message.thread.bytes())},
      {"folder", FolderName(message)},
      {"read", message.read},
      {"message_labels", message.labels},
      {"from", message.from.str()},
      {"to", message.to.str()},
      {"sender", crypto::HexEncode(message.sender.bytes())},
      {"signature", SignatureName(message)},
      {"subject", Shown(message.subject)},
      {"body_format", message.format == client::BodyFormat::kHtml ? "html" : "plain"},
      {"attachments", message.attachments},
      {"sent_unix_ms", message.sent_unix_ms},
      {"accepted_unix_ms", message.accepted_unix_ms}};
  if (message.delivery.has_value()) json["delivery"] = DeliveryName(*message.delivery);
  if (body) json["body"] = Shown(message.body);
  if (body) json["files"] = files;
  if (message.imported.has_value()) {
    json["imported"] = {
        {"source", message.imported->source}, {"conversation", message.imported->conversation},
        {"from", message.imported->from},     {"to", message.imported->to},
        {"date", message.imported->date},     {"folder", message.imported->folder}};
  }
  return json;
}

nlohmann::json ReceiptJson(const client::SendReceipt& receipt, const crypto::Handle& to) {
  return {{"id", HexOf(receipt.id)},
          {"thread", crypto::HexEncode(receipt.thread.bytes())},
          {"to", to.str()},
          {"delivery", DeliveryName(receipt.delivery)},
          {"accepted_unix_ms", receipt.accepted_unix_ms}};
}

absl::StatusOr<SecretBuffer> BodyOf(const TextOptions& options, Output& output) {
  if (options.has_body) return SecretBuffer::Copy(options.body);
  if (options.body_file.empty()) {
    if (isatty(STDIN_FILENO) == 1) output.Note("Write the message; Ctrl-D ends it.");
    return ReadAll(STDIN_FILENO);
  }
  const int fd = open(options.body_file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return client::UsageProblem("the body file can't be read");
  auto body = ReadAll(fd);
  close(fd);
  return body;
}

}  // namespace letterlock::cli
