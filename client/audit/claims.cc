#include "claims.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace letterlock::audit {
namespace {

const char* Word(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "PASS       ";
    case Verdict::kFail:
      return "FAIL       ";
    case Verdict::kNotProven:
      break;
  }
  return "NOT PROVEN ";
}

const char* JsonWord(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "pass";
    case Verdict::kFail:
      return "fail";
    case Verdict::kNotProven:
      break;
  }
  return "not-proven";
}

}  // namespace

bool Holds(absl::Span<const Claim> claims) {
  return std::none_of(claims.begin(), claims.end(),
                      [](const Claim& claim) { return claim.verdict == Verdict::kFail; });
}

std::string ClaimsText(absl::Span<const Claim> claims) {
  const std::string indent(11, ' ');
  std::string text;
  for (const Claim& claim : claims) {
    text += Word(claim.verdict) + claim.claim + "\n";
    if (!claim.how.empty()) text += indent + claim.how + "\n";
    if (!claim.unproven.empty()) text += indent + "unproven: " + claim.unproven + "\n";
  }
  return text;
}

std::string ClaimsJson(absl::Span<const Claim> claims) {
  auto rows = nlohmann::ordered_json::array();
  for (const Claim& claim : claims) {
    rows.push_back({{"id", claim.id},
                    {"claim", claim.claim},
                    {"verdict", JsonWord(claim.verdict)},
                    {"how", claim.how},
                    {"unproven", claim.unproven}});
  }
  return nlohmann::ordered_json{{"holds", Holds(claims)}, {"claims", std::move(rows)}}.dump(2) +
         "\n";
}

}  // namespace letterlock::audit
