#include "doctor/report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace letterlock::doctor {

std::string_view NameOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "ok";
    case Verdict::kNote:
      return "note";
    case Verdict::kSkipped:
      return "skipped";
    case Verdict::kWarning:
      return "warning";
    case Verdict::kWrong:
      return "wrong";
  }
  return "wrong";
}

void Report::Add(std::string_view check, Verdict verdict, std::string what, std::string mend) {
  findings_.push_back({std::string(check), verdict, std::move(what), std::move(mend)});
}
void Report::Ok(std::string_view check, std::string what) {
  Add(check, Verdict::kOk, std::move(what), "");
}
void Report::Note(std::string_view check, std::string what, std::string mend) {
  Add(check, Verdict::kNote, std::move(what), std::move(mend));
}
void Report::Skip(std::string_view check, std::string what, std::string mend) {
  Add(check, Verdict::kSkipped, std::move(what), std::move(mend));
}
void Report::Warn(std::string_view check, std::string what, std::string mend) {
  Add(check, Verdict::kWarning, std::move(what), std::move(mend));
}
void Report::Wrong(std::string_view check, std::string what, std::string mend) {
  Add(check, Verdict::kWrong, std::move(what), std::move(mend));
}

int Report::Count(Verdict verdict) const {
  return static_cast<int>(
      std::count_if(findings_.begin(), findings_.end(),
                    [&](const Finding& finding) { return finding.verdict == verdict; }));
}

std::string ReportText(const Report& report) {
  std::string text;
  for (const Finding& finding : report.findings()) {
    const std::string verdict =
        finding.verdict == Verdict::kWrong ? "WRONG" : std::string(NameOf(finding.verdict));
    absl::StrAppend(&text,
                    absl::StrFormat("%-8s %-20s %s\n", verdict, finding.check, finding.what));
    if (!finding.mend.empty()) {
      absl::StrAppend(&text, absl::StrFormat("%-8s %-20s %s\n", "", "  mend:", finding.mend));
    }
  }
  absl::StrAppend(&text, "\n", report.findings().size(),
                  " findings: ", report.Count(Verdict::kWrong), " wrong, ",
                  report.Count(Verdict::kWarning), " to look after, ",
                  report.Count(Verdict::kSkipped), " not looked at\n");
  return text;
}

std::string ReportJson(const std::string& daemon, const std::string& config_file,
                       const Report& report) {
  using Json = nlohmann::ordered_json;
  Json all = {{"daemon", daemon},
              {"config_file", config_file},
              {"good", report.Count(Verdict::kWrong) == 0},
              {"findings", Json::array()}};
  for (const Finding& finding : report.findings()) {
    all["findings"].push_back(Json{{"check", finding.check},
                                   {"verdict", std::string(NameOf(finding.verdict))},
                                   {"what", finding.what},
                                   {"mend", finding.mend}});
  }
  return all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string Quoted(std::string_view word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string(word);
  }
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

}  // namespace letterlock::doctor
