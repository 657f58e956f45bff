// For transcripts: somebody who has a member's key file and passphrase publishes a new entry in her
// name, with an encryption key of his own. Her identity key authorises it, so that the directory
// takes it: only her own client can see that it was not she.
//
//   letterlock-test-thief client.toml account.key PASSPHRASE-FILE
#include <iostream>
#include <string>

#include "attest/canonical_proto.h"
#include "attest/entry.h"
#include "client/config.h"
#include "client/transport.h"
#include "crypto/base/context.h"
#include "crypto/base/secret_buffer.h"
#include "crypto/base/x25519.h"
#include "crypto/seal/key_file.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "server/config/files.h"

namespace letterlock {
namespace {

absl::StatusOr<seal::MemberKeys> StealKeys(const std::string& key_file,
                                           const std::string& passphrase_file) {
  const auto file = config::ReadFile(key_file, seal::kMaxKeyFileSize);
  if (!file.ok()) return file.status();
  auto passphrase = config::ReadFile(passphrase_file, 4096);
  if (!passphrase.ok()) return passphrase.status();
  while (passphrase->ends_with('\n')) passphrase->pop_back();
  return seal::OpenKeyFile(*file, crypto::SecretBuffer::Copy(*passphrase));
}

absl::StatusOr<directory::v1::SignedEntry> ForgeNext(const std::string& standing,
                                                     const crypto::SigningKey& identity) {
  directory::v1::DirectoryEntry entry;
  const absl::Status parsed = attest::ParseCanonical(standing, &entry);
  if (!parsed.ok()) return parsed;
  entry.set_version(entry.version() + 1);
  entry.set_previous_entry_hash(crypto::ToString(attest::EntryHash(standing)));
  entry.set_encryption_key(std::string(crypto::X25519PrivateKey::Generate().public_key().bytes()));
  directory::v1::SignedEntry signed_entry;
  signed_entry.set_entry(attest::SerializeCanonical(entry));
  signed_entry.set_signature(identity.Sign(context::kDirectoryEntry, {signed_entry.entry()}));
  signed_entry.set_change_signature(
      identity.Sign(context::kDirectoryEntryChange, {signed_entry.entry()}));
  return signed_entry;
}

absl::Status Run(char** argv) {
  const auto config = client::Config::Load(argv[1]);
  if (!config.ok()) return config.status();
  const auto keys = StealKeys(argv[2], argv[3]);
  if (!keys.ok()) return keys.status();
  const auto directory = client::ConnectDirectory(config->directory);
  if (!directory.ok()) return directory.status();
  directory::v1::EntryProof proof;
  absl::Status status = (*directory)->Lookup(keys->handle, &proof);
  if (!status.ok()) return status;
  const auto entry = ForgeNext(proof.signed_entry().entry(), keys->identity);
  if (!entry.ok()) return entry.status();
  return (*directory)->Publish(*entry, &proof);
}

}  // namespace
}  // namespace letterlock

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const absl::Status status = letterlock::Run(argv);
  if (!status.ok()) std::cerr << "letterlock-test-thief: " << status.ToString() << '\n';
  return status.ok() ? 0 : 1;
}
