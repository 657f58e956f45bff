// The key file of an account (docs/formats.md, "Key file"), and the one that takes its place when
// keys are rotated. Private to the library. Thread-safe as far as files are; the account's lock
// keeps commands apart.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/base/random.h"
#include "crypto/base/secret_buffer.h"
#include "crypto/seal/member_keys.h"

namespace letterlock::client {

class KeyFiles {
 public:
  // How keys are sealed under a passphrase. Another one is for tests, which can't wait for Argon2id
  // at its full cost each time.
  struct Format {
    std::function<absl::StatusOr<std::string>(const seal::MemberKeys&, const crypto::SecretBuffer&,
                                              crypto::RandomSource&)>
        seal;
    std::function<absl::StatusOr<seal::MemberKeys>(std::string_view, const crypto::SecretBuffer&)>
        open;
  };

  // In an account's directory, which need not be there yet.
  KeyFiles(const std::string& directory, const crypto::SecretBuffer& passphrase);
  KeyFiles(const std::string& directory, const crypto::SecretBuffer& passphrase, Format format);

  // Whether there are any, whatever they are.
  bool AreThere() const;
  // NOT_FOUND; PERMISSION_DENIED for a wrong passphrase or a changed file.
  absl::StatusOr<seal::MemberKeys> Read() const;
  // ALREADY_EXISTS where there is one.
  absl::Status Create(const seal::MemberKeys& keys, crypto::RandomSource& random) const;
  absl::Status Replace(const seal::MemberKeys& keys, crypto::RandomSource& random) const;

  // The keys that are to come, beside those of now. Durable when it returns OK, as all of these.
  absl::Status WriteNext(const seal::MemberKeys& keys, crypto::RandomSource& random) const;
  absl::StatusOr<seal::MemberKeys> ReadNext() const;
  // From now on they are the keys of now.
  absl::Status TakeNext() const;
  // Also where there is none.
  absl::Status RemoveNext() const;

 private:
  absl::StatusOr<seal::MemberKeys> ReadAt(const std::string& path) const;

  const std::string directory_;
  const crypto::SecretBuffer passphrase_;
  const Format format_;
};

}  // namespace letterlock::client
