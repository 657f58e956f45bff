// Alice writes to Bob, who reports her; the desk judges.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "client/failure.h"
#include "client_world.h"
#include "crypto/base/strings.h"
#include "crypto/seal/open_envelope.h"
#include "crypto/seal/report.h"
#include "letterlock/mail/v1/disclosure.pb.h"

namespace letterlock::client {

class ReportsTest : public ClientTest {
 protected:
  static std::string HexOf(const crypto::MessageId& id) { return crypto::HexEncode(id.bytes()); }

  // Bob's newest message, as a draft of a report.
  ReportDraft Draft(const std::string& note = "She does not stop.") {
    const auto header = seal::EnvelopeHeader::Parse(BoxOf(bob_).back().header());
    return {.id_prefix = HexOf(header->message_id),
            .reason = ReportReason::kHarassment,
            .note = SecretBuffer::Copy(note)};
  }
  absl::Status ReportAs(ClientImpl& client, const ReportDraft& draft) {
    const auto question = client.AskReport(draft);
    return question.ok() ? client.Report(*question) : question.status();
  }

  // What a report that was made discloses.
  mail::v1::Disclosure Opened(const mail::v1::Report& report) {
    const auto opened =
        seal::OpenDisclosure(desk_.member.encryption, NameOf(report), report.sealed_disclosure());
    mail::v1::Disclosure disclosure;
    EXPECT_TRUE(opened.ok() && disclosure.ParseFromString(Text(*opened)));
    return disclosure;
  }
  seal::ReportName NameOf(const mail::v1::Report& report) {
    return {deployment_.world->deployment(), *crypto::MemberId::FromBytes(report.reporter()),
            *crypto::MemberId::FromBytes(report.reference().sender()),
            *crypto::MessageId::FromBytes(report.reference().message_id())};
  }
  // The same report with these bytes in the disclosure's place.
  mail::v1::Report Resealed(mail::v1::Report report, const std::string& disclosure) {
    report.set_sealed_disclosure(*seal::SealDisclosure(desk_.member.encryption.public_key(),
                                                       NameOf(report),
                                                       SecretBuffer::Copy(disclosure), random_));
    return report;
  }
  mail::v1::Report Resealed(const mail::v1::Report& report,
                            const mail::v1::Disclosure& disclosure) {
    return Resealed(report, disclosure.SerializeAsString());
  }
  // A report of the last message in a mailbox, by its owner's keys and in the name of `reporter`.
  mail::v1::Disclosure Disclose(const User& owner, const User& sender) {
    const mail::v1::MailboxMessage& stored = BoxOf(owner).back();
    const auto key =
        seal::ContentKeyOf(owner.Keys(), {stored.header(), stored.wrap(), stored.ciphertext()});
    mail::v1::Disclosure disclosure;
    disclosure.set_header(stored.header());
    disclosure.set_ciphertext(stored.ciphertext());
    disclosure.set_content_key(std::string(crypto::AsView(key->Reveal(KeyAccess{}))));
    *disclosure.mutable_sender_proof() = deployment_.world->Prove(sender.member.handle);
    disclosure.set_reason(mail::v1::REPORT_REASON_OTHER);
    return disclosure;
  }
  // One that names the last message in the mailbox.
  mail::v1::Report Naming(const User& owner, const User& reporter) {
    const auto header = seal::EnvelopeHeader::Parse(BoxOf(owner).back().header());
    mail::v1::Report report;
    report.set_reporter(std::string(reporter.member.member.bytes()));
    report.mutable_reference()->set_sender(std::string(header->sender.bytes()));
    report.mutable_reference()->set_message_id(std::string(header->message_id.bytes()));
    report.set_desk_encryption_key_id(
        std::string(crypto::KeyIdOf(desk_.member.encryption.public_key()).bytes()));
    return report;
  }
  std::vector<mail::v1::Report>& reports() { return deployment_.desk.reports; }

  User desk_{&deployment_, "desk"};
  crypto::SystemRandom random_;
};

}  // namespace letterlock::client
