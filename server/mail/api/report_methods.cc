#include "api/report_methods.h"

#include <string>
#include <utility>

#include "api/references.h"
#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"

namespace letterlock::mail {

using rpc::InvalidField;

absl::Status Report(Reports& reports, const MemberGrant& grant, rpc::CallContext& call,
                    const v1::ReportRequest& request) {
  if (!request.has_reference()) {
    return InvalidField("reference", common::v1::ERROR_REASON_FIELD_MISSING, "must be set");
  }
  References references;
  auto message = references.Read(request.reference(), rpc::FieldPath("reference"));
  if (!message.ok()) return message.status();
  if (request.sealed_disclosure().size() <= kLeastDisclosure) {
    return InvalidField("sealed_disclosure", common::v1::ERROR_REASON_FIELD_SIZE,
                        "is too short to hold one");
  }
  if (request.sealed_disclosure().size() > kMaxDisclosure) {
    return InvalidField("sealed_disclosure", common::v1::ERROR_REASON_TOO_LARGE,
                        "is over 65,536 bytes");
  }
  const auto key = crypto::KeyId::FromBytes(request.desk_encryption_key_id());
  if (!key.ok()) {
    return InvalidField("desk_encryption_key_id", common::v1::ERROR_REASON_FIELD_SIZE,
                        "is not 8 bytes");
  }
  return reports.Report(grant, *message, request.sealed_disclosure(), *key, call.deadline());
}

absl::Status ListReports(Reports& reports, const MemberGrant& grant, rpc::CallContext& call,
                         const v1::ListReportsRequest& request, v1::ListReportsResponse* response) {
  if (request.page_size() > kMaxReportPage) {
    return InvalidField("page_size", common::v1::ERROR_REASON_FIELD_RANGE, "is over 15");
  }
  const std::size_t size = request.page_size() == 0 ? kMaxReportPage : request.page_size();
  auto page = reports.List(grant, request.after_sequence(), size, call.deadline());
  if (!page.ok()) return page.status();
  response->set_more(page->more);
  for (auto& [sequence, stored] : page->reports) {
    v1::Report* report = response->add_reports();
    report->set_sequence(sequence);
    report->set_accepted_unix_ms(stored.accepted_unix_ms);
    report->set_reporter(std::string(stored.reporter.bytes()));
    report->mutable_reference()->set_sender(std::string(stored.message.sender.bytes()));
    report->mutable_reference()->set_message_id(std::string(stored.message.id.bytes()));
    report->set_sealed_disclosure(std::move(stored.disclosure));
    report->set_desk_encryption_key_id(std::string(stored.desk_key.bytes()));
  }
  return absl::OkStatus();
}

absl::Status DeleteReport(Reports& reports, const MemberGrant& grant, rpc::CallContext& call,
                          const v1::DeleteReportRequest& request) {
  if (request.sequence() == 0) {
    return InvalidField("sequence", common::v1::ERROR_REASON_FIELD_MISSING, "must be set");
  }
  return reports.Delete(grant, request.sequence(), call.deadline());
}

}  // namespace letterlock::mail
