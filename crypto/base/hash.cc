#include "crypto/base/hash.h"

#include <openssl/evp.h>

#include <cstring>

#include "require.h"

namespace letterlock::crypto {
namespace {

using internal::Require;

constexpr std::string_view kTerminator("\0", 1);

struct ContextDeleter {
  void operator()(EVP_MD_CTX* c) const { EVP_MD_CTX_free(c); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextDeleter>;

// Fetched once: a fetch by name costs more than hashing a Merkle node.
const EVP_MD* Algorithm() {
  static EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  Require(md != nullptr, "EVP_MD_fetch");
  return md;
}

void Start(EVP_MD_CTX* c) {
  Require(EVP_DigestInit_ex2(c, Algorithm(), nullptr) == 1, "EVP_DigestInit_ex2");
}

void Add(EVP_MD_CTX* c, std::string_view bytes) {
  Require(EVP_DigestUpdate(c, bytes.data(), bytes.size()) == 1, "EVP_DigestUpdate");
}

Digest End(EVP_MD_CTX* c) {
  Digest out;
  Require(EVP_DigestFinal_ex(c, out.data(), nullptr) == 1, "EVP_DigestFinal_ex");
  return out;
}

// One context per thread, started again for each hash: no allocation on the hot path.
EVP_MD_CTX* ThreadContext() {
  thread_local const Context c(EVP_MD_CTX_new());
  Require(c != nullptr, "EVP_MD_CTX_new");
  Start(c.get());
  return c.get();
}

}  // namespace

Digest Sha256(std::string_view bytes) {
  EVP_MD_CTX* c = ThreadContext();
  Add(c, bytes);
  return End(c);
}

Digest Sha256(std::string_view context, Parts parts) {
  EVP_MD_CTX* c = ThreadContext();
  Add(c, context);
  Add(c, kTerminator);
  for (std::string_view part : parts) Add(c, part);
  return End(c);
}

Digest Sha256Concat(Parts parts) {
  EVP_MD_CTX* c = ThreadContext();
  for (std::string_view part : parts) Add(c, part);
  return End(c);
}

std::string ToString(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

absl::StatusOr<Digest> DigestFromBytes(std::string_view bytes) {
  Digest out;
  if (bytes.size() != out.size()) return absl::InvalidArgumentError("digest is not 32 bytes");
  std::memcpy(out.data(), bytes.data(), out.size());
  return out;
}

struct Sha256Hasher::State {
  Context c{EVP_MD_CTX_new()};
};

Sha256Hasher::Sha256Hasher() : state_(std::make_unique<State>()) {
  Require(state_->c != nullptr, "EVP_MD_CTX_new");
  Start(state_->c.get());
}

Sha256Hasher::Sha256Hasher(std::string_view context) : Sha256Hasher() {
  Update(context);
  Update(kTerminator);
}

Sha256Hasher::Sha256Hasher(Sha256Hasher&&) noexcept = default;
Sha256Hasher& Sha256Hasher::operator=(Sha256Hasher&&) noexcept = default;
Sha256Hasher::~Sha256Hasher() = default;

void Sha256Hasher::Update(std::string_view bytes) { Add(state_->c.get(), bytes); }

Digest Sha256Hasher::Finish() { return End(state_->c.get()); }

}  // namespace letterlock::crypto
