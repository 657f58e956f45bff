// A machine that is as a test says, and by default is well; and what a doctor found on it.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "doctor/machine.h"
#include "doctor/report.h"
#include "doctor/subject.h"
#include "letterlock/admin/v1/admin_service.pb.h"

namespace letterlock::doctor {

class FakeMachine final : public Machine {
 public:
  absl::Time now = absl::Now();
  absl::StatusOr<ClockState> clock = ClockState{true, absl::Milliseconds(10)};
  DiskSpace space = {std::uint64_t{50} << 30, std::uint64_t{100} << 30, 1'000'000, 2'000'000,
                     false};
  std::vector<std::string> missing_layers{};
  absl::Status listen{};
  std::map<int, absl::Status> connect{};  // by port; OK for others
  std::optional<admin::v1::GetStatusResponse> status{};
  uid_t me = ::geteuid();
  std::optional<uid_t> listener{};  // at every socket

  absl::Time Now() const override { return now; }
  absl::StatusOr<ClockState> Clock() const override { return clock; }
  absl::StatusOr<DiskSpace> SpaceAt(const std::string&) const override { return space; }
  std::vector<std::string> MissingLayers() const override { return missing_layers; }
  absl::Status CanListen(const config::ListenAddress&) const override { return listen; }
  absl::Status CanConnect(const config::ListenAddress& address) const override {
    const auto found = connect.find(address.port);
    return found == connect.end() ? absl::OkStatus() : found->second;
  }
  std::optional<uid_t> ListenerAt(const std::string&) const override { return listener; }
  absl::StatusOr<admin::v1::GetStatusResponse> AskStatus(const std::string&) const override {
    if (!status) return absl::UnavailableError("nobody answers");
    return *status;
  }
  uid_t Me() const override { return me; }
  absl::Status Become(uid_t) const override { return absl::OkStatus(); }
};

// Who is neither root nor this test's user.
inline constexpr uid_t kStranger = 54'321;

// A deployment on a machine, and what the operator asks.
struct Patient {
  std::string path;  // the plane's directory
  FakeMachine machine{};
  Request request{};

  std::string operator/(const std::string& name) const { return path + "/" + name; }
  std::string Read(const std::string& name) const {
    std::ifstream file(*this / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(*this / name, std::ios::binary) << bytes;
  }
  // What the daemon is given on its command line.
  void Set(const std::string& key, const std::string& value) { request.overrides.Set(key, value); }
  // The file belongs to somebody else than the daemon's user and root.
  void MakeForeign(const std::string& name) {
    if (::geteuid() == 0) {
      ASSERT_EQ(::chown((*this / name).c_str(), kStranger, static_cast<gid_t>(-1)), 0);
      request.user = "0";
    } else {
      machine.me = kStranger;
      request.user = std::to_string(kStranger);
    }
  }
};

// What is planted, and what must be found of it.
struct Fault {
  std::string name;  // of the test
  std::function<void(Patient&)> plant;
  std::string check;
  Verdict verdict;
  std::string what;  // in the finding's words
  std::string mend;  // in its command; empty: none is asked for
};

inline void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

inline void ExpectFound(const Report& report, const Fault& fault) {
  const auto& all = report.findings();
  const bool found = std::any_of(all.begin(), all.end(), [&](const Finding& finding) {
    return finding.check == fault.check && finding.verdict == fault.verdict &&
           finding.what.find(fault.what) != std::string::npos &&
           finding.mend.find(fault.mend) != std::string::npos &&
           (finding.verdict != Verdict::kWrong || !finding.mend.empty());
  });
  EXPECT_TRUE(found) << ReportText(report);
}

inline void ExpectSound(const Report& report) {
  EXPECT_EQ(report.Count(Verdict::kWrong), 0) << ReportText(report);
  EXPECT_EQ(report.Count(Verdict::kWarning), 0) << ReportText(report);
  EXPECT_EQ(report.Count(Verdict::kSkipped), 0) << ReportText(report);
}

}  // namespace letterlock::doctor
