// The inside of a report: put together by who reports, judged by the desk (docs/formats.md,
// "Report"). Pure functions; thread-safe. Private to the library.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "attest/directory_proof.h"
#include "attest/trust.h"
#include "client/reports.h"
#include "crypto/base/secret_buffer.h"
#include "crypto/base/secret_bytes.h"
#include "crypto/seal/open_envelope.h"
#include "crypto/seal/report.h"
#include "letterlock/directory/v1/entry.pb.h"

namespace letterlock::client {

// Who the sender is, for somebody who believes the log alone.
struct SenderEvidence {
  directory::v1::EntryProof proof;
  // The entries before the proved one, from the one on whose key signed; none where that one did.
  std::vector<directory::v1::SignedEntry> history;
};

// The canonical Disclosure. `copy.wrap` does not go into it.
crypto::SecretBuffer EncodeDisclosure(const seal::MailboxCopy& copy,
                                      const crypto::SecretBytes<32>& content_key,
                                      const SenderEvidence& sender, ReportReason reason,
                                      std::string_view note);

// What a disclosure claims, in the order in which it is checked: each rests on those before it.
inline constexpr const char* kDisclosureClaims[] = {
    "sealed to this desk, for this report",
    "the message opens whole, by the key that its header commits to",
    "it is the message that was reported, and was written to who reports it",
    "the sender's entry is in the directory's log",
    "the sender signed the message",
};

// A disclosure that holds, with what the desk may look up further.
struct JudgedDisclosure {
  DisclosedReport report;
  attest::VerifiedEntry sender;   // the entry that it proves
  crypto::PublicKey signing_key;  // that entry's, or an earlier one's
};

// Judges a disclosure that opened under `name`. `*held` counts the kDisclosureClaims that held so
// far; on an error it is the index of the one that does not. Verification failed, with what is
// wrong.
absl::StatusOr<JudgedDisclosure> JudgeDisclosure(const attest::TrustFile& trust,
                                                 const seal::ReportName& name,
                                                 const crypto::SecretBuffer& disclosure,
                                                 std::size_t* held);

}  // namespace letterlock::client
