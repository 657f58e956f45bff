// Messages as other programs read them: RFC 5322 in an mbox file (RFC 4155, quoted as mboxrd is).
// Seven-bit throughout; a body is base64, so that it comes out of any reader as it went in, to the
// byte. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace letterlock::cli {

struct MboxMessage {
  std::string id;      // hex; unique with the sender
  std::string thread;  // hex
  std::string sender;  // hex
  // Names for people, in UTF-8, and the local part of an address that nobody can write to.
  std::string from_name;
  std::string from_local;
  std::string to_name;
  std::string to_local;
  std::uint64_t sent_unix_ms = 0;
  std::string subject;
  std::string body;
  bool html = false;
  // "Letterlock-Folder" and the like, with values in UTF-8.
  std::vector<std::pair<std::string, std::string>> extra;
};

// The whole entry: `From ` line, headers, body, empty line.
std::string MboxEntry(const MboxMessage& message);

// RFC 2047: `text` as it is where it is printable ASCII that reads as itself, else encoded words.
std::string HeaderText(std::string_view text);

}  // namespace letterlock::cli
