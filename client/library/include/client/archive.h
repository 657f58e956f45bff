// Archives of other services: what a member brings along (docs/client.md, "Importing").
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace letterlock::client {

// One message as the archive has it: texts as they stand there, to the byte.
struct ArchivedMessage {
  std::size_t line = 0;  // of the file, where its row begins; from 1
  std::string conversation;
  std::string from;
  std::string to;
  std::string date;
  std::string subject;
  std::string content;
  std::string folder;
  std::uint64_t sent_unix_ms = 0;  // of `date`
  bool html = false;
};

// A row that is left out, and why: a literal.
struct BadRow {
  std::size_t line = 0;
  const char* why = "";
};

struct Archive {
  std::vector<ArchivedMessage> messages;  // oldest first
  std::vector<BadRow> bad;                // in the file's order
};

// LinkedIn's messages.csv: columns by the names in the first row, in any order, others left alone;
// UTF-8, with or without a byte order mark; fields may hold line breaks. A usage problem where it
// is no such file, or over 256 MiB. Blocks on disk.
absl::StatusOr<Archive> ReadLinkedInArchive(const std::string& path);

struct ImportSummary {
  std::size_t imported = 0;  // by this run
  std::size_t present = 0;   // brought along before, or twice in the file
  std::vector<BadRow> bad;   // left out
};

}  // namespace letterlock::client
