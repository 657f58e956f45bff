#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "attest/entry.h"
#include "client/state.h"
#include "crypto/base/hash.h"
#include "crypto/base/ids.h"
#include "crypto/base/sign.h"
#include "crypto/seal/member_keys.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "letterlock/mail/v1/enrollment_service.pb.h"

namespace letterlock::client {

// Version 1 of a member's directory entry, signed (docs/formats.md, "Directory entry").
directory::v1::SignedEntry FirstEntry(const seal::MemberKeys& keys,
                                      const crypto::Digest& recovery_key_digest,
                                      const std::string& sealed_keyring, std::uint64_t now_unix_ms);

// The own entry as the account's state has it. DATA_LOSS where it has none.
absl::StatusOr<attest::EntryContent> OwnContent(const OwnEntry& own,
                                                const crypto::DeploymentId& deployment);

// Who says that an entry may take another's place.
struct ChangeAuthority {
  const crypto::SigningKey& key;  // the standing entry's identity key, or:
  bool is_recovery_key = false;   // the one that its recovery key digest names
};

// The entry after `standing`, with the keys of `next`, signed. A recovery key digest that is not
// the standing one needs the recovery key.
directory::v1::SignedEntry NextEntry(const directory::v1::SignedEntry& standing,
                                     const seal::MemberKeys& next,
                                     const crypto::Digest& recovery_key_digest,
                                     const std::string& sealed_keyring,
                                     const ChangeAuthority& authority, std::uint64_t now_unix_ms);

// What opens a mailbox, or brings it up to date: the entry with its proof, the entries that led to
// it (DirectoryClient::FetchHistory), and this device's certificate.
mail::v1::EnrollRequest Enrolment(const seal::MemberKeys& keys,
                                  const directory::v1::EntryProof& proof,
                                  const std::vector<directory::v1::SignedEntry>& history,
                                  std::uint64_t now_unix_ms);

}  // namespace letterlock::client
