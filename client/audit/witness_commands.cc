#include "witness_commands.h"

#include <pthread.h>
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/numbers.h"
#include "attest/checkpoint.h"
#include "crypto/base/strings.h"
#include "server/config/files.h"
#include "witness_folder.h"
#include "witness_memory.h"
#include "witness_server.h"

namespace letterlock::audit {
namespace {

struct Flags {
  std::string folder;
  std::string name;
  std::string log_key;
  std::string listen = "127.0.0.1:7450";
  std::string port_file;
};

absl::Status Init(const Flags& flags) {
  const auto key = MakeWitness(flags.folder, flags.name);
  if (!key.ok()) return key.status();
  std::printf("%s\n", key->Format().c_str());
  return absl::OkStatus();
}

absl::Status Watch(const Flags& flags) {
  const auto key = attest::VerifierKey::Parse(flags.log_key);
  if (!key.ok()) return absl::InvalidArgumentError("the log's key is no vkey");
  const auto lock = LockWitness(flags.folder);
  if (!lock.ok()) return lock.status();
  return FileWitnessMemory(WitnessLogs(flags.folder)).Add(*key);
}

absl::Status ListLogs(const Flags& flags) {
  const auto logs = FileWitnessMemory(WitnessLogs(flags.folder)).LoadAll();
  if (!logs.ok()) return logs.status();
  for (const WatchedLog& log : *logs) {
    std::string size = "nothing cosigned yet";
    if (!log.note.empty()) {
      const auto opened = attest::OpenCheckpoint(log.note, {&log.key, 1}, {});
      if (!opened.ok()) return absl::DataLossError("a record holds no checkpoint of its log");
      size = std::to_string(opened->checkpoint.size) + " leaves cosigned";
    }
    std::printf("%s  %s\n", log.key.name().c_str(), size.c_str());
  }
  return absl::OkStatus();
}

absl::Status ParseListen(const std::string& listen, WitnessServerOptions* options) {
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string::npos || colon == 0 ||
      !absl::SimpleAtoi(listen.substr(colon + 1), &options->port) || options->port < 0 ||
      options->port > 65535) {
    return absl::InvalidArgumentError("--listen: not ADDRESS:PORT");
  }
  options->host = listen.substr(0, colon);
  return absl::OkStatus();
}

// SIGTERM and SIGINT, for AwaitTermination alone. Before any thread is there: they inherit it.
sigset_t BlockTermination() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);  // a client that went away
  return signals;
}

absl::Status Serve(const Flags& flags) {
  WitnessServerOptions options;
  absl::Status good = ParseListen(flags.listen, &options);
  if (!good.ok()) return good;
  const sigset_t termination = BlockTermination();
  const auto lock = LockWitness(flags.folder);
  if (!lock.ok()) return lock.status();
  const crypto::SystemClock clock;
  auto cosigner = OpenWitnessKey(flags.folder, &clock);
  if (!cosigner.ok()) return cosigner.status();
  FileWitnessMemory memory(WitnessLogs(flags.folder));
  const auto logs = memory.LoadAll();
  if (!logs.ok()) return logs.status();
  if (logs->empty()) {
    return absl::FailedPreconditionError("no log is watched: letterlock-audit witness watch");
  }
  Witness witness(&*cosigner, &memory);
  for (const WatchedLog& log : *logs) {
    good = witness.Check(log);
    if (!good.ok()) return good;
  }
  const auto log = spdlog::stderr_logger_mt("witness");
  auto server = WitnessServer::Start(options, &witness, [log](const WitnessAnswer& answer) {
    log->log(answer.status >= 500 ? spdlog::level::err : spdlog::level::warn, "{} {}",
             answer.status, answer.event);
  });
  if (!server.ok()) return server.status();
  if (!flags.port_file.empty()) {
    good = config::WriteFileDurably(flags.port_file, std::to_string((*server)->port()) + "\n",
                                    config::FileMode::kPublic);
    if (!good.ok()) return good;
  }
  log->info("{} watches {} logs at {}:{}", cosigner->key().name(), logs->size(), options.host,
            (*server)->port());
  int signal = 0;
  sigwait(&termination, &signal);
  log->info("stopping");
  return absl::OkStatus();
}

}  // namespace

void AddWitnessCommands(CLI::App& app, const std::function<void(absl::Status)>& ended) {
  auto flags = std::make_shared<Flags>();
  CLI::App* const witness =
      app.add_subcommand("witness", "watch logs: cosign what continues their history");
  witness->require_subcommand(1);
  const auto add = [&](const char* name, const char* about, absl::Status (*run)(const Flags&)) {
    CLI::App* const command = witness->add_subcommand(name, about);
    command->add_option("--dir", flags->folder, "the witness's folder")->required();
    command->callback([flags, run, ended] { ended(run(*flags)); });
    return command;
  };
  add("init", "make a witness: a folder with a new key; prints its vkey", Init)
      ->add_option("--name", flags->name, "its name, e.g. witness.example/w1")
      ->required();
  add("watch", "watch a log from now on", Watch)
      ->add_option("VKEY", flags->log_key, "the log's key, as a trust file has it")
      ->required();
  add("logs", "what is watched, and how far it was cosigned", ListLogs);
  CLI::App* const serve = add("serve", "answer logs (C2SP tlog-witness) until SIGTERM", Serve);
  serve->add_option("--listen", flags->listen, "ADDRESS:PORT, plain HTTP")
      ->default_val(flags->listen);
  serve->add_option("--port_file", flags->port_file, "write the port there, in decimal");
}

}  // namespace letterlock::audit
