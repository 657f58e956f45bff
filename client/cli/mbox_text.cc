#include "cli/mbox_text.h"

#include <algorithm>

#include "absl/time/time.h"
#include "crypto/base/encoding.h"
#include "crypto/base/utf8.h"

namespace letterlock::cli {
namespace {

constexpr std::string_view kDomain = "letterlock.invalid";  // RFC 2606: nobody's
constexpr std::size_t kLine = 76;
// Of UTF-8 in an encoded word, which has at most 75 characters.
constexpr std::size_t kWordBytes = 45;

std::string TimeIn(std::string_view form, std::uint64_t unix_ms) {
  return absl::FormatTime(std::string(form), absl::FromUnixMillis(static_cast<int64_t>(unix_ms)),
                          absl::UTCTimeZone());
}

std::string Wrapped(std::string_view base64) {
  std::string out;
  for (; !base64.empty(); base64.remove_prefix(std::min(kLine, base64.size()))) {
    out.append(base64.substr(0, kLine)).push_back('\n');
  }
  return out;
}

bool IsPlain(std::string_view text) {
  if (text.size() > 60 || text.find("=?") != std::string_view::npos) return false;
  if (text.starts_with(' ') || text.ends_with(' ')) return false;
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

// The local part of an address: letters, digits, dot, hyphen and underscore.
std::string Local(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool good =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    out.push_back(good ? c : '_');
  }
  return out.empty() ? "nobody" : out;
}

std::string Address(const std::string& name, const std::string& local) {
  const std::string address = "<" + Local(local) + "@" + std::string(kDomain) + ">";
  if (name.empty() || name == local) return address;
  // Always as encoded words: a name may hold anything.
  std::string words = HeaderText(name);
  if (words == name) words = "=?utf-8?B?" + crypto::Base64Encode(name) + "?=";
  return words + " " + address;
}

void AddHeader(std::string* out, std::string_view name, std::string_view value) {
  out->append(name).append(": ").append(value).push_back('\n');
}

}  // namespace

std::string HeaderText(std::string_view text) {
  if (IsPlain(text)) return std::string(text);
  std::string out;
  while (!text.empty()) {
    std::size_t end = 0;
    while (end < text.size()) {
      const std::size_t next = crypto::FirstScalar(text.substr(end)).size;
      if (end + next > kWordBytes) break;
      end += next;
    }
    if (!out.empty()) out += "\n ";
    out += "=?utf-8?B?" + crypto::Base64Encode(text.substr(0, end)) + "?=";
    text.remove_prefix(end);
  }
  return out;
}

std::string MboxEntry(const MboxMessage& message) {
  std::string out = "From " + Local(message.from_local) + "@" + std::string(kDomain) + " " +
                    TimeIn("%a %b %e %H:%M:%S %Y", message.sent_unix_ms) + "\n";
  const auto id = [&](const std::string& hex) {
    return "<" + hex + "@" + std::string(kDomain) + ">";
  };
  AddHeader(&out, "From", Address(message.from_name, message.from_local));
  AddHeader(&out, "To", Address(message.to_name, message.to_local));
  AddHeader(&out, "Date", TimeIn("%a, %d %b %Y %H:%M:%S +0000", message.sent_unix_ms));
  AddHeader(&out, "Subject", HeaderText(message.subject));
  AddHeader(&out, "Message-ID", id(message.id + "." + message.sender));
  // The thread stands for its first message, whose sender is not known here.
  AddHeader(&out, "References", id(message.thread + ".thread"));
  for (const auto& [name, value] : message.extra) AddHeader(&out, name, HeaderText(value));
  AddHeader(&out, "MIME-Version", "1.0");
  AddHeader(&out, "Content-Type",
            message.html ? "text/html; charset=utf-8" : "text/plain; charset=utf-8");
  AddHeader(&out, "Content-Transfer-Encoding", "base64");
  out.push_back('\n');
  // base64 has no blanks: no line of it is a `From ` line that mboxrd would have to quote.
  out += Wrapped(crypto::Base64Encode(message.body));
  out.push_back('\n');
  return out;
}

}  // namespace letterlock::cli
