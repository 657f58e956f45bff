#include "message_view.h"

#include <ostream>
#include <string>
#include <utility>

#include "cli/display_text.h"
#include "cli/table.h"
#include "message_text.h"

namespace letterlock::cli {
namespace {

constexpr std::string_view kAboutReplacedKey =
    "The sender has replaced the key that signed this. Whoever holds the old key, a thief of it "
    "too, "
    "could have written it at any time.";

void PrintAttachments(const client::Message& message, Output& output) {
  if (message.files.empty()) return;
  Table table({{"N"}, {"SIZE"}, {"ATTACHMENT"}});
  int number = 0;
  for (const auto& file : message.files) {
    table.Add({std::to_string(++number), std::to_string(file.size), DisplayLine(file.file_name)});
  }
  output.out() << '\n';
  table.Print(output.out());
}

// Who wrote it nobody knows but the archive.
template <typename Imported>
void PrintClaim(const Imported& imported, Output& output) {
  output.out() << "From:    " << DisplayLine(imported.from) << "  (so says the archive of "
               << imported.source << "; NOT VERIFIED)\n"
               << "To:      ";
  const char* before = "";
  for (const std::string& to : imported.to) {
    output.out() << std::exchange(before, ", ") << DisplayLine(to);
  }
  output.out() << '\n' << "Folder:  " << DisplayLine(imported.folder) << '\n';
}

}  // namespace

void PrintMessage(const client::Message& message, Output& output) {
  if (message.imported.has_value()) {
    PrintClaim(*message.imported, output);
  } else {
    output.out() << "From:    " << message.from.str() << "  ("
                 << (message.key_replaced ? kReplacedKey : "signature verified") << ")\n"
                 << "To:      " << message.to.str() << '\n';
  }
  output.out() << "Date:    " << TimeText(message.sent_unix_ms) << '\n'
               << "Subject: " << DisplayLine(Shown(message.subject)) << '\n'
               << "Id:      " << HexOf(message.id) << '\n'
               << (message.format == client::BodyFormat::kHtml ? "Format:  HTML, as text\n" : "")
               << '\n'
               << DisplayBlock(Shown(message.body), "  ");
  if (message.key_replaced) output.Note(kAboutReplacedKey);
  PrintAttachments(message, output);
}

}  // namespace letterlock::cli
