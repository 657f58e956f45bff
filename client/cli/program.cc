#include "cli/program.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <functional>
#include <ostream>
#include <string>

#include "commands.h"

namespace letterlock::cli {
namespace {

constexpr char kFooter[] =
    "The passphrase is asked for, or read from --passphrase-file or LETTERLOCK_PASSPHRASE.\n"
    "Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 verification failed, 5 server "
    "unavailable, "
    "6 alarm.";

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string DefaultAccount() {
  const std::string home = Environment("HOME");
  return home.empty() ? "" : home + "/.local/share/letterlock";
}

void AddCommon(CLI::App& app, CommonOptions* common) {
  common->account = DefaultAccount();
  common->passphrase.value = std::getenv("LETTERLOCK_PASSPHRASE");
  app.add_option("--config", common->config, "client.toml of the deployment")
      ->envname("LETTERLOCK_CONFIG");
  app.add_option("--account", common->account, "the account's directory")
      ->envname("LETTERLOCK_ACCOUNT")
      ->capture_default_str();
  app.add_option("--passphrase-file", common->passphrase.file, "holds the passphrase");
  app.add_option("--patience", common->patience,
                 "seconds to go on trying while a server is not there")
      ->check(CLI::Range(0, 3600))
      ->capture_default_str();
  app.add_flag("--json", common->json, "exact content and stable keys, for programs");
}

void AddText(CLI::App& command, TextOptions* text, bool subject_needed) {
  auto* subject = command
                      .add_option_function<std::string>(
                          "--subject",
                          [text](const std::string& value) {
                            text->subject = value;
                            text->has_subject = true;
                          },
                          "at most 200 characters")
                      ->expected(1);
  if (subject_needed) subject->required();
  auto* body = command.add_option_function<std::string>(
      "--body",
      [text](const std::string& value) {
        text->body = value;
        text->has_body = true;
      },
      "the text itself; other users of this machine can see it while the command runs");
  command
      .add_option("--body-file", text->body_file,
                  "a file with the text; standard input where neither is given")
      ->excludes(body);
  command.add_flag("--html", text->html, "the body is HTML");
}

// Declares every command; `chosen` becomes what the one that was given does.
class Commands {
 public:
  using Action = std::function<ExitCode(Output&)>;

  Commands(CLI::App& app, const CommonOptions& common) : common_(common) {
    AddAccount(app);
    AddMail(app);
    app.require_subcommand(1);
  }

  const Action& chosen() const { return chosen_; }

 private:
  CLI::App* Command(CLI::App& parent, const char* name, const char* help, Action action) {
    CLI::App* command = parent.add_subcommand(name, help);
    command->fallthrough();
    command->final_callback([this, action = std::move(action)] { chosen_ = action; });
    return command;
  }

  void AddAccount(CLI::App& app) {
    CLI::App* account = app.add_subcommand("account", "make or show the account");
    account->fallthrough()->require_subcommand(1);
    CLI::App* create =
        Command(*account, "create", "make keys, publish them, open the mailbox; again to go on",
                [this](Output& output) { return AccountCreate(common_, create_, output); });
    create->add_option("HANDLE", create_.handle)->required();
    create->add_option("--recovery-kit", create_.kit_file,
                       "write the recovery kit to this new file instead of showing it");
    create->add_option(
        "--attestation", create_.attestation,
        "base64: the registrar's word for the handle, where the deployment wants it");
    Command(*account, "show", "what the account holds, checked against the directory",
            [this](Output& output) { return AccountShow(common_, output); });
    CLI::App* lookup = Command(app, "lookup", "look a handle up, verify the proof and pin it",
                               [this](Output& output) { return Lookup(common_, handle_, output); });
    lookup->add_option("HANDLE", handle_)->required();
  }

  void AddMail(CLI::App& app) {
    CLI::App* send = Command(app, "send", "seal a message and send it",
                             [this](Output& output) { return Send(common_, send_, output); });
    send->add_option("HANDLE", send_.handle)->required();
    AddText(*send, &send_.text, /*subject_needed=*/true);

    sent_.folder = client::Folder::kSent;
    CLI::App* inbox = Command(app, "inbox", "messages to me, newest first",
                              [this](Output& output) { return List(common_, inbox_, output); });
    CLI::App* sent = Command(app, "sent", "messages from me, newest first",
                             [this](Output& output) { return List(common_, sent_, output); });
    inbox->add_option("--most", inbox_.most, "how many")->capture_default_str();
    sent->add_option("--most", sent_.most, "how many")->capture_default_str();

    CLI::App* read = Command(app, "read", "show one message",
                             [this](Output& output) { return Read(common_, read_, output); });
    read->add_option("ID", read_.id, "the message's id, or as many digits as name it")->required();

    CLI::App* reply = Command(app, "reply", "answer a message in its thread",
                              [this](Output& output) { return Reply(common_, reply_, output); });
    reply->add_option("ID", reply_.id, "the message's id, or as many digits as name it")
        ->required();
    AddText(*reply, &reply_.text, /*subject_needed=*/false);
  }

  const CommonOptions& common_;
  CreateOptions create_;
  std::string handle_;
  SendOptions send_;
  ListOptions inbox_;
  ListOptions sent_;
  ReadOptions read_;
  ReplyOptions reply_;
  Action chosen_;
};

}  // namespace

int Run(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  CLI::App app("A member's mail: sealed here, opened here.", "letterlock");
  app.footer(kFooter);
  CommonOptions common;
  AddCommon(app, &common);
  const Commands commands(app, common);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error, out, err) == 0 ? kExitOk : kExitUsage;
  }
  Output output(out, err, common.json);
  return commands.chosen()(output);
}

}  // namespace letterlock::cli
