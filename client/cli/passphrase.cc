#include "passphrase.h"

#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "client/failure.h"
#include "crypto/base/secret_bytes.h"
#include "secret_input.h"

namespace letterlock::cli {
namespace {

using client::UsageProblem;
using crypto::KeyAccess;
using crypto::SecretBuffer;

absl::StatusOr<SecretBuffer> AskAtTerminal(PassphraseUse use) {
  auto first = AskSecret("Passphrase: ", kMostPassphrase);
  if (absl::IsNotFound(first.status())) {
    return UsageProblem(
        "no passphrase: there is no terminal to ask at; give --passphrase-file FILE or set "
        "LETTERLOCK_PASSPHRASE");
  }
  if (!first.ok() || use == PassphraseUse::kOpen) return first;
  auto second = AskSecret("The same again: ", kMostPassphrase);
  if (!second.ok()) return second;
  if (!crypto::ConstantTimeEqual(first->RevealView(KeyAccess{}), second->RevealView(KeyAccess{}))) {
    return UsageProblem("the two passphrases differ");
  }
  return first;
}

absl::StatusOr<SecretBuffer> ReadAny(const PassphraseSource& source, PassphraseUse use) {
  if (!source.file.empty()) {
    auto passphrase = ReadSecretFrom(source.file, kMostPassphrase);
    return absl::IsNotFound(passphrase.status()) ? UsageProblem("the passphrase file can't be read")
                                                 : std::move(passphrase);
  }
  if (source.value == nullptr) return AskAtTerminal(use);
  if (std::strlen(source.value) > kMostPassphrase) return absl::OutOfRangeError("");
  return SecretBuffer::Copy(source.value);
}

}  // namespace

absl::StatusOr<SecretBuffer> ReadPassphrase(const PassphraseSource& source, PassphraseUse use) {
  auto passphrase = ReadAny(source, use);
  if (absl::IsOutOfRange(passphrase.status())) {
    return UsageProblem("the passphrase is longer than 4096 bytes");
  }
  if (!passphrase.ok()) return passphrase;
  if (passphrase->empty()) return UsageProblem("the passphrase is empty");
  if (use == PassphraseUse::kCreate && passphrase->size() < kLeastNewPassphrase) {
    return UsageProblem("a new passphrase has at least 8 bytes");
  }
  return passphrase;
}

}  // namespace letterlock::cli
