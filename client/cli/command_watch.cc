#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "cli/display_text.h"
#include "commands.h"
#include "message_text.h"

namespace letterlock::cli {
namespace {

struct WatchOptions {
  double seconds = 0;  // 0: for ever
  bool once = false;
};

void Print(const client::Listing& news, Output& output) {
  for (const client::Message& message : news.messages) {
    if (output.json()) {
      // One object a line: whoever reads along can tell where one ends.
      output.out() << MessageJson(message, /*body=*/false)
                          .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                   << '\n';
      continue;
    }
    const std::string subject = Shown(message.subject);
    output.out() << HexOf(message.id).substr(0, 8) << "  " << TimeText(message.sent_unix_ms) << "  "
                 << message.from.str() << "  "
                 << DisplayLine(subject.empty() ? Shown(message.body) : subject) << '\n';
  }
  output.out() << std::flush;
}

ExitCode Watch(const CommonOptions& common, const WatchOptions& options, Output& output) {
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  const absl::Duration most =
      options.seconds == 0 ? absl::InfiniteDuration() : absl::Seconds(options.seconds);
  bool began = false;
  const absl::Status ended = (*client)->Watch(most, [&](const client::Listing& news) {
    if (!began) {
      output.Label((*client)->labels());
      output.Note("Waiting for mail; Ctrl-C ends it.");
      began = true;
      return true;
    }
    Print(news, output);
    return !options.once;
  });
  if (!ended.ok()) return output.Fail(ended);
  return output.AlsoAlarm((*client)->alarm());
}

}  // namespace

void AddWatchCommands(Registry& registry) {
  const auto options = std::make_shared<WatchOptions>();
  CLI::App* watch =
      registry.Add({.name = "watch",
                    .help = "wait for mail and show what comes, a line a message",
                    .on_alarm = "What was shown verifies all the same; what does not was left out.",
                    .action = [options](const CommonOptions& common, Output& output) {
                      return Watch(common, *options, output);
                    }});
  watch->add_option("--seconds", options->seconds, "end after so long; 0: never")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  watch->add_flag("--once", options->once, "end after the first mail that comes");
}

}  // namespace letterlock::cli
