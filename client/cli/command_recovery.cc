// Keys that take others' place: `account rotate`, `account export-recovery`, `account recover`.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "account_text.h"
#include "client/failure.h"
#include "commands.h"
#include "kit_file.h"

namespace letterlock::cli {
namespace {

constexpr std::string_view kRotated =
    "Your identity and encryption keys were changed. Mail of before stays readable here; whoever "
    "has\n"
    "the old keys, and got hold of mail sealed for them, can go on reading that. Your other "
    "devices\n"
    "are signed out, and raise an alarm about the change: link them again. Correspondents see\n"
    "that your keys changed, and that the old ones authorised it.\n";
constexpr std::string_view kNewKit =
    "The new recovery kit has taken the old one's place: the old one recovers nothing any more.\n";
constexpr std::string_view kKitOfBefore =
    "An interrupted change of the recovery kit was finished: the kit that was shown then counts "
    "now,\n"
    "and the one before it recovers nothing any more. Make sure that you have it: without it this\n"
    "device is all that there is of your keys.\n";
constexpr std::string_view kRecovered =
    "This is a new device with new keys; the old devices are signed out and hold no key in force.\n"
    "Restored: the handle, and the mail of before as far as the keyring held its keys.\n"
    "Not restored: whom you had pinned and what you knew of the log. Correspondents are pinned\n"
    "anew, as the directory shows them now: ask those who matter whether their keys are the same.\n"
    "Your recovery kit stays good. If others may have seen it: letterlock account "
    "export-recovery\n";
constexpr std::string_view kWithoutKeyring =
    "If the mail of before is worth less to you than the handle, --without-keyring takes the "
    "handle\n"
    "back: mail to you is sealed for the new keys from then on, mail of before stays closed.\n";

constexpr std::string_view kThere =
    "Name another with --account, or go on with the one that is there.";

struct KitOptions {
  std::string from_kit;  // --from-kit; "": asked for
  std::string kit_file;  // --recovery-kit; "": printed
  std::string handle;
  bool without_keyring = false;
};

ExitCode Rotate(const CommonOptions& common, Output& output) {
  const auto config = LoadConfig(common);
  if (!config.ok()) return output.Fail(config.status());
  const auto passphrase = ReadPassphrase(common.passphrase, PassphraseUse::kOpen);
  if (!passphrase.ok()) return output.Fail(passphrase.status());
  const auto rotated = client::Client::Rotate(*config, common.account, *passphrase);
  if (!rotated.ok()) return output.Fail(rotated.status());
  output.Note(kRotated);
  if (rotated->kit_replaced) output.Note(kKitOfBefore);
  return ShowAccount(*rotated->client, output);
}

ExitCode ExportRecovery(const CommonOptions& common, const KitOptions& options, Output& output) {
  const auto config = LoadConfig(common);
  if (!config.ok()) return output.Fail(config.status());
  const absl::Status can_show = CheckKitOptions(options.kit_file, output);
  if (!can_show.ok()) return output.Fail(can_show);
  const auto passphrase = ReadPassphrase(common.passphrase, PassphraseUse::kOpen);
  if (!passphrase.ok()) return output.Fail(passphrase.status());
  const auto old_kit = ReadKit(options.from_kit);
  if (!old_kit.ok()) return output.Fail(old_kit.status());
  bool shown = false;
  const auto rotated = client::Client::ReplaceKit(
      *config, common.account, *passphrase, *old_kit, [&](const crypto::SecretBuffer& kit) {
        shown = true;
        return HandOverKit(kit, options.kit_file, output);
      });
  if (!rotated.ok()) return output.Fail(rotated.status());
  output.Note(kRotated);
  output.Note(shown ? kNewKit : kKitOfBefore);
  return ShowAccount(*rotated->client, output);
}

ExitCode Recover(const CommonOptions& common, const KitOptions& options, Output& output) {
  const auto config = LoadConfig(common);
  if (!config.ok()) return output.Fail(config.status());
  const auto handle = crypto::Handle::Parse(options.handle);
  if (!handle.ok()) return output.Fail(client::UsageProblem("not a handle"), kHandleRule);
  const auto kit = ReadKit(options.from_kit);
  if (!kit.ok()) return output.Fail(kit.status());
  const auto passphrase = ReadPassphrase(common.passphrase, PassphraseUse::kCreate);
  if (!passphrase.ok()) return output.Fail(passphrase.status());
  const auto client = client::Client::Recover(
      *config, common.account, *passphrase,
      {.handle = *handle, .kit = *kit, .without_keyring = options.without_keyring});
  if (!client.ok()) {
    if (absl::IsAlreadyExists(client.status())) return output.Fail(client.status(), kThere);
    const bool lost = client::ProblemOf(client.status()) == client::Problem::kVerification;
    return output.Fail(client.status(), lost && !options.without_keyring ? kWithoutKeyring : "");
  }
  output.Note(kRecovered);
  return ShowAccount(**client, output);
}

void AddFromKit(CLI::App* command, KitOptions* options) {
  command->add_option("--from-kit", options->from_kit,
                      "holds the recovery kit; without it the kit is asked for");
}

}  // namespace

void AddRecoveryCommands(Registry& registry, CLI::App* account) {
  registry.Add(account, {.name = "rotate",
                         .help = "change the account's keys; again to go on",
                         .on_alarm = "The keys are not changed for others yet. If nobody else "
                                     "changed the entry, it can go on.",
                         .action = Rotate});

  const auto renewal = std::make_shared<KitOptions>();
  CLI::App* renew = registry.Add(
      account, {.name = "export-recovery",
                .help = "make a new recovery kit, and new keys, in the old ones' place",
                .on_alarm = "The old recovery kit still counts, unless an earlier run "
                            "was interrupted after it had shown a new one.",
                .action = [renewal](const CommonOptions& common, Output& output) {
                  return ExportRecovery(common, *renewal, output);
                }});
  AddFromKit(renew, renewal.get());
  renew->add_option("--recovery-kit", renewal->kit_file,
                    "write the new recovery kit to this new file instead of showing it");

  const auto recovery = std::make_shared<KitOptions>();
  CLI::App* recover =
      registry.Add(account, {.name = "recover",
                             .help = "take the account back with its recovery kit; again to go on",
                             .on_alarm = "The account was not taken back yet.",
                             .action = [recovery](const CommonOptions& common, Output& output) {
                               return Recover(common, *recovery, output);
                             }});
  recover->add_option("HANDLE", recovery->handle, "whose account it is")->required();
  AddFromKit(recover, recovery.get());
  recover->add_flag("--without-keyring", recovery->without_keyring,
                    "go on where the mail server has no keyring that fits: without the old mail");
}

}  // namespace letterlock::cli
