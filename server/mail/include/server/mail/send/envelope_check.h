// What the server checks of an envelope by looking at it alone (docs/formats.md, "Envelope"). Pure
// functions, thread-safe.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "crypto/base/hash.h"
#include "crypto/base/ids.h"
#include "letterlock/mail/v1/envelope.pb.h"

namespace letterlock::mail {

// Who writes to whom, with which keys, as the envelope's header says.
struct Routing {
  crypto::MessageId message_id;
  crypto::MessageId thread_id;
  crypto::MemberId sender;
  crypto::MemberId recipient;
  crypto::KeyId sender_identity_key_id;
  crypto::KeyId sender_encryption_key_id;
  crypto::KeyId recipient_encryption_key_id;
};

inline constexpr std::uint32_t kMaxPaddedLength = 32'768;
inline constexpr std::size_t kWrapSize = 80;

// INVALID_ARGUMENT with field and reason, in this order: the header is canonical; deployment;
// suite; sizes; padded length; the recipient is not the sender.
absl::StatusOr<Routing> CheckEnvelope(const v1::Envelope& envelope,
                                      const crypto::DeploymentId& deployment);

// The same of an envelope that a member sealed to herself; the recipient is the sender.
absl::StatusOr<Routing> CheckImportedEnvelope(const v1::Envelope& envelope,
                                              const crypto::DeploymentId& deployment);

// Reads a header that was checked when it was stored. DATA_LOSS where it is none.
absl::StatusOr<Routing> ReadStoredHeader(std::string_view header);

// Whether some content is padded to exactly this length.
bool IsPaddedLength(std::uint32_t length);

// Ties a message id to the bytes of one envelope, and to the attachments that go with it.
crypto::Digest RequestDigest(const v1::Envelope& envelope,
                             absl::Span<const crypto::Digest> attachments = {});

}  // namespace letterlock::mail
