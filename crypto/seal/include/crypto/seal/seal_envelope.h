// Sealing a message (docs/formats.md, "Envelope"). Thread-safe.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "crypto/base/ids.h"
#include "crypto/base/random.h"
#include "crypto/seal/content.h"
#include "crypto/seal/member_keys.h"

namespace letterlock::seal {

inline constexpr size_t kWrapSize = 80;  // bytes

// The fields of letterlock.mail.v1.Envelope.
struct SealedEnvelope {
  std::string header;
  std::string recipient_wrap;  // kWrapSize bytes
  std::string sender_wrap;     // kWrapSize bytes
  std::string ciphertext;
};

// One message on its way. A reply carries its thread's id; a first message's thread id is its own
// message id.
struct OutgoingMessage {
  crypto::MessageId message_id;
  crypto::ThreadId thread_id;
  Content content;
};

// Seals for `recipient` and for the sender herself, and signs. Each call gives other bytes: to send
// a message again, send the same envelope again. INVALID_ARGUMENT: content outside its limits, a
// recipient who is the sender, or a recipient's key of small order.
absl::StatusOr<SealedEnvelope> SealEnvelope(const MemberKeys& sender,
                                            const Correspondent& recipient,
                                            const OutgoingMessage& message,
                                            crypto::RandomSource& random);

// Seals a message that a member brings along from elsewhere: to herself (docs/formats.md, "Imported
// messages"). INVALID_ARGUMENT: content outside its limits, or one that is not `imported`.
absl::StatusOr<SealedEnvelope> SealImported(const MemberKeys& self, const OutgoingMessage& message,
                                            crypto::RandomSource& random);

}  // namespace letterlock::seal
