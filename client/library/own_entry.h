#pragma once

#include <cstdint>
#include <vector>

#include "crypto/base/hash.h"
#include "crypto/seal/member_keys.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "letterlock/mail/v1/enrollment_service.pb.h"

namespace letterlock::client {

// Version 1 of a member's directory entry, signed (docs/formats.md, "Directory entry").
directory::v1::SignedEntry FirstEntry(const seal::MemberKeys& keys,
                                      const crypto::Digest& recovery_key_digest,
                                      std::uint64_t now_unix_ms);

// What opens a mailbox, or brings it up to date: the entry with its proof, the entries that led to
// it (DirectoryClient::FetchHistory), and this device's certificate.
mail::v1::EnrollRequest Enrolment(const seal::MemberKeys& keys,
                                  const directory::v1::EntryProof& proof,
                                  const std::vector<directory::v1::SignedEntry>& history,
                                  std::uint64_t now_unix_ms);

}  // namespace letterlock::client
