#include "server/mail/send/envelope_check.h"

#include <bit>
#include <string>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "canonical.h"
#include "crypto/base/bytes.h"
#include "crypto/base/context.h"
#include "crypto/base/strings.h"
#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

using rpc::FieldPath;
using rpc::InvalidField;

constexpr std::uint32_t kSuite = 1;
constexpr std::uint32_t kSmallStep = 256;
constexpr std::uint32_t kSmallMost = 4096;
constexpr std::size_t kTagSize = 16;

const FieldPath& Root() {
  static const FieldPath path("envelope");
  return path;
}
FieldPath InHeader(rpc::Literal name) { return Root().Then("header").Then(name); }

absl::Status WrongSize(const FieldPath& field) {
  return InvalidField(field, common::v1::ERROR_REASON_FIELD_SIZE, "has the wrong size");
}

absl::Status CheckHeaderSizes(const v1::EnvelopeHeader& header) {
  struct Sized {
    rpc::Literal name;
    const std::string& value;
    std::size_t size;
  };
  const Sized fields[] = {
      {"message_id", header.message_id(), 16},
      {"thread_id", header.thread_id(), 16},
      {"sender", header.sender(), 16},
      {"sender_identity_key_id", header.sender_identity_key_id(), 8},
      {"sender_encryption_key_id", header.sender_encryption_key_id(), 8},
      {"recipient", header.recipient(), 16},
      {"recipient_encryption_key_id", header.recipient_encryption_key_id(), 8},
      {"nonce", header.nonce(), 24},
      {"commitment", header.commitment(), 32},
  };
  for (const Sized& field : fields) {
    if (field.value.size() != field.size) return WrongSize(InHeader(field.name));
  }
  return absl::OkStatus();
}

absl::Status CheckSizes(const v1::Envelope& envelope, const v1::EnvelopeHeader& header) {
  if (absl::Status sizes = CheckHeaderSizes(header); !sizes.ok()) return sizes;
  if (envelope.recipient_wrap().size() != kWrapSize) {
    return WrongSize(Root().Then("recipient_wrap"));
  }
  if (envelope.sender_wrap().size() != kWrapSize) return WrongSize(Root().Then("sender_wrap"));
  if (header.padded_length() > kMaxPaddedLength) {
    return InvalidField(InHeader("padded_length"), common::v1::ERROR_REASON_TOO_LARGE,
                        "is over 32,768 bytes");
  }
  if (!IsPaddedLength(header.padded_length())) {
    return InvalidField(InHeader("padded_length"), common::v1::ERROR_REASON_FIELD_RANGE,
                        "is no length that padding makes");
  }
  if (envelope.ciphertext().size() != header.padded_length() + kTagSize) {
    return WrongSize(Root().Then("ciphertext"));
  }
  return absl::OkStatus();
}

// REQUIRES: CheckHeaderSizes.
Routing RoutingOf(const v1::EnvelopeHeader& header) {
  return {.message_id = *crypto::MessageId::FromBytes(header.message_id()),
          .thread_id = *crypto::MessageId::FromBytes(header.thread_id()),
          .sender = *crypto::MemberId::FromBytes(header.sender()),
          .recipient = *crypto::MemberId::FromBytes(header.recipient()),
          .sender_identity_key_id = *crypto::KeyId::FromBytes(header.sender_identity_key_id()),
          .sender_encryption_key_id = *crypto::KeyId::FromBytes(header.sender_encryption_key_id()),
          .recipient_encryption_key_id =
              *crypto::KeyId::FromBytes(header.recipient_encryption_key_id())};
}

}  // namespace

namespace {

// All but who writes to whom.
absl::StatusOr<Routing> CheckAnyEnvelope(const v1::Envelope& envelope,
                                         const crypto::DeploymentId& deployment) {
  if (envelope.header().empty()) {
    return InvalidField(Root().Then("header"), common::v1::ERROR_REASON_FIELD_MISSING,
                        "must be set");
  }
  v1::EnvelopeHeader header;
  if (!ParseCanonical(envelope.header(), &header)) {
    return InvalidField(Root().Then("header"), common::v1::ERROR_REASON_NOT_CANONICAL,
                        "is not a canonical EnvelopeHeader");
  }
  if (header.deployment() != deployment.bytes()) {
    return InvalidField(InHeader("deployment"), common::v1::ERROR_REASON_WRONG_DEPLOYMENT,
                        "is not this deployment");
  }
  if (header.suite() != kSuite) {
    return InvalidField(InHeader("suite"), common::v1::ERROR_REASON_UNKNOWN_SUITE,
                        "is not a suite that this server knows");
  }
  if (absl::Status sizes = CheckSizes(envelope, header); !sizes.ok()) return sizes;
  return RoutingOf(header);
}

}  // namespace

absl::StatusOr<Routing> CheckEnvelope(const v1::Envelope& envelope,
                                      const crypto::DeploymentId& deployment) {
  auto routing = CheckAnyEnvelope(envelope, deployment);
  if (routing.ok() && routing->recipient == routing->sender) {
    return InvalidField(InHeader("recipient"), common::v1::ERROR_REASON_FIELD_RANGE,
                        "is the sender");
  }
  return routing;
}

absl::StatusOr<Routing> CheckImportedEnvelope(const v1::Envelope& envelope,
                                              const crypto::DeploymentId& deployment) {
  auto routing = CheckAnyEnvelope(envelope, deployment);
  if (routing.ok() && routing->recipient != routing->sender) {
    return InvalidField(InHeader("recipient"), common::v1::ERROR_REASON_FIELD_RANGE,
                        "is not the sender");
  }
  return routing;
}

absl::StatusOr<Routing> ReadStoredHeader(std::string_view bytes) {
  v1::EnvelopeHeader header;
  if (!ParseCanonical(bytes, &header) || !CheckHeaderSizes(header).ok()) {
    return absl::DataLossError("a stored header is none");
  }
  return RoutingOf(header);
}

bool IsPaddedLength(std::uint32_t length) {
  if (length == 0 || length > kMaxPaddedLength) return false;
  if (length <= kSmallMost) return length % kSmallStep == 0;
  // Padmé keeps only the first s + 1 bits of a length; a length is made by it if it is such
  // already.
  const int e = std::bit_width(length) - 1;
  const int s = std::bit_width(static_cast<unsigned>(e));
  const std::uint32_t step = 1u << (e - s);
  return length % step == 0;
}

crypto::Digest RequestDigest(const v1::Envelope& envelope,
                             absl::Span<const crypto::Digest> attachments) {
  const std::string* const parts[] = {&envelope.header(), &envelope.recipient_wrap(),
                                      &envelope.sender_wrap(), &envelope.ciphertext()};
  std::string lengths[4];
  absl::InlinedVector<std::string_view, 8> views(8);
  for (std::size_t i = 0; i < 4; ++i) {
    crypto::AppendU32(&lengths[i], static_cast<std::uint32_t>(parts[i]->size()));
    views[2 * i] = lengths[i];
    views[2 * i + 1] = *parts[i];
  }
  for (const crypto::Digest& hash : attachments) views.push_back(crypto::AsView(hash));
  return crypto::Sha256(context::kRequestDigest, views);
}

}  // namespace letterlock::mail
