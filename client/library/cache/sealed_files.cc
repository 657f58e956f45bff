#include "cache/sealed_files.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "crypto/base/aead.h"
#include "crypto/base/context.h"
#include "crypto/base/kdf.h"
#include "crypto/base/key_access.h"
#include "crypto/base/random.h"
#include "crypto/base/strings.h"
#include "server/config/files.h"

namespace letterlock::client {
namespace {

using crypto::XChaCha20Poly1305;

constexpr std::string_view kMagic = "LLCACHE1";
constexpr std::size_t kMostBytes = 64u << 20;

std::string AssociatedData(const std::string& name) { return std::string(kMagic) + name; }

absl::Status Damaged() { return absl::DataLossError("a file of the local cache does not open"); }

}  // namespace

SealedFiles::SealedFiles(std::string folder, const crypto::SecretBytes<32>& state_key)
    : folder_(std::move(folder)), key_(crypto::Hkdf(state_key, "", context::kClientCache)) {}

absl::Status SealedFiles::MakeFolder() const { return config::MakePrivateDirectory(folder_); }

absl::StatusOr<crypto::Digest> SealedFiles::Write(const std::string& name,
                                                  const crypto::SecretBuffer& content) const {
  crypto::SystemRandom random;
  const auto nonce = crypto::RandomArray<XChaCha20Poly1305::kNonceSize>(random);
  std::string file(kMagic);
  file += crypto::AsView(nonce);
  XChaCha20Poly1305::SealAppend(key_, nonce, AssociatedData(name),
                                content.RevealView(crypto::KeyAccess{}), &file);
  const absl::Status written =
      config::WriteFileDurably(folder_ + "/" + name, file, config::FileMode::kSecret);
  if (!written.ok()) return written;
  return crypto::Sha256(file);
}

absl::StatusOr<crypto::SecretBuffer> SealedFiles::Read(
    const std::string& name, const std::optional<crypto::Digest>& digest) const {
  const auto file = config::ReadFile(folder_ + "/" + name, kMostBytes);
  if (absl::IsResourceExhausted(file.status())) return Damaged();
  if (!file.ok()) return file.status();
  if (digest.has_value() && crypto::Sha256(*file) != *digest) return Damaged();
  std::string_view rest = *file;
  if (rest.substr(0, kMagic.size()) != kMagic) return Damaged();
  rest.remove_prefix(kMagic.size());
  const auto nonce =
      XChaCha20Poly1305::NonceFromBytes(rest.substr(0, XChaCha20Poly1305::kNonceSize));
  if (!nonce.ok()) return Damaged();
  rest.remove_prefix(XChaCha20Poly1305::kNonceSize);
  auto content = XChaCha20Poly1305::Open(key_, *nonce, AssociatedData(name), rest);
  if (!content.ok()) return Damaged();
  return content;
}

void SealedFiles::RemoveAllBut(const std::set<std::string>& names) const {
  std::error_code error;
  std::filesystem::directory_iterator file(folder_, error);
  for (; !error && file != std::filesystem::directory_iterator(); file.increment(error)) {
    if (names.contains(file->path().filename().string())) continue;
    std::error_code ignored;
    std::filesystem::remove(file->path(), ignored);
  }
}

}  // namespace letterlock::client
