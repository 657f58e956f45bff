#include "deployment.h"

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "admin/server_certificate.h"
#include "admin/whole_directory.h"
#include "attest/canonical_proto.h"
#include "attest/note.h"
#include "attest/trust.h"
#include "crypto/base/encoding.h"
#include "crypto/base/ids.h"
#include "crypto/base/random.h"
#include "crypto/base/signing_key_file.h"
#include "crypto/base/strings.h"
#include "letterlock/tlog/v1/leaf.pb.h"
#include "server/config/files.h"

namespace letterlock::admin {
namespace {

constexpr absl::Duration kServerValidity = absl::Hours(24 * 397);

// Makes NAME in `directory` with a fresh key.
absl::StatusOr<crypto::PublicKey> MakeSigningKey(const std::string& path,
                                                 crypto::SigningPurpose purpose) {
  const crypto::SecretBytes<32> seed = crypto::SecretBytes<32>::Random();
  const auto file = crypto::EncodeSigningKeyFile(purpose, seed);
  absl::Status written = config::CreateFileDurably(
      path, crypto::AsView(file.Reveal(crypto::KeyAccess{})), config::FileMode::kSecret);
  if (!written.ok()) return written;
  return crypto::SigningKey::FromSeed(seed).public_key();
}

absl::StatusOr<std::string> MakeGenesis(const DeploymentPlan& plan,
                                        const attest::VerifierKey& log_key,
                                        const crypto::PublicKey& policy_key) {
  crypto::SystemRandom random;
  tlog::v1::GenesisStatement statement;
  statement.set_origin(plan.origin);
  statement.set_log_key(log_key.Format());
  for (const crypto::PublicKey& registrar : plan.registrars) {
    statement.add_registrar_keys(std::string(registrar.bytes()));
  }
  statement.add_policy_keys(std::string(policy_key.bytes()));
  statement.set_policy_threshold(1);
  statement.set_created_unix_ms(static_cast<uint64_t>(absl::ToUnixMillis(plan.now)));
  statement.set_nonce(crypto::ToString(crypto::RandomArray<32>(random)));
  statement.set_development(plan.registrars.empty());
  return attest::SerializeCanonical(statement);
}

absl::StatusOr<std::string> MakeTrust(const DeploymentPlan& plan,
                                      const crypto::DeploymentId& deployment,
                                      const attest::VerifierKey& log_key,
                                      const crypto::PublicKey& policy_key) {
  attest::TrustFields fields;
  fields.entries.deployment = deployment;
  fields.entries.development = plan.registrars.empty();
  fields.entries.registrars = plan.registrars;
  fields.policy_keys = {policy_key};
  fields.policy_threshold = 1;
  fields.tlog_policy = absl::StrCat("log ", log_key.Format(), "\nquorum none\n");
  return attest::FormatTrustFile(fields);
}

// ca/: the authority, to be kept offline. tls/: the server's identity. ca.pem: what those who dial
// need.
absl::Status MakeTls(const DeploymentPlan& plan, const std::string& base) {
  auto ca = MakeCertificates({.authority_name = "Letterlock directory CA",
                              .server_name = "letterlock-directoryd",
                              .names = plan.names,
                              .now = plan.now,
                              .validity = kServerValidity},
                             base);
  if (!ca.ok()) return ca.status();
  return config::CreateFileDurably(base + "/ca.pem", *ca, config::FileMode::kPublic);
}

std::string ConfigText(const DeploymentPlan& plan) {
  return absl::StrCat(
      "# letterlock-directoryd; `--help` names every option. Paths are relative to this file.\n",
      "listen = \"", plan.listen, "\"\n", R"(
genesis_file = "genesis"
log_key_file = "keys/log.key"
store_directory = "data/store"
log_directory = "data/log"         # public: any static web server may serve it
lock_directory = "data/log-lock"   # never restore this from a backup
admin_socket = "run/admin"         # for `letterlock-admin status`

[tls]
certificate_file = "tls/server.pem"
key_file = "tls/server.key"
)");
}

absl::StatusOr<Deployment> MakeIn(const DeploymentPlan& plan, const std::string& base) {
  for (const char* name : {"/keys", "/data"}) {
    absl::Status made = config::MakePrivateDirectory(base + name);
    if (!made.ok()) return made;
  }
  auto log_key = MakeSigningKey(base + "/keys/log.key", crypto::SigningPurpose::kLog);
  if (!log_key.ok()) return log_key.status();
  auto policy_key = MakeSigningKey(base + "/keys/policy.key", crypto::SigningPurpose::kPolicy);
  if (!policy_key.ok()) return policy_key.status();
  auto verifier = attest::VerifierKey::Make(attest::NoteKeyType::kEd25519, plan.origin, *log_key);
  if (!verifier.ok()) return absl::InvalidArgumentError("the origin can't be a log's name");
  auto genesis = MakeGenesis(plan, *verifier, *policy_key);
  if (!genesis.ok()) return genesis.status();
  const crypto::DeploymentId id = crypto::DeploymentIdOf(*genesis);
  auto trust = MakeTrust(plan, id, *verifier, *policy_key);
  if (!trust.ok()) return trust.status();

  absl::Status written = MakeTls(plan, base);
  const std::pair<const char*, const std::string> files[] = {
      {"/genesis", *genesis}, {"/trust.txt", *trust}, {"/directoryd.toml", ConfigText(plan)}};
  for (const auto& [name, bytes] : files) {
    if (written.ok()) {
      written = config::CreateFileDurably(base + name, bytes, config::FileMode::kPublic);
    }
  }
  if (!written.ok()) return written;
  return Deployment{.id = crypto::HexEncode(id.bytes()),
                    .origin = plan.origin,
                    .log_vkey = verifier->Format(),
                    .development = plan.registrars.empty(),
                    .config_file = plan.directory + "/directoryd.toml",
                    .trust_file = plan.directory + "/trust.txt",
                    .ca_file = plan.directory + "/ca.pem"};
}

}  // namespace

absl::StatusOr<Deployment> MakeDeployment(const DeploymentPlan& plan) {
  if (plan.listen.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.:[]-") !=
      std::string::npos) {
    return absl::InvalidArgumentError("the address to listen at is not host:port");
  }
  Deployment deployment;
  absl::Status made = MakeWholeDirectory(plan.directory, [&](const std::string& base) {
    auto in_base = MakeIn(plan, base);
    if (in_base.ok()) deployment = *std::move(in_base);
    return in_base.status();
  });
  if (!made.ok()) return made;
  return deployment;
}

}  // namespace letterlock::admin
