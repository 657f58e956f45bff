// What an audit found: a row for each claim, with how it was checked and what stays unproven.
#pragma once

#include <string>
#include <vector>

#include "absl/types/span.h"

namespace letterlock::audit {

enum class Verdict {
  kPass,
  kFail,
  kNotProven,  // nothing speaks against it, and nothing here proves it
};

struct Claim {
  std::string id;     // for programs: stable, lower case, dashes
  std::string claim;  // a sentence without its stop
  Verdict verdict = Verdict::kNotProven;
  std::string how{};       // what was compared with what, or what is wrong
  std::string unproven{};  // what a reader could wrongly take from a PASS; may be empty
};

// Whether nothing failed.
bool Holds(absl::Span<const Claim> claims);

// For people, and for programs: {"holds": bool, "claims": [{"id", "claim", "verdict", "how",
// "unproven"}]}, verdicts as `pass`, `fail`, `not-proven`.
std::string ClaimsText(absl::Span<const Claim> claims);
std::string ClaimsJson(absl::Span<const Claim> claims);

}  // namespace letterlock::audit
