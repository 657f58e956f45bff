#include "witness_folder.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "crypto/base/sign.h"
#include "crypto/base/signing_key_file.h"
#include "crypto/base/strings.h"
#include "server/config/files.h"

namespace letterlock::audit {
namespace {

constexpr std::size_t kMaxVkey = 4096;

std::string KeyFile(const std::string& folder) { return folder + "/witness.key"; }
std::string VkeyFile(const std::string& folder) { return folder + "/witness.vkey"; }

// A folder that already is something is nobody's to overwrite.
absl::Status MakeFolders(const std::string& folder) {
  std::error_code error;
  if (std::filesystem::exists(folder, error)) {
    return absl::AlreadyExistsError(folder + " is there already");
  }
  absl::Status made = config::MakePrivateDirectory(folder);
  if (made.ok()) made = config::MakePrivateDirectory(WitnessLogs(folder));
  return made;
}

}  // namespace

std::string WitnessLogs(const std::string& folder) { return folder + "/logs"; }

absl::StatusOr<attest::VerifierKey> MakeWitness(const std::string& folder,
                                                const std::string& name) {
  const auto seed = crypto::SecretBytes<32>::Random();
  // Before anything is written: a name that is none leaves no folder behind.
  auto key = attest::VerifierKey::Make(attest::NoteKeyType::kCosignature, name,
                                       crypto::SigningKey::FromSeed(seed).public_key());
  if (!key.ok()) return key.status();
  absl::Status written = MakeFolders(folder);
  if (!written.ok()) return written;
  const auto file = crypto::EncodeSigningKeyFile(crypto::SigningPurpose::kWitness, seed);
  written = config::CreateFileDurably(
      KeyFile(folder), crypto::AsView(file.Reveal(crypto::KeyAccess{})), config::FileMode::kSecret);
  if (!written.ok()) return written;
  written =
      config::CreateFileDurably(VkeyFile(folder), key->Format() + "\n", config::FileMode::kPublic);
  if (!written.ok()) return written;
  return key;
}

absl::StatusOr<config::FileLock> LockWitness(const std::string& folder) {
  return config::FileLock::Take(folder + "/lock", absl::ZeroDuration(),
                                "a witness serves from this folder");
}

absl::StatusOr<Cosigner> OpenWitnessKey(const std::string& folder, const crypto::Clock* clock) {
  auto vkey = config::ReadTrustedFile(VkeyFile(folder), kMaxVkey);
  if (!vkey.ok()) return vkey.status();
  if (vkey->ends_with('\n')) vkey->pop_back();
  auto named = attest::VerifierKey::Parse(*vkey);
  if (!named.ok()) return named.status();
  auto file = config::ReadSecretFile<crypto::kSigningKeyFileSize>(KeyFile(folder));
  if (!file.ok()) return file.status();
  auto seed = crypto::ParseSigningKeyFile(crypto::SigningPurpose::kWitness, *file);
  if (!seed.ok()) return seed.status();
  auto cosigner = Cosigner::Create(named->name(), *std::move(seed), clock);
  if (cosigner.ok() && cosigner->key() != *named) {
    return absl::InvalidArgumentError("witness.vkey is not of witness.key");
  }
  return cosigner;
}

}  // namespace letterlock::audit
