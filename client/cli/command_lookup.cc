#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "client/failure.h"
#include "commands.h"
#include "crypto/base/encoding.h"
#include "message_text.h"

namespace letterlock::cli {
namespace {

const char* PinName(const client::Correspondent& correspondent) {
  switch (correspondent.pin) {
    case client::PinVerdict::kFirst:
      return "first contact: pinned now";
    case client::PinVerdict::kSame:
      return "as pinned";
    case client::PinVerdict::kChanged:
      return correspondent.identity_key_changed
                 ? "KEY CHANGED: signed by the key that was pinned, or its recovery key"
                 : "entry changed, same identity key";
  }
  return "";
}

const char* PinJsonName(client::PinVerdict pin) {
  switch (pin) {
    case client::PinVerdict::kFirst:
      return "first";
    case client::PinVerdict::kSame:
      return "same";
    case client::PinVerdict::kChanged:
      return "changed";
  }
  return "";
}

nlohmann::json AnswerJson(const crypto::Handle& handle, const client::LookupAnswer& answer) {
  nlohmann::json json = {{"handle", handle.str()},
                         {"found", answer.correspondent.has_value()},
                         {"erased", answer.tombstone_version != 0},
                         {"head_sequence", answer.head_sequence},
                         {"head_unix_ms", answer.head_unix_ms},
                         {"checkpoint_size", answer.checkpoint_size}};
  if (answer.tombstone_version != 0) json["tombstone_version"] = answer.tombstone_version;
  if (answer.correspondent.has_value()) {
    const client::Correspondent& found = *answer.correspondent;
    json["member"] = crypto::HexEncode(found.member.bytes());
    json["version"] = found.version;
    json["identity_key"] = crypto::HexEncode(found.identity_key.bytes());
    json["encryption_key"] = crypto::HexEncode(found.encryption_key.bytes());
    json["pin"] = PinJsonName(found.pin);
    json["identity_key_changed"] = found.identity_key_changed;
  }
  return json;
}

void PrintAbsence(const crypto::Handle& handle, const client::LookupAnswer& answer,
                  std::ostream& out) {
  if (answer.tombstone_version == 0) {
    out << handle.str() << " is not in the directory\n";
    return;
  }
  out << handle.str() << " was erased: the directory's map holds a tombstone in its place\n"
      << "tombstone     version " << answer.tombstone_version << '\n'
      << "not proved    who asked for it, and that no copy of the entry is left\n";
}

void Print(const crypto::Handle& handle, const client::LookupAnswer& answer, std::ostream& out) {
  if (answer.correspondent.has_value()) {
    const client::Correspondent& found = *answer.correspondent;
    out << "handle        " << handle.str() << '\n'
        << "member        " << crypto::HexEncode(found.member.bytes()) << '\n'
        << "entry version " << found.version << '\n'
        << "identity key  " << crypto::HexEncode(found.identity_key.bytes()) << '\n'
        << "pin           " << PinName(found) << '\n';
  } else {
    PrintAbsence(handle, answer, out);
  }
  out << "proved under  head " << answer.head_sequence << " of " << TimeText(answer.head_unix_ms)
      << ", log of " << answer.checkpoint_size << " entries\n";
}

ExitCode Lookup(const CommonOptions& common, const std::string& text, Output& output) {
  const auto handle = crypto::Handle::Parse(text);
  if (!handle.ok()) return output.Fail(client::UsageProblem("not a handle"), kHandleRule);
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  const auto answer = (*client)->Lookup(*handle);
  if (!answer.ok()) return output.Fail(answer.status());
  output.Label((*client)->labels());
  if (output.json()) {
    output.Answer(AnswerJson(*handle, *answer), (*client)->labels());
  } else {
    Print(*handle, *answer, output.out());
  }
  return answer->correspondent.has_value() ? kExitOk : kExitNotFound;
}

}  // namespace

void AddLookupCommands(Registry& registry) {
  const auto handle = std::make_shared<std::string>();
  CLI::App* lookup =
      registry.Add({.name = "lookup",
                    .help = "look a handle up, verify the proof and pin it",
                    .on_alarm = "The answer was not used: what was pinned stays as it was.",
                    .action = [handle](const CommonOptions& common, Output& output) {
                      return Lookup(common, *handle, output);
                    }});
  lookup->add_option("HANDLE", *handle, "whom")->required();
}

}  // namespace letterlock::cli
