#include "server/directory/genesis.h"

#include <string_view>
#include <utility>

#include "attest/canonical_proto.h"
#include "attest/leaf.h"
#include "attest/note.h"
#include "letterlock/tlog/v1/leaf.pb.h"

namespace letterlock::directory {
namespace {

using tlog::v1::GenesisStatement;

absl::Status Refuse(const char* why) { return absl::InvalidArgumentError(why); }

absl::StatusOr<crypto::PublicKey> SoundKey(std::string_view bytes) {
  absl::StatusOr<crypto::PublicKey> key = crypto::PublicKey::FromBytes(bytes);
  if (!key.ok()) return key.status();
  absl::Status sound = key->CheckPoint();
  if (!sound.ok()) return sound;
  return key;
}

absl::Status CheckLogKey(const GenesisStatement& statement) {
  absl::StatusOr<attest::VerifierKey> key = attest::VerifierKey::Parse(statement.log_key());
  if (!key.ok()) return Refuse("genesis: the log key is no vkey");
  if (key->type() != attest::NoteKeyType::kEd25519)
    return Refuse("genesis: the log key signs no checkpoints");
  if (key->name() != statement.origin())
    return Refuse("genesis: the log key is not named as the origin");
  return absl::OkStatus();
}

absl::Status CheckPolicyAndWitnesses(const GenesisStatement& statement) {
  for (const std::string& bytes : statement.policy_keys()) {
    if (!SoundKey(bytes).ok()) return Refuse("genesis: a policy key is unsound");
  }
  if (statement.policy_threshold() < 1 ||
      statement.policy_threshold() > static_cast<uint32_t>(statement.policy_keys_size())) {
    return Refuse("genesis: the policy threshold can't be met");
  }
  for (const std::string& vkey : statement.witness_keys()) {
    if (!attest::VerifierKey::Parse(vkey).ok()) return Refuse("genesis: a witness key is no vkey");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Genesis> Genesis::Parse(std::string statement) {
  GenesisStatement message;
  if (!attest::ParseCanonical(statement, &message).ok()) {
    return Refuse("genesis: not a canonical statement");
  }
  if (message.nonce().empty() || message.created_unix_ms() == 0) {
    return Refuse("genesis: nonce and time of creation are needed");
  }
  absl::Status good = CheckLogKey(message);
  if (good.ok()) good = CheckPolicyAndWitnesses(message);
  if (!good.ok()) return good;
  if (message.development() == (message.registrar_keys_size() > 0)) {
    return Refuse("genesis: either registrars or development");
  }

  Genesis genesis;
  for (const std::string& bytes : message.registrar_keys()) {
    absl::StatusOr<crypto::PublicKey> key = SoundKey(bytes);
    if (!key.ok()) return Refuse("genesis: a registrar key is unsound");
    genesis.registrars.push_back(*key);
  }
  absl::StatusOr<std::string> leaf = attest::FrameLeaf(attest::LeafType::kGenesis, statement);
  if (!leaf.ok()) return leaf.status();
  genesis.leaf = *std::move(leaf);
  genesis.deployment = crypto::DeploymentIdOf(statement);
  genesis.origin = message.origin();
  genesis.log_vkey = message.log_key();
  genesis.witnessed = message.witness_keys_size() > 0;
  genesis.statement = std::move(statement);
  return genesis;
}

}  // namespace letterlock::directory
