#include <algorithm>
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

// What a reader must hear besides the mail: of her own entry. Returns the exit code.
ExitCode AboutOwnEntry(const client::Client& client, Output& output) {
  if (const absl::Status unchecked = client.own_entry_unchecked(); !unchecked.ok()) {
    output.Note("your own directory entry could not be checked: " +
                DisplayLine(std::string(unchecked.message())));
  }
  return output.AlsoAlarm(client.alarm());
}

}  // namespace

ExitCode List(const CommonOptions& common, const ListOptions& options, Output& output) {
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  const auto listing = (*client)->List(options.folder, options.most);
  if (!listing.ok()) return output.Fail(listing.status());
  output.Label((*client)->labels());
  if (output.json()) {
    nlohmann::json json = ListingJson(*listing);
    json["labels"] = Output::LabelsJson((*client)->labels());
    output.Json(json);
  } else {
    PrintTable(*listing, options.folder == client::Folder::kInbox, output.out());
    if (listing->more) output.Note("Older messages are there: --most shows more.");
  }
  for (const client::RefusedMessage& refused : listing->refused) {
    output.Note("not shown: " + HexOf(refused.id).substr(0, kLeastIdDigits) + ": " +
                DisplayLine(std::string(refused.why.message())));
  }
  // What is refused is said, and is no failure of the listing: anybody could send such mail.
  return AboutOwnEntry(**client, output);
}

ExitCode Read(const CommonOptions& common, const ReadOptions& options, Output& output) {
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  const auto message = (*client)->Read(options.id);
  if (!message.ok()) return output.Fail(message.status());
  output.Label((*client)->labels());
  if (output.json()) {
    nlohmann::json json = MessageJson(*message, /*body=*/true);
    json["labels"] = Output::LabelsJson((*client)->labels());
    output.Json(json);
  } else {
    output.out() << "From:    " << message->from.str() << "  (signature verified)\n"
                 << "To:      " << message->to.str() << '\n'
                 << "Date:    " << TimeText(message->sent_unix_ms) << '\n'
                 << "Subject: " << DisplayLine(Shown(message->subject)) << '\n'
                 << "Id:      " << HexOf(message->id) << '\n'
                 << (message->format == client::BodyFormat::kHtml ? "Format:  HTML, as text\n" : "")
                 << '\n'
                 << DisplayBlock(Shown(message->body), "  ");
    if (message->attachments > 0)
      output.Note("It has attachments, which this version can't fetch.");
  }
  return AboutOwnEntry(**client, output);
}

}  // namespace letterlock::cli
