// The daemon's system calls. The filter sees numbers and arguments in registers, never what a
// pointer leads to; so what a call may do is said by the rules about other calls: no connect()
// rather than "connect to nobody".
#include "system_calls.h"

#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <sstream>
#include <string>

#include "system_call_names.h"

namespace letterlock::confine {
namespace {

// MSG_FASTOPEN: sends on a socket that is not connected, connecting it.
constexpr std::uint64_t kFastOpen = 0x20000000;
constexpr std::uint64_t kSocketTypeMask = 0xf;
constexpr std::uint64_t kNameMemoryRegion = 0x53564d41;  // PR_SET_VMA
constexpr std::uint64_t kGetFileVersion = 0x80087601;    // FS_IOC_GETVERSION

scmp_arg_cmp Equals(unsigned argument, std::uint64_t value) {
  return {argument, SCMP_CMP_EQ, value, 0};
}
scmp_arg_cmp Masked(unsigned argument, std::uint64_t mask, std::uint64_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

// Collects rules; remembers the first that failed.
class Filter {
 public:
  Filter() : context_(seccomp_init(SCMP_ACT_ERRNO(ENOSYS))) {
    if (context_ == nullptr) error_ = ENOMEM;
  }
  ~Filter() { seccomp_release(context_); }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  void Kill(const std::string& names) { ForEach(names, SCMP_ACT_KILL_PROCESS); }
  void Allow(const std::string& names) { ForEach(names, SCMP_ACT_ALLOW); }
  // Allowed if all comparisons hold; further rules for the same call are alternatives.
  void AllowIf(const char* name, std::initializer_list<scmp_arg_cmp> comparisons) {
    Add(SCMP_ACT_ALLOW, name, comparisons);
  }

  // Zero, or an errno.
  int Load() {
    if (error_ == 0) {
      error_ = -seccomp_attr_set(context_, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    }
    if (error_ == 0) error_ = -seccomp_load(context_);
    return error_;
  }

 private:
  void ForEach(const std::string& names, std::uint32_t action) {
    std::istringstream words(names);
    for (std::string name; words >> name;) Add(action, name.c_str(), {});
  }
  void Add(std::uint32_t action, const char* name,
           std::initializer_list<scmp_arg_cmp> comparisons) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number < 0 || error_ != 0) return;  // not on this architecture: then not allowed either
    error_ = -seccomp_rule_add_array(
        context_, action, number, static_cast<unsigned>(comparisons.size()), comparisons.begin());
  }

  const scmp_filter_ctx context_;
  int error_ = 0;
};

void AllowMemory(Filter* filter) {
  // Nothing writable is executable, and nothing becomes executable later. Libraries may still be
  // mapped.
  filter->AllowIf("mmap", {Masked(2, PROT_EXEC, 0)});
  filter->AllowIf("mmap", {Masked(2, PROT_WRITE, 0)});
  filter->AllowIf("mprotect", {Masked(2, PROT_EXEC, 0)});
}

void AllowThreads(Filter* filter) {
  // Threads, not processes. clone3 keeps its flags in memory: it does not exist, and glibc takes
  // clone.
  filter->AllowIf("clone", {Masked(0, CLONE_THREAD, CLONE_THREAD)});
  filter->AllowIf("tgkill", {Equals(0, static_cast<scmp_datum_t>(::getpid()))});
  filter->AllowIf("prlimit64", {Equals(0, 0), Equals(2, 0)});
  for (const std::uint64_t option :
       {std::uint64_t{PR_SET_NAME}, std::uint64_t{PR_GET_NAME}, std::uint64_t{PR_GET_DUMPABLE},
        std::uint64_t{PR_GET_SECCOMP}, std::uint64_t{PR_GET_NO_NEW_PRIVS}, kNameMemoryRegion}) {
    filter->AllowIf("prctl", {Equals(0, option)});
  }
}

void AllowDevices(Filter* filter) {
  for (const std::uint64_t request :
       {std::uint64_t{FIONBIO}, std::uint64_t{FIONREAD}, std::uint64_t{FIOCLEX},
        std::uint64_t{TCGETS}, kGetFileVersion}) {
    filter->AllowIf("ioctl", {Equals(1, request)});
  }
}

void AllowSockets(const Options& options, Filter* filter) {
  const bool connects = !options.connect_tcp.empty();
  const auto allow = [&](int family, int type, int protocol) {
    filter->AllowIf("socket", {Equals(0, static_cast<scmp_datum_t>(family)),
                               Masked(1, kSocketTypeMask, static_cast<scmp_datum_t>(type)),
                               Equals(2, static_cast<scmp_datum_t>(protocol))});
  };
  // TCP by its own name only: Landlock's rules about ports do not see MPTCP.
  for (const int family : {AF_INET, AF_INET6}) {
    for (const int protocol : {0, int{IPPROTO_TCP}}) allow(family, SOCK_STREAM, protocol);
    // Names are looked up over UDP.
    if (connects) allow(family, SOCK_DGRAM, 0);
  }
  allow(AF_UNIX, SOCK_STREAM, 0);
  if (connects) filter->AllowIf("connect", {});

  filter->AllowIf("sendto", {Masked(3, kFastOpen, 0)});
  filter->AllowIf("sendmsg", {Masked(2, kFastOpen, 0)});
  filter->AllowIf("sendmmsg", {Masked(3, kFastOpen, 0)});
}

}  // namespace

bool HasSeccompFilters() {
  // The kernel comes to the filter's address, which is none, only where it knows filters
  // (prctl(2)).
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, nullptr, 0, 0) != 0 && errno == EFAULT;
}

void RestrictSystemCalls(const Options& options, ConfinementReport* report) {
  Filter filter;
  filter.Kill(kDeadly);
  filter.Allow(kFiles);
  filter.Allow(kMemoryAndThreads);
  filter.Allow(kNetwork);
  // Before ABI 3 Landlock does not see truncation by path.
  if (report->landlock_abi >= 3) filter.AllowIf("truncate", {});
  AllowMemory(&filter);
  AllowThreads(&filter);
  AllowDevices(&filter);
  AllowSockets(options, &filter);

  if (const int error = filter.Load(); error != 0) {
    report->missing.push_back(std::string("seccomp: ") + std::strerror(error));
    return;
  }
  report->system_calls_restricted = true;
  if (options.connect_tcp.empty()) {
    report->connecting_restricted = true;
  } else {
    report->reduced.emplace_back(
        "connecting to Unix sockets and sending UDP (needed to connect at all)");
  }
}

}  // namespace letterlock::confine
