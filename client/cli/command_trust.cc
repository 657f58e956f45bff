#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "client/failure.h"
#include "commands.h"
#include "crypto/base/encoding.h"
#include "terminal.h"

namespace letterlock::cli {
namespace {

constexpr std::string_view kMeaning =
    "The entry changed more than once since this account last saw it, and the steps between can't "
    "be "
    "checked.\n"
    "Perhaps the member changed keys twice; perhaps somebody else did, and reads what is sent from "
    "now on.\n"
    "Ask the member, by another way than this mail, whether the new keys are hers, digit by "
    "digit.\n";

// Groups of eight digits, as one reads them to another.
std::string Fingerprint(std::string_view key) {
  const std::string hex = crypto::HexEncode(key);
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 8) {
    if (i > 0) out += ' ';
    out += hex.substr(i, 8);
  }
  return out;
}

nlohmann::json KeysJson(const client::EntryKeys& keys) {
  return {{"version", keys.version},
          {"identity_key", crypto::HexEncode(keys.identity_key.bytes())},
          {"encryption_key", crypto::HexEncode(keys.encryption_key.bytes())}};
}

void PrintKeys(const char* which, const client::EntryKeys& keys, std::ostream& out) {
  out << which << " entry version  " << keys.version << '\n'
      << which << " identity key   " << Fingerprint(keys.identity_key.bytes()) << '\n'
      << which << " encryption key " << Fingerprint(keys.encryption_key.bytes()) << '\n';
}

ExitCode NothingToDecide(const crypto::Handle& handle, const client::Client& client,
                         Output& output) {
  if (output.json()) {
    output.Answer({{"handle", handle.str()}, {"decision", "none"}}, client.labels());
  } else {
    output.out() << "nothing to decide: the directory's entry for " << handle.str()
                 << " fits what is pinned\n";
  }
  return kExitOk;
}

ExitCode Report(const client::TrustQuestion& question, bool trusted, const client::Client& client,
                Output& output) {
  if (output.json()) {
    output.Answer({{"handle", question.handle.str()},
                   {"decision", trusted ? "trusted" : "declined"},
                   {"pinned", KeysJson(question.pinned)},
                   {"shown", KeysJson(question.shown)}},
                  client.labels());
  } else {
    output.out() << (trusted ? "trusted: mail is sealed for the new key, and checked with it\n"
                             : "nothing was changed\n");
  }
  return trusted ? kExitOk : kExitOther;
}

ExitCode Trust(const CommonOptions& common, const std::string& text, bool yes, Output& output) {
  const auto handle = crypto::Handle::Parse(text);
  if (!handle.ok()) return output.Fail(client::UsageProblem("not a handle"), kHandleRule);
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  const auto question = (*client)->AskTrust(*handle);
  if (!question.ok()) return output.Fail(question.status());
  output.Label((*client)->labels());
  if (!question->has_value()) return NothingToDecide(*handle, **client, output);

  if (!output.json()) {
    PrintKeys("pinned", (*question)->pinned, output.out());
    PrintKeys("new   ", (*question)->shown, output.out());
    output.out() << std::flush;
    output.Note(kMeaning);
  }
  if (!yes) {
    if (output.json()) return Report(**question, /*trusted=*/false, **client, output);
    const auto agreed = AskYes("Trust the new keys?");
    if (!agreed.ok()) return output.Fail(agreed.status());
    if (!*agreed) return Report(**question, /*trusted=*/false, **client, output);
  }
  const absl::Status trusted = (*client)->Trust(**question);
  if (!trusted.ok()) return output.Fail(trusted);
  return Report(**question, /*trusted=*/true, **client, output);
}

}  // namespace

void AddTrustCommands(Registry& registry) {
  struct Options {
    std::string handle;
    bool yes = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* trust =
      registry.Add({.name = "trust",
                    .help = "decide on a correspondent whose entry changed more than once unseen",
                    .on_alarm = "Nothing was trusted anew: what was pinned stays as it was.",
                    .action = [options](const CommonOptions& common, Output& output) {
                      return Trust(common, options->handle, options->yes, output);
                    }});
  trust->add_option("HANDLE", options->handle, "whom")->required();
  trust->add_flag("--yes", options->yes, "trust the new keys without asking");
}

}  // namespace letterlock::cli
