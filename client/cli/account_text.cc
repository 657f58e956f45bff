#include "account_text.h"

#include <nlohmann/json.hpp>
#include <ostream>
#include <string_view>

#include "client/failure.h"
#include "crypto/base/encoding.h"
#include "kit_file.h"
#include "message_text.h"

namespace letterlock::cli {
namespace {

constexpr std::string_view kAboutKit =
    "Your recovery kit. Write it down and keep it away from this device:\n";
constexpr std::string_view kWhatIsLost =
    "It is shown this once. Whoever has it can take your handle over and read your mail, so show "
    "it\n"
    "to nobody. Without this device and without the kit your mail is gone: no server holds a key "
    "to\n"
    "it. With the kit, `letterlock account recover` makes a new device of any other.\n";

constexpr std::string_view kKeyringNotPut =
    "The mail server has not taken the newest keyring: until it does, the recovery kit brings "
    "back\n"
    "the handle and no mail. It is kept here, and `letterlock account show` offers it again.\n";

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
          {"pins", account.pins},
          {"keyring_put", account.keyring_put}};
}

}  // namespace

ExitCode ShowAccount(client::Client& client, Output& output) {
  const auto account = client.Account();
  if (!account.ok()) return output.Fail(account.status());
  output.Label(client.labels());
  if (output.json()) {
    output.Answer(AccountJson(*account), client.labels());
  } else {
    PrintAccount(*account, output.out());
  }
  if (!account->keyring_put) output.Note(kKeyringNotPut);
  return kExitOk;
}

absl::Status CheckKitOptions(const std::string& file, const Output& output) {
  if (!output.json() || !file.empty()) return absl::OkStatus();
  return client::UsageProblem("with --json, --recovery-kit must name a file");
}

absl::Status HandOverKit(const crypto::SecretBuffer& kit, const std::string& file, Output& output) {
  if (!file.empty()) {
    absl::Status written = WriteKitFile(file, kit);
    if (!written.ok()) return written;
    output.Note("The recovery kit is in the file that you named, mode 0600.");
    output.Note(kWhatIsLost);
    return absl::OkStatus();
  }
  output.out() << kAboutKit << "\n  " << Shown(kit) << "\n\n" << kWhatIsLost << '\n' << std::flush;
  return output.out() ? absl::OkStatus() : absl::DataLossError("the kit could not be shown");
}

}  // namespace letterlock::cli
