// What a doctor found, check by check (docs/operations.md, "Doctor").
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace letterlock::doctor {

enum class Verdict {
  kOk,
  kNote,     // worth knowing; nothing is to be done now
  kSkipped,  // could not be looked at
  kWarning,  // works now; look after it
  kWrong,    // does not work, or is not safe
};

// "ok", "note", "skipped", "warning", "wrong".
std::string_view NameOf(Verdict verdict);

struct Finding {
  std::string check;  // stable: "tls.validity"
  Verdict verdict = Verdict::kOk;
  std::string what;  // one sentence, with the path that it is about
  std::string mend;  // the command that mends it, or what to do; empty where nothing is to be done
};

// Not thread-safe.
class Report {
 public:
  void Ok(std::string_view check, std::string what);
  void Note(std::string_view check, std::string what, std::string mend = "");
  void Skip(std::string_view check, std::string what, std::string mend = "");
  void Warn(std::string_view check, std::string what, std::string mend);
  void Wrong(std::string_view check, std::string what, std::string mend);

  // In the order in which they were looked at.
  const std::vector<Finding>& findings() const { return findings_; }
  int Count(Verdict verdict) const;

 private:
  void Add(std::string_view check, Verdict verdict, std::string what, std::string mend);

  std::vector<Finding> findings_;
};

// For people: a line for each finding, another for its mending, and how many there are of each.
std::string ReportText(const Report& report);
// For programs.
std::string ReportJson(const std::string& daemon, const std::string& config_file,
                       const Report& report);

// As one word of a shell's command line.
std::string Quoted(std::string_view word);

}  // namespace letterlock::doctor
