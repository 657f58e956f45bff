#include "server/mail/keys/epoch_key_file.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "crypto/base/bytes.h"
#include "crypto/base/secret_bytes.h"
#include "crypto/base/strings.h"
#include "server/config/files.h"

namespace letterlock::mail {
namespace {

// docs/formats.md, "Epoch key file".
constexpr std::string_view kMagic = "LLEPKEY1";
constexpr std::size_t kEpochAt = 8;
constexpr std::size_t kKeyAt = 12;
constexpr std::size_t kSize = 44;

}  // namespace

absl::StatusOr<std::unique_ptr<EpochKeyFile>> EpochKeyFile::Open(const std::string& path) {
  absl::StatusOr<crypto::SecretBytes<kSize>> file = config::ReadSecretFile<kSize>(path);
  if (!file.ok()) return file.status();
  const std::string_view bytes = crypto::AsView(file->Reveal(crypto::KeyAccess{}));
  if (bytes.substr(0, kEpochAt) != kMagic) {
    return absl::InvalidArgumentError("the epoch key file is not one");
  }
  crypto::ByteReader reader(bytes.substr(kEpochAt, kKeyAt - kEpochAt));
  const std::uint32_t epoch = reader.U32();
  if (epoch == 0) return absl::InvalidArgumentError("the epoch key file names epoch 0");

  absl::StatusOr<crypto::SecretBytes<32>> key =
      crypto::SecretBytes<32>::FromBytes(bytes.substr(kKeyAt));
  if (!key.ok()) return key.status();
  auto locked = crypto::LockedSecret<32>::Create(*std::move(key));
  if (!locked.ok()) return locked.status();
  return std::unique_ptr<EpochKeyFile>(new EpochKeyFile({epoch, *std::move(locked)}));
}

absl::Status EpochKeyFile::Create(const std::string& path, std::uint32_t epoch) {
  auto file = crypto::SecretBytes<kSize>::Random();  // the key's 32 bytes stay as they are
  const auto bytes = file.RevealMutable(crypto::KeyAccess{});
  const std::string head = crypto::ByteWriter().Bytes(kMagic).U32(epoch).Take();
  std::copy(head.begin(), head.end(), bytes.begin());
  return config::CreateFileDurably(path, crypto::AsView(bytes), config::FileMode::kSecret);
}

}  // namespace letterlock::mail
