// What a mail server in memory keeps for its abuse desk, and what it refuses when a test says so.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "letterlock/common/v1/errors.pb.h"
#include "letterlock/mail/v1/mail_service.pb.h"
#include "server/rpc/status.h"

namespace letterlock::client {

struct FakeDesk {
  std::string handle = "desk";            // what GetLimits names; empty: there is none
  std::vector<mail::v1::Report> reports;  // by sequence
  std::vector<absl::Status> errors;       // of the next reports, in this order
  int lost_answers = 0;                   // of so many, after the report was taken
  bool repeats_itself = false;            // lists the first ones for ever

  absl::Status Take(std::string_view reporter, const mail::v1::ReportRequest& request) {
    if (!errors.empty()) {
      const absl::Status error = errors.front();
      errors.erase(errors.begin());
      return error;
    }
    for (const mail::v1::Report& report : reports) {
      if (report.reporter() == reporter &&
          report.reference().message_id() == request.reference().message_id()) {
        return rpc::Fail(absl::StatusCode::kAlreadyExists,
                         common::v1::ERROR_REASON_ALREADY_REPORTED, "was reported before");
      }
    }
    mail::v1::Report report;
    report.set_reporter(std::string(reporter));
    *report.mutable_reference() = request.reference();
    report.set_sealed_disclosure(request.sealed_disclosure());
    report.set_desk_encryption_key_id(request.desk_encryption_key_id());
    Add(std::move(report));
    if (lost_answers == 0) return absl::OkStatus();
    --lost_answers;
    return absl::UnavailableError("lost");
  }
  void Add(mail::v1::Report report) {
    report.set_sequence(reports.empty() ? 1 : reports.back().sequence() + 1);
    report.set_accepted_unix_ms(1'700'000'000'000);
    reports.push_back(std::move(report));
  }
  void List(const mail::v1::ListReportsRequest& request,
            mail::v1::ListReportsResponse* response) const {
    for (const mail::v1::Report& report : reports) {
      if (report.sequence() <= request.after_sequence() && !repeats_itself) continue;
      if (response->reports_size() == static_cast<int>(request.page_size())) {
        response->set_more(true);
        return;
      }
      *response->add_reports() = report;
    }
  }
  void Delete(const mail::v1::DeleteReportRequest& request) {
    std::erase_if(reports, [&](const auto& one) { return one.sequence() == request.sequence(); });
  }
};

}  // namespace letterlock::client
