#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "cli/device_name.h"
#include "cli/table.h"
#include "client/failure.h"
#include "commands.h"
#include "crypto/base/encoding.h"
#include "message_text.h"
#include "passphrase.h"
#include "secret_input.h"
#include "terminal.h"

namespace letterlock::cli {
namespace {

constexpr std::size_t kLeastKeyDigits = 16;
constexpr std::size_t kMostCode = 100;  // with whatever spaces
constexpr const char* kNothingChanged = "Nothing was changed.";

std::string KeyOf(const client::Device& device) { return crypto::HexEncode(device.key.bytes()); }

nlohmann::json DeviceJson(const client::Device& device) {
  return {{"name", DeviceName(device.key)},
          {"device_key", KeyOf(device)},
          {"linked_unix_ms", device.linked_unix_ms},
          {"this_device", device.current}};
}

ExitCode List(const CommonOptions& common, Output& output) {
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  const auto devices = (*client)->Devices();
  if (!devices.ok()) return output.Fail(devices.status());
  nlohmann::json list = nlohmann::json::array();
  Table table({{"NAME"}, {"KEY"}, {"LINKED"}, {""}});
  for (const client::Device& device : *devices) {
    list.push_back(DeviceJson(device));
    table.Add({DeviceName(device.key), KeyOf(device).substr(0, kLeastKeyDigits),
               TimeText(device.linked_unix_ms), device.current ? "this device" : ""});
  }
  if (output.json()) {
    output.Answer({{"devices", list}}, (*client)->labels());
  } else {
    table.Print(output.out());
  }
  return kExitOk;
}

// --- link ----------------------------------------------------------------------------------------

struct LinkOptions {
  std::string file;
  bool join = false;
  std::string code_file;  // --code-file; "": asked for, or LETTERLOCK_LINK_CODE
};

constexpr std::string_view kAboutLinkFile =
    "WHOEVER HAS THIS FILE AND THIS CODE HAS YOUR ACCOUNT: all keys of it, old ones too, and as "
    "often as they\n"
    "like. Carry the two by different ways. On the new device:\n"
    "  letterlock devices link --join FILE\n"
    "Then destroy every copy of the file.";

constexpr std::string_view kAboutLinkedDevice =
    "This directory is a device of the account now. Destroy every copy of the link file: it opens "
    "as often as\n"
    "somebody has the code. Who your correspondents are was not in it: they are pinned anew as you "
    "meet them.";

ExitCode Write(const CommonOptions& common, const LinkOptions& options, Output& output) {
  if (!options.code_file.empty()) {
    return output.Fail(client::UsageProblem("--code-file goes with --join: here a code is made"));
  }
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  const absl::Status written =
      (*client)->WriteLinkFile(options.file, [&](const crypto::SecretBuffer& code) -> absl::Status {
        if (output.json()) {
          output.Answer({{"file", options.file}, {"code", Shown(code)}}, (*client)->labels());
        } else {
          output.out() << "The link file is written. Its code, which is shown this once:\n\n  "
                       << Shown(code) << "\n\n";
        }
        output.out() << std::flush;
        return output.out() ? absl::OkStatus() : absl::DataLossError("the code could not be shown");
      });
  if (!written.ok()) return output.Fail(written);
  output.Label((*client)->labels());
  if (!output.json()) output.Note(kAboutLinkFile);
  return kExitOk;
}

// The code as it was typed; what it is worth the link file says.
absl::StatusOr<crypto::SecretBuffer> ReadCode(const std::string& file) {
  const char* const value = std::getenv("LETTERLOCK_LINK_CODE");
  if (file.empty() && value != nullptr) return crypto::SecretBuffer::Copy(value);
  auto code = file.empty() ? AskSecret("Code: ", kMostCode) : ReadSecretFrom(file, kMostCode);
  if (absl::IsNotFound(code.status())) {
    return file.empty()
               ? client::UsageProblem(
                     "no code: there is no terminal to ask at; give --code-file FILE or set "
                     "LETTERLOCK_LINK_CODE")
               : client::UsageProblem("the code's file can't be read");
  }
  if (absl::IsOutOfRange(code.status())) return client::UsageProblem("that is longer than a code");
  return code;
}

constexpr std::string_view kKitDropped =
    "A change of the recovery kit was cut off on this device before. The kit that was shown then\n"
    "never came into force: destroy it, and keep the one that counted before.\n";

ExitCode Join(const CommonOptions& common, const LinkOptions& options, Output& output) {
  const auto config = LoadConfig(common);
  if (!config.ok()) return output.Fail(config.status());
  const auto code = ReadCode(options.code_file);
  if (!code.ok()) return output.Fail(code.status());
  const bool is_there = client::Client::HasAccount(common.account);
  const auto passphrase =
      ReadPassphrase(common.passphrase, is_there ? PassphraseUse::kOpen : PassphraseUse::kCreate);
  if (!passphrase.ok()) return output.Fail(passphrase.status());
  const auto client =
      client::Client::Link(*config, common.account, options.file, *code, *passphrase);
  if (!client.ok()) return output.Fail(client.status());
  const auto account = (*client)->Account();
  if (!account.ok()) return output.Fail(account.status());
  output.Label((*client)->labels());
  if ((*client)->shown_kit_dropped()) output.Note(kKitDropped);
  if (output.json()) {
    output.Answer({{"handle", account->handle.str()},
                   {"member", crypto::HexEncode(account->member.bytes())},
                   {"name", DeviceName(account->device_key)},
                   {"device_key", crypto::HexEncode(account->device_key.bytes())}},
                  (*client)->labels());
  } else {
    output.out() << "linked to " << account->handle.str() << "'s account as "
                 << DeviceName(account->device_key) << '\n';
    output.Note(kAboutLinkedDevice);
  }
  return kExitOk;
}

void AddLink(Registry& registry, CLI::App* group) {
  const auto options = std::make_shared<LinkOptions>();
  CLI::App* command = registry.Add(
      group, {.name = "link",
              .help = "carry the account to another device: write a file here, --join it there",
              .on_alarm = "No device was linked, and no link file written.",
              .action = [options](const CommonOptions& common, Output& output) {
                return options->join ? Join(common, *options, output)
                                     : Write(common, *options, output);
              }});
  command->add_option("FILE", options->file, "the link file: all keys, under a code")->required();
  command->add_flag("--join", options->join,
                    "on the new device: take the account from the file; where the same account is "
                    "there already, its newest keys");
  command->add_option("--code-file", options->code_file,
                      "with --join: holds the code; else it is asked for, or LETTERLOCK_LINK_CODE");
}

// --- revoke --------------------------------------------------------------------------------------

struct RevokeOptions {
  std::string device;
  bool yes = false;
  bool lost = false;
};

constexpr std::string_view kAboutRevoked =
    "It has no session any more and gets no mail. What it had stays on it, readable to who has its "
    "passphrase,\n"
    "and so do the account's keys: where it is in somebody else's hands, change them: "
    "letterlock account rotate";
constexpr std::string_view kAboutLost =
    "It has no session any more, and the account has new keys: those on it sign nothing that "
    "counts, "
    "and\n"
    "open nothing that is sealed from now on. What it had stays on it. Link your other devices "
    "again.";
constexpr std::string_view kOnlyRevoked =
    "The device is revoked, but the account's keys are not changed yet: letterlock account rotate";
constexpr std::string_view kKeysNotChanged =
    "If it was revoked before, and the account's keys were not changed then: letterlock account "
    "rotate";

// The device that is called so, or whose key begins so.
absl::StatusOr<client::Device> Find(const std::vector<client::Device>& devices,
                                    const std::string& text) {
  std::optional<client::Device> found;
  for (const client::Device& device : devices) {
    const bool by_key = text.size() >= kLeastKeyDigits && KeyOf(device).starts_with(text);
    if (!by_key && DeviceName(device.key) != text) continue;
    if (found.has_value()) return client::UsageProblem("several devices are called so: give a key");
    found = device;
  }
  if (!found.has_value()) return client::NotFound("no device of yours has that name or key");
  return *found;
}

ExitCode Revoke(const CommonOptions& common, const RevokeOptions& options, Output& output) {
  const auto config = LoadConfig(common);
  if (!config.ok()) return output.Fail(config.status());
  const auto passphrase = ReadPassphrase(common.passphrase, PassphraseUse::kOpen);
  if (!passphrase.ok()) return output.Fail(passphrase.status());
  const auto client = client::Client::Open(*config, common.account, *passphrase);
  if (!client.ok()) return output.Fail(client.status());
  const auto devices = (*client)->Devices();
  if (!devices.ok()) return output.Fail(devices.status());
  const auto device = Find(*devices, options.device);
  if (!device.ok()) return output.Fail(device.status(), options.lost ? kKeysNotChanged : "");
  if (device->current && options.lost) {
    return output.Fail(client::UsageProblem("that is this very device, so it is not lost"));
  }
  if (device->current && !options.yes) {
    const auto agreed = AskYes("That is this very device. Revoke it?");
    if (!agreed.ok()) return output.Fail(agreed.status());
    if (!*agreed) return output.Fail(absl::CancelledError("nothing was revoked"));
  }
  const absl::Status revoked = (*client)->RevokeDevice(device->key);
  if (!revoked.ok()) return output.Fail(revoked);
  if (options.lost) {
    const auto rotated = client::Client::Rotate(*config, common.account, *passphrase);
    if (!rotated.ok()) {
      // An alarm has its own consequence: going on is not what is called for.
      const bool alarm = client::ProblemOf(rotated.status()) == client::Problem::kAlarm;
      return output.Fail(rotated.status(), alarm ? "" : kOnlyRevoked);
    }
  }
  if (output.json()) {
    nlohmann::json answer = DeviceJson(*device);
    answer["keys_changed"] = options.lost;
    output.Answer(answer, (*client)->labels());
  } else {
    output.out() << DeviceName(device->key) << " is revoked\n";
    output.Note(options.lost ? kAboutLost : kAboutRevoked);
  }
  return kExitOk;
}

void AddRevoke(Registry& registry, CLI::App* group) {
  const auto options = std::make_shared<RevokeOptions>();
  CLI::App* command =
      registry.Add(group, {.name = "revoke",
                           .help = "end a device's sessions: it gets and sends no mail any more",
                           .on_alarm = "The device is revoked; the account's keys are not changed "
                                       "for others.",
                           .action = [options](const CommonOptions& common, Output& output) {
                             return Revoke(common, *options, output);
                           }});
  command
      ->add_option("DEVICE", options->device,
                   "its name, or its key or the first 16 or more digits of it, as listed")
      ->required();
  command->add_flag("--lost", options->lost,
                    "change the account's keys too: the device is in somebody else's hands");
  command->add_flag("--yes", options->yes, "also where it is this very device, without asking");
}

}  // namespace

void AddDeviceCommands(Registry& registry) {
  CLI::App* devices = registry.Group("devices", "list, link and revoke the account's devices");
  registry.Add(devices, {.name = "list",
                         .help = "the devices that the mail server takes, by its word",
                         .on_alarm = kNothingChanged,
                         .action = List});
  AddLink(registry, devices);
  AddRevoke(registry, devices);
}

}  // namespace letterlock::cli
