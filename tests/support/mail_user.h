// Members of a mail server as tests need them: what their clients send, made by hand, with every
// knob that a test wants to turn wrong. Content is sealed to nobody: the server can't tell.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "crypto/base/ids.h"
#include "crypto/base/sign.h"
#include "letterlock/mail/v1/device.pb.h"
#include "letterlock/mail/v1/device_service.pb.h"
#include "letterlock/mail/v1/enrollment_service.pb.h"
#include "letterlock/mail/v1/envelope.pb.h"
#include "letterlock/mail/v1/session_service.pb.h"
#include "support/attested_directory.h"

namespace letterlock::testing {

// A member with one device; keys come from the handle.
struct MailUser {
  MailUser(std::string_view handle, const crypto::DeploymentId& deployment);
  MailUser(std::string_view handle, const crypto::DeploymentId& deployment,
           std::string_view device_name);

  crypto::MemberId id() const;
  mail::v1::DeviceCertificate Certificate() const;
  // The same member with another device, whose key comes from `name`.
  MailUser WithDevice(std::string_view name) const;

  TestMember member;
  crypto::SigningKey device;
};

// Publishes her first entry, with a registrar's word, under a new head of this time.
void PublishIn(AttestedDirectory& directory, const MailUser& user, absl::Time now);

// Publishes the entry after the newest, which names this keyring, likewise.
void PublishKeyringIn(AttestedDirectory& directory, const MailUser& user,
                      std::string_view sealed_keyring, absl::Time now);

// With the newest proof of her entry; signed by the identity key that stands there.
mail::v1::EnrollRequest EnrollRequestOf(AttestedDirectory& directory, const MailUser& user);
// With another certificate. Signed likewise.
mail::v1::EnrollRequest EnrollRequestWith(AttestedDirectory& directory, const MailUser& user,
                                          const std::string& certificate);

mail::v1::CreateChallengeRequest ChallengeRequestOf(const MailUser& user);
mail::v1::CreateSessionRequest SessionRequestOf(const MailUser& user, std::string_view challenge,
                                                std::string_view server_name = "localhost");

// What a holder of the recovery key asks for the keyring with.
mail::v1::CreateChallengeRequest RecoveryChallengeRequestOf(const MailUser& user);
mail::v1::RecoverKeyringRequest RecoverRequestOf(const MailUser& user, std::string_view challenge,
                                                 std::string_view server_name = "localhost");

// What the server takes for a sealed keyring; sealed to nobody.
std::string SealedKeyring(std::string_view content, std::size_t size = 300);

// Passes every check of the server.
mail::v1::Envelope EnvelopeOf(const MailUser& from, const MailUser& to, const crypto::MessageId& id,
                              std::string_view content = "sealed",
                              std::uint32_t padded_length = 256);
// Takes the header apart, lets `change` at it, and puts it back.
void EditHeader(mail::v1::Envelope* envelope,
                const std::function<void(mail::v1::EnvelopeHeader&)>& change);

crypto::MessageId FreshMessageId();

}  // namespace letterlock::testing
