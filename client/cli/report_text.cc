#include "report_text.h"

#include <ostream>
#include <string>
#include <utility>

#include "cli/display_text.h"
#include "message_text.h"

namespace letterlock::cli {
namespace {

using client::ReportReason;

constexpr std::pair<ReportReason, const char*> kReasons[] = {
    {ReportReason::kSpam, "spam"},   {ReportReason::kHarassment, "harassment"},
    {ReportReason::kFraud, "fraud"}, {ReportReason::kThreat, "threat"},
    {ReportReason::kOther, "other"},
};

}  // namespace

const char* ReasonName(ReportReason reason) {
  for (const auto& [known, name] : kReasons) {
    if (known == reason) return name;
  }
  return "other";
}

std::optional<ReportReason> ReasonNamed(std::string_view name) {
  for (const auto& [reason, known] : kReasons) {
    if (known == name) return reason;
  }
  return std::nullopt;
}

std::vector<std::string> ReasonNames() {
  std::vector<std::string> names;
  for (const auto& [reason, name] : kReasons) names.emplace_back(name);
  return names;
}

void PrintReason(ReportReason reason, const crypto::SecretBuffer& note, Output& output) {
  output.out() << "Reason:  " << ReasonName(reason) << '\n';
  if (!note.empty()) output.out() << "Note:\n" << DisplayBlock(Shown(note), "  ");
}

}  // namespace letterlock::cli
