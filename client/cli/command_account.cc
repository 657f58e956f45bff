#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <utility>

#include "account_text.h"
#include "client/failure.h"
#include "commands.h"
#include "crypto/base/encoding.h"

namespace letterlock::cli {
namespace {

constexpr std::string_view kTaken =
    "Choose another handle, or another --account directory if you have an account already.";

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
  const absl::Status can_show = CheckKitOptions(options.kit_file, output);
  if (!can_show.ok()) return output.Fail(can_show);
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
  creation.show_kit = [&](const crypto::SecretBuffer& kit) {
    return HandOverKit(kit, options.kit_file, output);
  };
  const auto client =
      client::Client::Create(*config, common.account, *handle, *passphrase, creation);
  if (!client.ok()) {
    return output.Fail(client.status(), absl::IsAlreadyExists(client.status()) ? kTaken : "");
  }
  return ShowAccount(**client, output);
}

ExitCode Show(const CommonOptions& common, Output& output) {
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  return ShowAccount(**client, output);
}

}  // namespace

void AddAccountCommands(Registry& registry) {
  CLI::App* account = registry.Group("account", "make, show, renew or recover the account");

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
  AddRecoveryCommands(registry, account);
}

}  // namespace letterlock::cli
