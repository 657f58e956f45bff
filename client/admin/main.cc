// letterlock-admin: makes and tends the public plane of a deployment.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "admin/certificate_command.h"
#include "admin/status_command.h"
#include "attest/canonical_proto.h"
#include "crypto/base/encoding.h"
#include "deployment.h"
#include "doctor/doctor_command.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "public_doctor.h"
#include "registrar.h"
#include "server/command_docs/command_docs.h"

namespace letterlock::admin {
namespace {

constexpr int kUsageError = 2;

void Print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

// A base64 Ed25519 key that is sound.
absl::StatusOr<crypto::PublicKey> KeyFromText(const std::string& text) {
  absl::StatusOr<std::string> bytes = crypto::Base64Decode(text);
  if (!bytes.ok()) return absl::InvalidArgumentError("a key is not base64");
  absl::StatusOr<crypto::PublicKey> key = crypto::PublicKey::FromBytes(*bytes);
  if (!key.ok() || !key->CheckPoint().ok())
    return absl::InvalidArgumentError("a key is no Ed25519 key");
  return key;
}

struct InitFlags {
  DeploymentPlan plan;
  std::vector<std::string> registrars;
  bool development = false;
  bool json = false;
};

std::string InitJson(const Deployment& made) {
  return nlohmann::ordered_json{
             {"deployment", made.id},         {"origin", made.origin},
             {"log_key", made.log_vkey},      {"config_file", made.config_file},
             {"trust_file", made.trust_file}, {"ca_file", made.ca_file},
             {"unwitnessed", true},           {"self_registered", made.development}}
             .dump(2) +
         "\n";
}

std::string InitText(const Deployment& made) {
  std::string text = "deployment  " + made.id + "\nlog         " + made.log_vkey + "\n\n";
  text += "UNWITNESSED: nobody outside would notice a second history of this log.\n";
  if (made.development) text += "SELF-REGISTERED: nobody vouches for who holds a handle.\n";
  text +=
      "\nNext:\n  letterlock-directoryd --config " + made.config_file + "\n  give " +
      made.trust_file + " and " + made.ca_file +
      " to members and to the mail server\n  take ca/ca.key and keys/policy.key off this machine\n";
  return text;
}

absl::Status Init(InitFlags flags) {
  if (flags.development == !flags.registrars.empty()) {
    return absl::InvalidArgumentError("give --development, or one --registrar KEY or more");
  }
  for (const std::string& text : flags.registrars) {
    absl::StatusOr<crypto::PublicKey> key = KeyFromText(text);
    if (!key.ok()) return key.status();
    flags.plan.registrars.push_back(*key);
  }
  if (flags.plan.names.empty()) flags.plan.names = {"localhost", "127.0.0.1", "::1"};
  flags.plan.now = absl::Now();
  absl::StatusOr<Deployment> made = MakeDeployment(flags.plan);
  if (!made.ok()) return made.status();
  Print(flags.json ? InitJson(*made) : InitText(*made));
  return absl::OkStatus();
}

struct RegistrarFlags {
  std::string key_file;
  std::string deployment;
  std::string handle;
  std::string genesis_key;
};

absl::Status NewRegistrar(const RegistrarFlags& flags) {
  absl::StatusOr<crypto::PublicKey> key = MakeRegistrarKey(flags.key_file);
  if (!key.ok()) return key.status();
  Print(crypto::Base64Encode(key->bytes()) + "\n");
  return absl::OkStatus();
}

absl::Status RegistrarAttest(const RegistrarFlags& flags) {
  absl::StatusOr<std::string> id = crypto::HexDecode(flags.deployment);
  if (!id.ok()) return absl::InvalidArgumentError("--deployment: not hex");
  absl::StatusOr<crypto::DeploymentId> deployment = crypto::DeploymentId::FromBytes(*id);
  if (!deployment.ok()) return absl::InvalidArgumentError("--deployment: not 16 bytes");
  absl::StatusOr<crypto::Handle> handle = crypto::Handle::Parse(flags.handle);
  if (!handle.ok()) return absl::InvalidArgumentError("--handle: not ^[a-z0-9][a-z0-9._-]{1,62}$");
  absl::StatusOr<crypto::PublicKey> genesis_key = KeyFromText(flags.genesis_key);
  if (!genesis_key.ok()) return genesis_key.status();
  absl::StatusOr<directory::v1::RegistrarAttestation> attestation =
      Attest(flags.key_file, {*deployment, *handle, *genesis_key, absl::Now()});
  if (!attestation.ok()) return attestation.status();
  Print(crypto::Base64Encode(attest::SerializeCanonical(*attestation)) + "\n");
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  CLI::App app("Makes and tends the public plane of a Letterlock deployment.");
  app.set_version_flag("--version", LETTERLOCK_VERSION);
  command_docs::AddGenerator(&app, LETTERLOCK_VERSION);
  app.require_subcommand(1);
  absl::Status result;

  InitFlags init;
  CLI::App* command =
      app.add_subcommand("init", "make a deployment: keys, certificates, genesis, configuration");
  command->add_option("--dir", init.plan.directory, "where; made, or empty")->required();
  command->add_option("--origin", init.plan.origin, "the log's name, e.g. letterlock.example/log")
      ->required();
  command->add_option("--name", init.plan.names,
                      "DNS name or IP address of the server; repeat [localhost, 127.0.0.1, ::1]");
  command->add_option("--listen", init.plan.listen, "address and port of letterlock-directoryd")
      ->default_val("127.0.0.1:7441");
  command->add_flag("--development", init.development, "members register themselves");
  command->add_option("--registrar", init.registrars,
                      "base64 Ed25519 key that vouches for handles; repeat");
  command->add_flag("--json", init.json, "machine-readable");
  command->callback([&] { result = Init(init); });

  AddCertificateCommand(app, "letterlock-directoryd",
                        [&](absl::Status ended) { result = std::move(ended); });

  AddStatusCommand(app, [&](absl::Status ended) { result = std::move(ended); });

  doctor::AddDoctorCommand(app, "letterlock-directoryd", ExaminePublicPlane,
                           [&](absl::Status ended) { result = std::move(ended); });

  RegistrarFlags registrar;
  CLI::App* registrars =
      app.add_subcommand("registrar", "vouch for handles by hand: tests, small deployments");
  registrars->require_subcommand(1);
  command = registrars->add_subcommand("new", "make a key; prints its public half, base64");
  command->add_option("--key", registrar.key_file, "the file to make")->required();
  command->callback([&] { result = NewRegistrar(registrar); });
  command = registrars->add_subcommand("attest",
                                       "vouch for a handle; prints a RegistrarAttestation, base64");
  command->add_option("--key", registrar.key_file, "the registrar's key")->required();
  command->add_option("--deployment", registrar.deployment, "hex, as the trust file has it")
      ->required();
  command->add_option("--handle", registrar.handle, "whose")->required();
  command->add_option("--genesis-key", registrar.genesis_key, "her first identity key, base64")
      ->required();
  command->callback([&] { result = RegistrarAttest(registrar); });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsageError;
  }
  if (result.ok()) return 0;
  std::fprintf(stderr, "letterlock-admin: %s\n", std::string(result.message()).c_str());
  return absl::IsInvalidArgument(result) ? kUsageError : 1;
}

}  // namespace
}  // namespace letterlock::admin

int main(int argc, char** argv) { return letterlock::admin::Main(argc, argv); }
