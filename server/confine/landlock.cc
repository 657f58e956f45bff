#include "landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>
#include <vector>

namespace letterlock::confine {
namespace {

// The kernel's structures and bits of ABI 6. Older kernels take the longer structure as long as
// what they do not know is zero.
struct RulesetAttributes {
  std::uint64_t files;
  std::uint64_t net;
  std::uint64_t scoped;
};
struct NetPortAttributes {
  std::uint64_t allowed;
  std::uint64_t port;
};
constexpr int kRuleNetPort = 2;
constexpr std::uint64_t kAccessFsRefer = 1U << 13;     // ABI 2
constexpr std::uint64_t kAccessFsTruncate = 1U << 14;  // ABI 3
constexpr std::uint64_t kAccessFsIoctlDev = 1U << 15;  // ABI 5
constexpr std::uint64_t kAccessNetBind = 1U << 0;      // ABI 4
constexpr std::uint64_t kAccessNetConnect = 1U << 1;
constexpr std::uint64_t kScopeAbstractSocket = 1U << 0;  // ABI 6
constexpr std::uint64_t kScopeSignal = 1U << 1;

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kReadWrite =
    kRead | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
    LANDLOCK_ACCESS_FS_MAKE_SOCK | kAccessFsRefer | kAccessFsTruncate;
// What a rule for a file, not a directory, may give.
constexpr std::uint64_t kOfFiles = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                   LANDLOCK_ACCESS_FS_READ_FILE | kAccessFsTruncate |
                                   kAccessFsIoctlDev;

// What libraries read of the machine; none of it is ours or secret.
constexpr const char* kSystemRead[] = {"/lib",
                                       "/lib64",
                                       "/usr/lib",
                                       "/usr/lib64",
                                       "/etc/localtime",
                                       "/usr/share/zoneinfo",
                                       "/etc/ld.so.cache",
                                       "/etc/nsswitch.conf",
                                       "/etc/hosts",
                                       "/etc/host.conf",
                                       "/etc/resolv.conf",
                                       "/etc/gai.conf",
                                       "/etc/services",
                                       "/proc/self",
                                       "/proc/cpuinfo",
                                       "/proc/meminfo",
                                       "/proc/sys/kernel",
                                       "/proc/sys/vm/overcommit_memory",
                                       "/sys/devices/system/cpu",
                                       "/sys/fs/cgroup",
                                       "/dev/urandom",
                                       "/dev/zero"};
constexpr const char* kSystemWrite[] = {"/dev/null"};

class Ruleset {
 public:
  explicit Ruleset(int fd, std::uint64_t files) : fd_(fd), files_(files) {}
  ~Ruleset() { ::close(fd_); }
  Ruleset(const Ruleset&) = delete;
  Ruleset& operator=(const Ruleset&) = delete;

  absl::Status AllowPath(const std::string& path, std::uint64_t access) {
    const int at = ::open(path.c_str(), O_PATH | O_CLOEXEC);
    if (at < 0) return absl::ErrnoToStatus(errno, path);
    struct stat about = {};
    landlock_path_beneath_attr rule = {};
    rule.allowed_access = access & files_;
    rule.parent_fd = at;
    if (::fstat(at, &about) == 0 && !S_ISDIR(about.st_mode)) rule.allowed_access &= kOfFiles;
    const long added = ::syscall(SYS_landlock_add_rule, fd_, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    const int error = errno;
    ::close(at);
    return added == 0 ? absl::OkStatus() : absl::ErrnoToStatus(error, "Landlock: " + path);
  }

  absl::Status AllowPort(std::uint16_t port, std::uint64_t access) {
    const NetPortAttributes rule = {access, port};
    if (::syscall(SYS_landlock_add_rule, fd_, kRuleNetPort, &rule, 0) == 0) {
      return absl::OkStatus();
    }
    return absl::ErrnoToStatus(errno, "Landlock: a port");
  }

  absl::Status Enforce() {
    if (::syscall(SYS_landlock_restrict_self, fd_, 0) == 0) return absl::OkStatus();
    return absl::ErrnoToStatus(errno, "Landlock: restricting");
  }

 private:
  const int fd_;
  const std::uint64_t files_;
};

// All rights to files that the kernel can withhold.
std::uint64_t FilesOf(int abi) {
  std::uint64_t files = kAccessFsRefer - 1;  // all of ABI 1
  if (abi >= 2) files |= kAccessFsRefer;
  if (abi >= 3) files |= kAccessFsTruncate;
  if (abi >= 5) files |= kAccessFsIoctlDev;
  return files;
}

absl::Status AllowFiles(const Options& options, Ruleset* ruleset) {
  absl::Status status;
  for (const std::string& path : options.read) status.Update(ruleset->AllowPath(path, kRead));
  for (const std::string& path : options.read_write) {
    status.Update(ruleset->AllowPath(path, kReadWrite));
  }
  if (!status.ok() || !options.system_files) return status;
  // Not every machine has all of these.
  for (const char* path : kSystemRead) ruleset->AllowPath(path, kRead).IgnoreError();
  for (const char* path : kSystemWrite) {
    ruleset->AllowPath(path, kRead | LANDLOCK_ACCESS_FS_WRITE_FILE).IgnoreError();
  }
  return status;
}

absl::Status AllowPorts(const Options& options, Ruleset* ruleset) {
  absl::Status status;
  for (const std::uint16_t port : options.listen_tcp) {
    status.Update(ruleset->AllowPort(port, kAccessNetBind));
  }
  for (const std::uint16_t port : options.connect_tcp) {
    status.Update(ruleset->AllowPort(port, kAccessNetConnect));
  }
  return status;
}

}  // namespace

int LandlockAbi(std::string* why) {
  const long abi =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi >= 1) return static_cast<int>(abi);
  *why = errno == EOPNOTSUPP ? "Landlock: switched off at boot" : "Landlock: not in this kernel";
  return 0;
}

absl::Status ApplyLandlock(const Options& options, ConfinementReport* report) {
  std::string why;
  const int abi = LandlockAbi(&why);
  if (abi == 0) {
    report->missing.push_back(std::move(why));
    return absl::OkStatus();
  }
  report->landlock_abi = abi;

  RulesetAttributes attributes = {FilesOf(report->landlock_abi), 0, 0};
  if (abi >= 4) attributes.net = kAccessNetBind | kAccessNetConnect;
  if (abi >= 6) attributes.scoped = kScopeAbstractSocket | kScopeSignal;
  const long fd = ::syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
  if (fd < 0) return absl::ErrnoToStatus(errno, "Landlock: a ruleset");

  Ruleset ruleset(static_cast<int>(fd), attributes.files);
  if (absl::Status status = AllowFiles(options, &ruleset); !status.ok()) return status;
  if (abi >= 4) {
    if (absl::Status status = AllowPorts(options, &ruleset); !status.ok()) return status;
  }
  if (absl::Status status = ruleset.Enforce(); !status.ok()) return status;

  report->files_restricted = true;
  report->listening_restricted = abi >= 4;
  report->connecting_restricted = abi >= 4;

  if (abi < 4) report->reduced.emplace_back("listening on other TCP ports (Linux 6.7)");
  return absl::OkStatus();
}

}  // namespace letterlock::confine
