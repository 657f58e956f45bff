#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "cli/display_text.h"
#include "cli/table.h"
#include "client/failure.h"
#include "commands.h"
#include "message_text.h"
#include "message_view.h"

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

// The optional columns are there where they say something.
struct Columns {
  bool unread = false;  // some are read, others not
  bool labels = false;
  bool delivery = false;  // what was sent
  bool folder = false;
};

Columns ColumnsFor(const client::Listing& listing, client::Folder folder, bool several_folders) {
  Columns columns = {.delivery = !several_folders && folder == client::Folder::kSent,
                     .folder = several_folders};
  bool read = false;
  bool unread = false;
  for (const client::Message& message : listing.messages) {
    (message.read ? read : unread) = true;
    columns.labels = columns.labels || !message.labels.empty();
  }
  columns.unread = read && unread;
  return columns;
}

std::string JoinLabels(const client::Message& message) {
  std::string text;
  for (const std::string& label : message.labels) text += (text.empty() ? "" : " ") + label;
  return text;
}

void PrintTable(const client::Listing& listing, client::Folder folder, bool several_folders,
                std::ostream& out) {
  const std::size_t digits = IdDigits(listing);
  const Columns show = ColumnsFor(listing, folder, several_folders);
  std::vector<Column> columns = {{"ID"}, {"DATE"}};
  if (show.unread) columns.push_back({"NEW"});
  if (show.folder) columns.push_back({"FOLDER"});
  columns.push_back({show.folder ? "WITH" : show.delivery ? "TO" : "FROM"});
  columns.push_back({"SUBJECT", kSubjectWidth});
  if (show.delivery) columns.push_back({"DELIVERY"});
  if (show.labels) columns.push_back({"LABELS"});
  Table table(columns);
  for (const client::Message& message : listing.messages) {
    std::vector<std::string> cells = {HexOf(message.id).substr(0, digits),
                                      TimeText(message.sent_unix_ms)};
    if (show.unread) cells.emplace_back(message.read ? "" : "*");
    if (show.folder) cells.emplace_back(FolderName(message));
    const bool sent = message.folder == client::Folder::kSent;
    cells.push_back(sent ? message.to.str() : message.from.str());
    cells.push_back(Gist(message));
    if (show.delivery) {
      cells.emplace_back(DeliveryName(message.delivery.value_or(client::Delivery::kPending)));
    }
    if (show.labels) cells.push_back(JoinLabels(message));
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
  return {{"messages", messages},
          {"refused", refused},
          {"more", listing.more},
          {"as_of_unix_ms", listing.as_of_unix_ms},
          {"truncated", listing.truncated}};
}

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
  bool offline = false;
};

constexpr std::string_view kThrownAway =
    "The local cache was damaged, and was thrown away; it is made again from the server.";
constexpr std::string_view kTruncated =
    "The mailbox holds more messages than are kept here: the oldest are left out.";

// A server that can't be reached, or takes this device no more, is no reason to show nothing.
std::string_view AdviceFor(const absl::Status& status) {
  const client::Problem problem = client::ProblemOf(status);
  const bool away =
      problem == client::Problem::kUnavailable || problem == client::Problem::kRevoked;
  return away ? "--offline shows what was here before." : "";
}

void AboutListing(const client::Listing& listing, const client::Client& client, bool offline,
                  Output& output) {
  if (client.cache_thrown_away()) output.Note(kThrownAway);
  if (offline) output.Note("As of " + TimeText(listing.as_of_unix_ms) + ": no server was asked.");
  if (listing.truncated) output.Note(kTruncated);
  if (listing.more) output.Note("Older messages are there: --most shows more.");
}

ExitCode Show(client::Client& client, const absl::StatusOr<client::Listing>& listing,
              const ListOptions& options, bool several_folders, Output& output) {
  if (!listing.ok()) return output.Fail(listing.status(), AdviceFor(listing.status()));
  output.Label(client.labels());
  if (output.json()) {
    output.Answer(ListingJson(*listing), client.labels(), client.alarm());
  } else {
    PrintTable(*listing, options.folder, several_folders, output.out());
  }
  AboutListing(*listing, client, options.offline, output);
  for (const client::Message& message : listing->messages) {
    // Of one's own it is no news; `read` says it.
    if (!message.key_replaced || message.folder == client::Folder::kSent) continue;
    output.Note(HexOf(message.id).substr(0, kLeastIdDigits) + ": " + std::string(kReplacedKey));
  }
  for (const client::RefusedMessage& refused : listing->refused) {
    output.Note("not shown: " + HexOf(refused.id).substr(0, kLeastIdDigits) + ": " +
                DisplayLine(std::string(refused.why.message())));
  }
  // What is refused is said, and is no failure of the listing: anybody could send such mail.
  return AboutOwnEntry(client, output);
}

ExitCode List(const CommonOptions& common, const ListOptions& options, Output& output) {
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  if (options.offline) (*client)->StayOffline();
  return Show(**client, (*client)->List(options.folder, options.most), options,
              /*several_folders=*/false, output);
}

ExitCode Search(const CommonOptions& common, const std::vector<std::string>& words,
                const ListOptions& options, Output& output) {
  std::string text;
  for (const std::string& word : words) text += word + " ";
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  if (options.offline) (*client)->StayOffline();
  return Show(**client, (*client)->Search(text, options.most), options, /*several_folders=*/true,
              output);
}

struct ReadOptions {
  std::string id;
  bool offline = false;
};

ExitCode Read(const CommonOptions& common, const ReadOptions& options, Output& output) {
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  if (options.offline) (*client)->StayOffline();
  const auto message = (*client)->Read(options.id);
  if ((*client)->cache_thrown_away()) output.Note(kThrownAway);
  if (!message.ok()) return output.Fail(message.status(), AdviceFor(message.status()));
  output.Label((*client)->labels());
  if (output.json()) {
    output.Answer(MessageJson(*message, /*body=*/true), (*client)->labels(), (*client)->alarm());
  } else {
    PrintMessage(*message, output);
    if (!message->files.empty()) {
      output.Note("`letterlock save " + HexOf(message->id).substr(0, kLeastIdDigits) +
                  "` saves them here.");
    }
  }
  return AboutOwnEntry(**client, output);
}

constexpr const char* kStillVerified =
    "What is shown verifies all the same; what does not is left out.";

constexpr const char* kOfflineHelp = "ask no server: what is kept on this device, and as of when";

void AddListOptions(CLI::App& command, ListOptions* options) {
  command.add_option("--most", options->most, "how many")->capture_default_str();
  command.add_flag("--offline", options->offline, kOfflineHelp);
}

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
  AddListOptions(*command, options.get());
}

void AddSearch(Registry& registry) {
  const auto options = std::make_shared<ListOptions>();
  const auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* command =
      registry.Add({.name = "search",
                    .help = "messages of all folders that hold all of these words, newest first",
                    .on_alarm = kStillVerified,
                    .action = [options, words](const CommonOptions& common, Output& output) {
                      return Search(common, *words, *options, output);
                    }});
  command->add_option("WORDS", *words, "whole words, in any order and case")->required();
  AddListOptions(*command, options.get());
}

}  // namespace

void AddReadCommands(Registry& registry) {
  AddListing(registry, "inbox", "messages to me, newest first", client::Folder::kInbox);
  AddListing(registry, "sent", "messages from me, newest first", client::Folder::kSent);
  AddListing(registry, "requests", "first contacts that I have not answered",
             client::Folder::kRequests);
  AddListing(registry, "archived", "messages that I put away", client::Folder::kArchive);
  AddListing(registry, "imported", "messages that I brought along from elsewhere",
             client::Folder::kImported);
  AddSearch(registry);

  const auto options = std::make_shared<ReadOptions>();
  CLI::App* read = registry.Add({.name = "read",
                                 .help = "show one message",
                                 .on_alarm = kStillVerified,
                                 .action = [options](const CommonOptions& common, Output& output) {
                                   return Read(common, *options, output);
                                 }});
  read->add_flag("--offline", options->offline, kOfflineHelp);
  read->add_option("ID", options->id, "the message's id, or as many digits as name it")->required();
}

}  // namespace letterlock::cli
