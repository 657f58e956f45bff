#include "server/confine/confine.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "landlock.h"
#include "system_calls.h"

namespace letterlock::confine {
namespace {

constexpr std::uint16_t kFirstFreePort = 1024;

absl::Status CheckSingleThread() {
  std::error_code error;
  const std::filesystem::directory_iterator tasks("/proc/self/task", error);
  if (error) return absl::FailedPreconditionError("confinement: /proc is not readable");
  if (std::distance(begin(tasks), end(tasks)) != 1) {
    return absl::FailedPreconditionError("confinement: must come before threads are started");
  }
  return absl::OkStatus();
}

void GiveUpPrivileges(ConfinementReport* report) {
  report->no_new_privileges = ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
  if (!report->no_new_privileges) report->missing.emplace_back("no_new_privs");
}

void ForbidCoreDumps(ConfinementReport* report) {
  const rlimit none = {0, 0};
  report->core_dumps_off =
      ::setrlimit(RLIMIT_CORE, &none) == 0 && ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
  if (!report->core_dumps_off) report->missing.emplace_back("core dumps off");
}

// From the bounding set too, which would otherwise be root's to draw from.
void DropCapabilities(const Options& options, ConfinementReport* report) {
  const bool low_port =
      std::any_of(options.listen_tcp.begin(), options.listen_tcp.end(),
                  [](std::uint16_t port) { return port != 0 && port < kFirstFreePort; });
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);  // not ours to drop when not privileged
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);

  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (::syscall(SYS_capget, &header, data) == 0) {
    const std::uint32_t kept = low_port ? data[0].permitted & (1U << CAP_NET_BIND_SERVICE) : 0;
    data[0] = {kept, kept, 0};
    data[1] = {0, 0, 0};
    report->capabilities_dropped = ::syscall(SYS_capset, &header, data) == 0;
  }
  if (!report->capabilities_dropped) report->missing.emplace_back("capabilities dropped");
}

}  // namespace

absl::StatusOr<ConfinementReport> Confine(const Options& options) {
  if (absl::Status status = CheckSingleThread(); !status.ok()) return status;
  ConfinementReport report;
  GiveUpPrivileges(&report);
  ForbidCoreDumps(&report);
  if (absl::Status status = ApplyLandlock(options, &report); !status.ok()) return status;
  DropCapabilities(options, &report);
  RestrictSystemCalls(options, &report);
  if (!report.connecting_restricted) report.missing.emplace_back("connecting restricted");

  if (options.strictness == Strictness::kRequired && !report.missing.empty()) {
    std::string all;
    for (const std::string& layer : report.missing) all += (all.empty() ? "" : ", ") + layer;
    return absl::FailedPreconditionError("confinement: missing: " + all);
  }
  return report;
}

std::vector<std::string> MissingLayers() {
  std::vector<std::string> missing;
  std::string why;
  if (LandlockAbi(&why) == 0) missing.push_back(why);
  if (!HasSeccompFilters()) missing.emplace_back("seccomp: not in this kernel");
  return missing;
}

absl::StatusOr<KernelView> ReadKernelView() {
  std::ifstream file("/proc/self/status");
  KernelView view;
  bool complete_privileges = false;
  bool complete_seccomp = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("NoNewPrivs:")) {
      view.no_new_privileges = line.ends_with("1");
      complete_privileges = true;
    } else if (line.starts_with("Seccomp:")) {
      view.seccomp_mode = line.back() - '0';
      complete_seccomp = true;
    }
  }
  if (!complete_privileges || !complete_seccomp) {
    return absl::UnavailableError("/proc/self/status does not say");
  }
  return view;
}

}  // namespace letterlock::confine
