#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <utility>

#include "client/failure.h"
#include "commands.h"
#include "crypto/base/encoding.h"
#include "kit_file.h"
#include "message_text.h"

namespace letterlock::cli {
namespace {

constexpr std::string_view kAboutKit =
    "Your recovery kit. Write it down and keep it away from this device:\n";
constexpr std::string_view kWhatIsLost =
    "It is shown this once. Whoever has it can take your handle over, so show it to nobody.\n"
    "Without this device and without the kit your mail is gone: no server holds a key to it.\n"
    "This version has no command yet that restores an account from a kit; the kit already binds\n"
    "your directory entry, so that a thief of this device's keys can't rotate you out for good.\n";

constexpr std::string_view kTaken =
    "Choose another handle, or another --account directory if you have an account already.";

void PrintAccount(const client::AccountView& account, std::ostream& out) {
  out << "handle         " << account.handle.str() << '\n'
      << "member         " << crypto::HexEncode(account.member.bytes()) << '\n'
      << "entry version  " << account.version << '\n'
      << "identity key   " << crypto::HexEncode(account.identity_key.bytes()) << '\n'
      << "device key     " << crypto::HexEncode(account.device_key.bytes()) << '\n'
      << "directory      " << (account.published ? "published" : "NOT PUBLISHED YET")
      << ", seen in force under head " << account.checked_head << '\n'
      << "mailbox        " << (account.enrolled ? "open" : "NOT OPEN YET") << '\n'
      << "log            " << account.checkpoint_size << " entries remembered, root "
      << crypto::HexEncode(account.checkpoint_root).substr(0, 16) << "…\n"
      << "correspondents " << account.pins << " pinned\n";
}

nlohmann::json AccountJson(const client::AccountView& account) {
  return {{"handle", account.handle.str()},
          {"member", crypto::HexEncode(account.member.bytes())},
          {"version", account.version},
          {"identity_key", crypto::HexEncode(account.identity_key.bytes())},
          {"encryption_key", crypto::HexEncode(account.encryption_key.bytes())},
          {"device_key", crypto::HexEncode(account.device_key.bytes())},
          {"published", account.published},
          {"enrolled", account.enrolled},
          {"checked_head", account.checked_head},
          {"checkpoint_size", account.checkpoint_size},
          {"checkpoint_root", crypto::HexEncode(account.checkpoint_root)},
          {"pins", account.pins}};
}

ExitCode Print(client::Client& client, Output& output) {
  const auto account = client.Account();
  if (!account.ok()) return output.Fail(account.status());
  output.Label(client.labels());
  if (output.json()) {
    output.Answer(AccountJson(*account), client.labels());
  } else {
    PrintAccount(*account, output.out());
  }
  return kExitOk;
}

struct CreateOptions {
  std::string handle;
  std::string kit_file;     // --recovery-kit; "": printed
  std::string attestation;  // base64; "": none
};

ExitCode Create(const CommonOptions& common, const CreateOptions& options, Output& output) {
  const auto config = LoadConfig(common);
  if (!config.ok()) return output.Fail(config.status());
  const auto handle = crypto::Handle::Parse(options.handle);
  if (!handle.ok()) return output.Fail(client::UsageProblem("not a handle"), kHandleRule);
  // One JSON object comes at the end, or not at all where a step fails: too late for a kit that the
  // published entry is already bound to.
  if (output.json() && options.kit_file.empty()) {
    return output.Fail(client::UsageProblem("with --json, --recovery-kit must name a file"));
  }
  const auto passphrase = ReadPassphrase(common.passphrase, PassphraseUse::kCreate);
  if (!passphrase.ok()) return output.Fail(passphrase.status());

  client::Creation creation;
  const auto attestation = crypto::Base64Decode(options.attestation);
  if (!attestation.ok()) return output.Fail(client::UsageProblem("--attestation is not base64"));
  creation.attestation = *attestation;
  creation.ask_registrar = [&](const crypto::PublicKey& genesis_key) {
    output.Note(
        "Ask the registrar to vouch for this handle and this genesis key, and run the same");
    output.Note("command again with --attestation and the answer:");
    output.Note("  " + crypto::Base64Encode(genesis_key.bytes()));
  };
  creation.show_kit = [&](const crypto::SecretBuffer& kit) -> absl::Status {
    if (!options.kit_file.empty()) {
      absl::Status written = WriteKitFile(options.kit_file, kit);
      if (written.ok()) output.Note("The recovery kit is in the file that you named, mode 0600.");
      if (written.ok()) output.Note(kWhatIsLost);
      return written;
    }
    output.out() << kAboutKit << "\n  " << Shown(kit) << "\n\n"
                 << kWhatIsLost << '\n'
                 << std::flush;
    return output.out() ? absl::OkStatus() : absl::DataLossError("the kit could not be shown");
  };
  const auto client =
      client::Client::Create(*config, common.account, *handle, *passphrase, creation);
  if (!client.ok()) {
    return output.Fail(client.status(), absl::IsAlreadyExists(client.status()) ? kTaken : "");
  }
  return Print(**client, output);
}

ExitCode Show(const CommonOptions& common, Output& output) {
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  return Print(**client, output);
}

}  // namespace

void AddAccountCommands(Registry& registry) {
  CLI::App* account = registry.Group("account", "make or show the account");

  const auto create = std::make_shared<CreateOptions>();
  CLI::App* command = registry.Add(
      account,
      {.name = "create",
       .help = "make keys, publish them, open the mailbox; again to go on",
       .on_alarm = "The account is not complete. Running the command again goes on from here.",
       .action = [create](const CommonOptions& common, Output& output) {
         return Create(common, *create, output);
       }});
  command->add_option("HANDLE", create->handle, "the name that others write to")->required();
  command->add_option("--recovery-kit", create->kit_file,
                      "write the recovery kit to this new file instead of showing it");
  command->add_option("--attestation", create->attestation,
                      "base64: the registrar's word for the handle, where the deployment wants it");

  registry.Add(account, {.name = "show",
                         .help = "what the account holds, checked against the directory",
                         .on_alarm = "Nothing was shown or changed.",
                         .action = Show});
}

}  // namespace letterlock::cli
