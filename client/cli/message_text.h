// Messages as text, as JSON, and where a draft's text comes from.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/message.h"
#include "crypto/base/secret_buffer.h"
#include "output.h"

namespace letterlock::cli {

// Where a draft's text comes from.
struct TextOptions {
  std::string subject;
  bool has_subject = false;
  std::string body;
  bool has_body = false;
  std::string body_file;  // neither this nor a body: standard input
  bool html = false;
  std::vector<std::string> files;
};

// Of a message that is shown: the one place where opened content becomes an ordinary string.
std::string Shown(const crypto::SecretBuffer& content);

std::string HexOf(const crypto::MessageId& id);
// "2025-03-12 16:25", local time.
std::string TimeText(std::uint64_t unix_ms);
// "inbox", "sent", "requests", "imported"; "archive" for what is archived, wherever it arrived.
const char* FolderName(const client::Message& message);
// "verified", "verified-under-replaced-key", or "imported": nobody's word but an archive's.
const char* SignatureName(const client::Message& message);
const char* DeliveryName(client::Delivery delivery);

// Keys: id, thread, folder, from, to, sender, signature, subject, body_format, attachments,
// sent_unix_ms, accepted_unix_ms, read, message_labels, of sent ones delivery; with `body` also
// body, files and, of imported ones, imported. Content exactly as the sender wrote it.
nlohmann::json MessageJson(const client::Message& message, bool body);
nlohmann::json ReceiptJson(const client::SendReceipt& receipt, const crypto::Handle& to);

// The body: the option's, the file's or standard input, to the byte.
absl::StatusOr<crypto::SecretBuffer> BodyOf(const TextOptions& options, Output& output);

}  // namespace letterlock::cli
