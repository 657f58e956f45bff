#include "registrar.h"

#include <utility>

#include "attest/canonical_proto.h"
#include "crypto/base/context.h"
#include "crypto/base/signing_key_file.h"
#include "crypto/base/strings.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "server/config/files.h"

namespace letterlock::admin {

absl::StatusOr<crypto::PublicKey> MakeRegistrarKey(const std::string& path) {
  const crypto::SecretBytes<32> seed = crypto::SecretBytes<32>::Random();
  const auto file = crypto::EncodeSigningKeyFile(crypto::SigningPurpose::kRegistrar, seed);
  absl::Status written = config::CreateFileDurably(
      path, crypto::AsView(file.Reveal(crypto::KeyAccess{})), config::FileMode::kSecret);
  if (!written.ok()) return written;
  return crypto::SigningKey::FromSeed(seed).public_key();
}

absl::StatusOr<directory::v1::RegistrarAttestation> Attest(const std::string& key_path,
                                                           const Vouching& vouching) {
  auto file = config::ReadSecretFile<crypto::kSigningKeyFileSize>(key_path);
  if (!file.ok()) return file.status();
  auto seed = crypto::ParseSigningKeyFile(crypto::SigningPurpose::kRegistrar, *file);
  if (!seed.ok()) return seed.status();
  const crypto::SigningKey key = crypto::SigningKey::FromSeed(*seed);

  directory::v1::RegistrarStatement statement;
  statement.set_deployment(std::string(vouching.deployment.bytes()));
  statement.set_handle(vouching.handle.str());
  statement.set_genesis_key(std::string(vouching.genesis_key.bytes()));
  statement.set_time_unix_ms(static_cast<uint64_t>(absl::ToUnixMillis(vouching.now)));
  directory::v1::RegistrarAttestation attestation;
  attestation.set_statement(attest::SerializeCanonical(statement));
  attestation.set_registrar_key(std::string(key.public_key().bytes()));
  attestation.set_signature(key.Sign(context::kRegistrarAttestation, {attestation.statement()}));
  return attestation;
}

}  // namespace letterlock::admin
