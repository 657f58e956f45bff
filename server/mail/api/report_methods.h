// The methods of MailService about reports, as mail_methods.h. Private to api.
#pragma once

#include "absl/status/status.h"
#include "letterlock/mail/v1/mail_service.pb.h"
#include "server/mail/reports/reports.h"
#include "server/rpc/service.h"

namespace letterlock::mail {

absl::Status Report(Reports& reports, const MemberGrant& grant, rpc::CallContext& call,
                    const v1::ReportRequest& request);
absl::Status ListReports(Reports& reports, const MemberGrant& grant, rpc::CallContext& call,
                         const v1::ListReportsRequest& request, v1::ListReportsResponse* response);
absl::Status DeleteReport(Reports& reports, const MemberGrant& grant, rpc::CallContext& call,
                          const v1::DeleteReportRequest& request);

}  // namespace letterlock::mail
