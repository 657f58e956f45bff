#include "own_entry.h"

#include <algorithm>
#include <string>
#include <utility>

#include "attest/canonical_proto.h"
#include "crypto/base/context.h"
#include "crypto/seal/device.h"

namespace letterlock::client {
namespace {

constexpr std::size_t kMostIntermediate = 64;

}  // namespace

directory::v1::SignedEntry FirstEntry(const seal::MemberKeys& keys,
                                      const crypto::Digest& recovery_key_digest,
                                      std::uint64_t now_unix_ms) {
  const std::string identity(keys.identity.public_key().bytes());
  directory::v1::DirectoryEntry entry;
  entry.set_deployment(std::string(keys.deployment.bytes()));
  entry.set_suite(seal::kSuite1);
  entry.set_handle(keys.handle.str());
  entry.set_version(1);
  entry.set_genesis_key(identity);
  entry.set_identity_key(identity);
  entry.set_encryption_key(std::string(keys.encryption.public_key().bytes()));
  entry.set_recovery_key_digest(crypto::ToString(recovery_key_digest));
  entry.set_time_unix_ms(now_unix_ms);

  directory::v1::SignedEntry signed_entry;
  signed_entry.set_entry(attest::SerializeCanonical(entry));
  signed_entry.set_signature(keys.identity.Sign(context::kDirectoryEntry, {signed_entry.entry()}));
  return signed_entry;
}

mail::v1::EnrollRequest Enrolment(const seal::MemberKeys& keys,
                                  const directory::v1::EntryProof& proof,
                                  const std::vector<directory::v1::SignedEntry>& history,
                                  std::uint64_t now_unix_ms) {
  seal::SignedDeviceCertificate device = seal::CertifyDevice(keys, now_unix_ms);
  mail::v1::EnrollRequest request;
  *request.mutable_proof() = proof;
  // The server takes so many; a mailbox that stands on an older entry yet can't be brought along.
  const std::size_t sent = std::min(history.size(), kMostIntermediate);
  request.mutable_intermediate()->Assign(history.end() - static_cast<std::ptrdiff_t>(sent),
                                         history.end());
  request.set_device_certificate(std::move(device.certificate));
  request.set_device_signature(std::move(device.signature));
  return request;
}

}  // namespace letterlock::client
