#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "cli/display_text.h"
#include "cli/table.h"
#include "commands.h"
#include "message_text.h"

namespace letterlock::cli {
namespace {

constexpr std::size_t kLeastIdDigits = 8;
constexpr std::size_t kSubjectWidth = 48;

// As many digits of the ids as tell them apart.
std::size_t IdDigits(const client::Listing& listing) {
  std::vector<std::string> ids;
  for (const client::Message& message : listing.messages) ids.push_back(HexOf(message.id));
  std::sort(ids.begin(), ids.end());
  std::size_t digits = kLeastIdDigits;
  for (std::size_t i = 1; i < ids.size(); ++i) {
    const auto differ = std::mismatch(ids[i - 1].begin(), ids[i - 1].end(), ids[i].begin());
    const auto shared = static_cast<std::size_t>(differ.first - ids[i - 1].begin());
    digits = std::max(digits, shared + 1);
  }
  return digits;
}

// The subject; without one the beginning of the body.
std::string Gist(const client::Message& message) {
  const std::string subject = Shown(message.subject);
  return subject.empty()
             ? "(" + CutToWidth(DisplayLine(Shown(message.body)), kSubjectWidth - 2) + ")"
             : subject;
}

void PrintTable(const client::Listing& listing, bool inbox, std::ostream& out) {
  const std::size_t digits = IdDigits(listing);
  std::vector<Column> columns = {
      {"ID"}, {"DATE"}, {inbox ? "FROM" : "TO"}, {"SUBJECT", kSubjectWidth}};
  if (!inbox) columns.push_back({"DELIVERY"});
  Table table(columns);
  for (const client::Message& message : listing.messages) {
    std::vector<std::string> cells = {HexOf(message.id).substr(0, digits),
                                      TimeText(message.sent_unix_ms),
                                      inbox ? message.from.str() : message.to.str(), Gist(message)};
    if (!inbox) {
      cells.push_back(DeliveryName(message.delivery.value_or(client::Delivery::kPending)));
    }
    table.Add(cells);
  }
  if (table.empty()) {
    out << "no messages\n";
  } else {
    table.Print(out);
  }
}

nlohmann::json ListingJson(const client::Listing& listing) {
  nlohmann::json messages = nlohmann::json::array();
  for (const client::Message& message : listing.messages) {
    messages.push_back(MessageJson(message, /*body=*/false));
  }
  nlohmann::json refused = nlohmann::json::array();
  for (const client::RefusedMessage& message : listing.refused) {
    refused.push_back({{"id", HexOf(message.id)}, {"why", std::string(message.why.message())}});
  }
  return {{"messages", messages}, {"refused", refused}, {"more", listing.more}};
}

constexpr std::string_view kReplacedKey = "VERIFIED UNDER A KEY SINCE REPLACED";
constexpr std::string_view kAboutReplacedKey =
    "The sender has replaced the key that signed this. Whoever holds the old key, a thief of it "
    "too, "
    "could have written it at any time.";

// What a reader must hear besides the mail: of her own entry. Returns the exit code.
ExitCode AboutOwnEntry(const client::Client& client, Output& output) {
  if (const absl::Status unchecked = client.own_entry_unchecked(); !unchecked.ok()) {
    output.Note("your own directory entry could not be checked: " +
                DisplayLine(std::string(unchecked.message())));
  }
  return output.AlsoAlarm(client.alarm());
}

struct ListOptions {
  client::Folder folder = client::Folder::kInbox;
  std::size_t most = 50;
};

ExitCode List(const CommonOptions& common, const ListOptions& options, Output& output) {
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  const auto listing = (*client)->List(options.folder, options.most);
  if (!listing.ok()) return output.Fail(listing.status());
  output.Label((*client)->labels());
  if (output.json()) {
    output.Answer(ListingJson(*listing), (*client)->labels(), (*client)->alarm());
  } else {
    PrintTable(*listing, options.folder == client::Folder::kInbox, output.out());
    if (listing->more) output.Note("Older messages are there: --most shows more.");
  }
  for (const client::Message& message : listing->messages) {
    if (!message.key_replaced) continue;
    output.Note(HexOf(message.id).substr(0, kLeastIdDigits) + ": " + std::string(kReplacedKey));
  }
  for (const client::RefusedMessage& refused : listing->refused) {
    output.Note("not shown: " + HexOf(refused.id).substr(0, kLeastIdDigits) + ": " +
                DisplayLine(std::string(refused.why.message())));
  }
  // What is refused is said, and is no failure of the listing: anybody could send such mail.
  return AboutOwnEntry(**client, output);
}

void PrintMessage(const client::Message& message, Output& output) {
  output.out() << "From:    " << message.from.str() << "  ("
               << (message.key_replaced ? kReplacedKey : "signature verified") << ")\n"
               << "To:      " << message.to.str() << '\n'
               << "Date:    " << TimeText(message.sent_unix_ms) << '\n'
               << "Subject: " << DisplayLine(Shown(message.subject)) << '\n'
               << "Id:      " << HexOf(message.id) << '\n'
               << (message.format == client::BodyFormat::kHtml ? "Format:  HTML, as text\n" : "")
               << '\n'
               << DisplayBlock(Shown(message.body), "  ");
  if (message.key_replaced) output.Note(kAboutReplacedKey);
  if (message.attachments > 0) output.Note("It has attachments, which this version can't fetch.");
}

ExitCode Read(const CommonOptions& common, const std::string& id, Output& output) {
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  const auto message = (*client)->Read(id);
  if (!message.ok()) return output.Fail(message.status());
  output.Label((*client)->labels());
  if (output.json()) {
    output.Answer(MessageJson(*message, /*body=*/true), (*client)->labels(), (*client)->alarm());
  } else {
    PrintMessage(*message, output);
  }
  return AboutOwnEntry(**client, output);
}

constexpr const char* kStillVerified =
    "What is shown verifies all the same; what does not is left out.";

void AddListing(Registry& registry, const char* name, const char* help, client::Folder folder) {
  const auto options = std::make_shared<ListOptions>();
  options->folder = folder;
  CLI::App* command =
      registry.Add({.name = name,
                    .help = help,
                    .on_alarm = kStillVerified,
                    .action = [options](const CommonOptions& common, Output& output) {
                      return List(common, *options, output);
                    }});
  command->add_option("--most", options->most, "how many")->capture_default_str();
}

}  // namespace

void AddReadCommands(Registry& registry) {
  AddListing(registry, "inbox", "messages to me, newest first", client::Folder::kInbox);
  AddListing(registry, "sent", "messages from me, newest first", client::Folder::kSent);

  const auto id = std::make_shared<std::string>();
  CLI::App* read = registry.Add({.name = "read",
                                 .help = "show one message",
                                 .on_alarm = kStillVerified,
                                 .action = [id](const CommonOptions& common, Output& output) {
                                   return Read(common, *id, output);
                                 }});
  read->add_option("ID", *id, "the message's id, or as many digits as name it")->required();
}

}  // namespace letterlock::cli
