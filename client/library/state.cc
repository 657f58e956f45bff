#include "client/state.h"

#include <utility>

#include "crypto/base/aead.h"
#include "crypto/base/context.h"
#include "crypto/base/kdf.h"
#include "crypto/base/random.h"
#include "crypto/base/strings.h"
#include "server/config/file_lock.h"
#include "server/config/files.h"

namespace letterlock::client {
namespace {

using crypto::XChaCha20Poly1305;

constexpr std::string_view kMagic = "LLSTATE1";
constexpr std::size_t kMostBytes = 64u << 20;

std::string Seal(const crypto::SecretBytes<32>& state_key, std::string_view json) {
  const auto key = crypto::Hkdf(state_key, "", context::kClientState);
  crypto::SystemRandom random;
  const auto nonce = crypto::RandomArray<XChaCha20Poly1305::kNonceSize>(random);
  std::string out(kMagic);
  out += crypto::AsView(nonce);
  XChaCha20Poly1305::SealAppend(key, nonce, kMagic, json, &out);
  return out;
}

absl::StatusOr<std::string> Unseal(const crypto::SecretBytes<32>& state_key,
                                   std::string_view file) {
  const absl::Status lost =
      absl::DataLossError("the account's state file was changed, or belongs to another account");
  if (file.substr(0, kMagic.size()) != kMagic) return lost;
  file.remove_prefix(kMagic.size());
  const auto nonce =
      XChaCha20Poly1305::NonceFromBytes(file.substr(0, XChaCha20Poly1305::kNonceSize));
  if (!nonce.ok()) return lost;
  file.remove_prefix(XChaCha20Poly1305::kNonceSize);
  const auto key = crypto::Hkdf(state_key, "", context::kClientState);
  auto json = XChaCha20Poly1305::OpenToString(key, *nonce, kMagic, file);
  if (!json.ok()) return lost;
  return json;
}

}  // namespace

struct StateFile::Transaction::Impl {
  config::FileLock lock;
  std::string path;
  std::shared_ptr<const crypto::SecretBytes<32>> key;
  State state;
};

StateFile::Transaction::Transaction(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StateFile::Transaction::Transaction(Transaction&&) noexcept = default;
StateFile::Transaction& StateFile::Transaction::operator=(Transaction&&) noexcept = default;
StateFile::Transaction::~Transaction() = default;

State& StateFile::Transaction::state() { return impl_->state; }

absl::Status StateFile::Transaction::Commit() {
  return config::WriteFileDurably(impl_->path, Seal(*impl_->key, SerialiseState(impl_->state)),
                                  config::FileMode::kSecret);
}

StateFile::StateFile(std::string directory, crypto::SecretBytes<32> state_key)
    : directory_(std::move(directory)),
      key_(std::make_shared<const crypto::SecretBytes<32>>(std::move(state_key))) {}

absl::StatusOr<StateFile::Transaction> StateFile::Begin(absl::Duration patience) const {
  auto lock = config::FileLock::Take(directory_ + "/lock", patience,
                                     "another command is using this account");
  if (!lock.ok()) return lock.status();
  const std::string path = directory_ + "/state";
  State state;
  const auto file = config::ReadFile(path, kMostBytes);
  if (file.ok()) {
    const auto json = Unseal(*key_, *file);
    if (!json.ok()) return json.status();
    auto parsed = ParseState(*json);
    if (!parsed.ok()) return parsed.status();
    state = *std::move(parsed);
  } else if (!absl::IsNotFound(file.status())) {
    return file.status();
  }
  return Transaction(std::make_unique<Transaction::Impl>(
      Transaction::Impl{*std::move(lock), path, key_, std::move(state)}));
}

}  // namespace letterlock::client
