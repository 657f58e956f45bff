// Each claim is tried by a process that has confined itself, and most of them once more by one that
// has not: a test of what is forbidden says nothing where it was never possible.
#include "server/confine/confine.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <thread>

#include "child.h"
#include "support/temporary_directory.h"

namespace letterlock::confine {
namespace {

// Zero, or the errno of the call.
int Try(long result) { return result < 0 ? errno : 0; }

int TryOpen(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (fd >= 0) ::close(fd);
  return Try(fd);
}

class ConfineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::mkdir((directory_ / "data").c_str(), 0700);
    ::mkdir((directory_ / "keys").c_str(), 0700);
    ::mkdir((directory_ / "other").c_str(), 0700);
    for (const char* file : {"data/f", "keys/k", "other/secret"}) {
      std::ofstream(directory_ / file) << "content";
    }
  }
  Options Named() const {
    Options options;
    options.read = {directory_ / "keys"};
    options.read_write = {directory_ / "data"};
    options.listen_tcp = {0};
    return options;
  }
  // What `body` exits with, confined and not.
  void Expect(int confined, int otherwise, const std::function<int()>& body) const {
    EXPECT_EQ(InConfinedChild(Named(), body), confined);
    EXPECT_EQ(InChild(body), otherwise);
  }

  test::TemporaryDirectory directory_;
};

TEST_F(ConfineTest, TheReportSaysWhatThisKernelGranted) {
  EXPECT_EQ(
      InChild([&] {
        const auto report = Confine(Named());
        if (!report.ok()) return 1;
        const auto view = ReadKernelView();
        if (!view.ok()) return 2;
        const bool all = report->no_new_privileges && report->capabilities_dropped &&
                         report->core_dumps_off && report->files_restricted &&
                         report->connecting_restricted && report->system_calls_restricted &&
                         report->landlock_abi >= 1 && report->missing.empty();
        const bool agrees = view->no_new_privileges && view->seccomp_mode == 2;
        return all && agrees && report->listening_restricted == (report->landlock_abi >= 4) ? 0 : 3;
      }),
      0);
}

TEST_F(ConfineTest, NamedDirectoriesStayInReach) {
  EXPECT_EQ(InConfinedChild(Named(),
                            [&] {
                              int bad = 0;
                              bad |= TryOpen(directory_ / "keys/k", O_RDONLY);
                              bad |= TryOpen(directory_ / "data/f", O_RDWR);
                              bad |= TryOpen(directory_ / "data/new", O_RDWR | O_CREAT);
                              bad |= Try(::mkdir((directory_ / "data/d").c_str(), 0700));
                              bad |= Try(::rename((directory_ / "data/new").c_str(),
                                                  (directory_ / "data/d/moved").c_str()));
                              bad |= Try(::unlink((directory_ / "data/d/moved").c_str()));
                              bad |= TryOpen("/dev/null", O_WRONLY);
                              return bad;
                            }),
            0);
}

TEST_F(ConfineTest, OtherFilesAreOutOfReach) {
  Expect(EACCES, 0, [&] { return TryOpen(directory_ / "other/secret", O_RDONLY); });
  Expect(EACCES, 0, [&] { return TryOpen(directory_ / "other/new", O_WRONLY | O_CREAT); });
  Expect(EACCES, 0, [&] { return TryOpen(directory_ / "other", O_RDONLY | O_DIRECTORY); });
  Expect(EACCES, 0, [&] { return TryOpen("/etc/passwd", O_RDONLY); });
  Expect(EACCES, 0, [&] { return TryOpen("/proc/1/status", O_RDONLY); });
}

TEST_F(ConfineTest, WhatIsForReadingIsNotWritten) {
  Expect(EACCES, 0, [&] { return TryOpen(directory_ / "keys/k", O_WRONLY); });
  Expect(EACCES, 0, [&] { return TryOpen(directory_ / "keys/new", O_WRONLY | O_CREAT); });
  EXPECT_EQ(
      InConfinedChild(Named(), [&] { return Try(::unlink((directory_ / "keys/k").c_str())); }),
      EACCES);
  EXPECT_NE(
      InConfinedChild(Named(), [&] { return Try(::truncate((directory_ / "keys/k").c_str(), 0)); }),
      0);
}

TEST_F(ConfineTest, FilesDoNotLeaveTheirDirectory) {
  EXPECT_NE(InConfinedChild(Named(),
                            [&] {
                              return Try(::rename((directory_ / "data/f").c_str(),
                                                  (directory_ / "other/f").c_str()));
                            }),
            0);
  EXPECT_NE(InConfinedChild(Named(),
                            [&] {
                              return Try(::link((directory_ / "keys/k").c_str(),
                                                (directory_ / "data/k").c_str()));
                            }),
            0);
}

TEST_F(ConfineTest, ASymbolicLinkIsNoWayOut) {
  ASSERT_EQ(::symlink((directory_ / "other/secret").c_str(), (directory_ / "data/link").c_str()),
            0);
  Expect(EACCES, 0, [&] { return TryOpen(directory_ / "data/link", O_RDONLY); });
}

TEST_F(ConfineTest, RunningAProgramKillsTheProcess) {
  Expect(kKilledBySeccomp, 0, [] {
    char name[] = "/bin/true";
    char* arguments[] = {name, nullptr};
    ::execv(name, arguments);
    return 1;
  });
}

TEST_F(ConfineTest, LookingIntoAProcessKillsTheProcess) {
  const pid_t self = ::getpid();
  char byte = 0;
  const iovec mine = {&byte, 1};
  EXPECT_EQ(
      InConfinedChild(Named(), [&] { return Try(::syscall(SYS_ptrace, 16L, long{self}, 0L, 0L)); }),
      kKilledBySeccomp);
  Expect(kKilledBySeccomp, 0, [&] {
    return Try(::syscall(SYS_process_vm_readv, long{self}, &mine, 1L, &mine, 1L, 0L));
  });
}

TEST_F(ConfineTest, PrivilegedCallsKillTheProcess) {
  for (const long number : {SYS_mount, SYS_umount2, SYS_unshare, SYS_setns, SYS_chroot, SYS_bpf,
                            SYS_init_module, SYS_finit_module, SYS_kexec_load, SYS_keyctl,
                            SYS_perf_event_open, SYS_userfaultfd, SYS_setuid, SYS_capset}) {
    EXPECT_EQ(InConfinedChild(Named(), [&] { return Try(::syscall(number, 0L, 0L, 0L, 0L, 0L)); }),
              kKilledBySeccomp)
        << number;
  }
}

TEST_F(ConfineTest, NoOtherProcessIsStartedOrSignalled) {
  Expect(ENOSYS, 0, [] {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    return Try(child);
  });
  const pid_t parent = ::getpid();
  Expect(ENOSYS, 0, [&] { return Try(::kill(parent, 0)); });
  Expect(ENOSYS, 0, [&] { return Try(::syscall(SYS_tgkill, parent, parent, 0)); });
}

TEST_F(ConfineTest, ThreadsRunAndItsOwnSignalsArrive) {
  EXPECT_EQ(InConfinedChild(Named(),
                            [] {
                              int value = 0;
                              std::thread([&] { value = 7; }).join();
                              return value;
                            }),
            7);
  EXPECT_EQ(InConfinedChild(Named(), []() -> int { std::abort(); }), -SIGABRT);
}

TEST_F(ConfineTest, IoUringWhichAFilterDoesNotSeeIsNotThere) {
  EXPECT_EQ(InConfinedChild(Named(), [] { return Try(::syscall(SYS_io_uring_setup, 8, nullptr)); }),
            ENOSYS);
}

TEST_F(ConfineTest, NoMemoryIsWritableAndExecutable) {
  const auto map = [](int protection) {
    void* at = ::mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? errno : 0;
  };
  Expect(ENOSYS, 0, [&] { return map(PROT_READ | PROT_WRITE | PROT_EXEC); });
  EXPECT_EQ(InConfinedChild(Named(), [&] { return map(PROT_READ | PROT_WRITE); }), 0);
  Expect(ENOSYS, 0, [] {
    void* at = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return Try(::mprotect(at, 4096, PROT_READ | PROT_EXEC));
  });
}

TEST_F(ConfineTest, CoreDumpsAreOffAndStayOff) {
  EXPECT_EQ(InConfinedChild(Named(),
                            [] {
                              rlimit limit = {1, 1};
                              if (::getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_max != 0)
                                return 1;
                              if (::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) return 2;
                              if (::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0) return 3;
                              return 0;
                            }),
            0);
}

TEST_F(ConfineTest, RootHasNoCapabilityLeft) {
  EXPECT_EQ(InConfinedChild(Named(),
                            [] {
                              std::ifstream status("/proc/self/status");
                              int found = 0;
                              for (std::string line; std::getline(status, line);) {
                                if (line.starts_with("CapEff:") || line.starts_with("CapPrm:") ||
                                    line.starts_with("CapBnd:")) {
                                  if (line.find_first_not_of("0", line.find('\t') + 1) !=
                                      std::string::npos) {
                                    return 1;
                                  }
                                  ++found;
                                }
                              }
                              return found == 3 ? 0 : 2;
                            }),
            0);
}

TEST_F(ConfineTest, WhatIsNotThereIsAnErrorWhateverTheStrictness) {
  for (const Strictness strictness : {Strictness::kRequired, Strictness::kBestEffort}) {
    Options options = Named();
    options.strictness = strictness;
    options.read.push_back(directory_ / "none");
    EXPECT_EQ(
        InChild([&] { return Confine(options).status().code() == absl::StatusCode::kNotFound; }),
        1);
  }
}

TEST_F(ConfineTest, ComingAfterThreadsIsAnError) {
  EXPECT_EQ(InChild([&] {
              std::thread([] { ::pause(); }).detach();
              return Confine(Named()).status().code() == absl::StatusCode::kFailedPrecondition ? 0
                                                                                               : 1;
            }),
            0);
}

// A kernel that lacks what `deny` takes away, for the calling process.
void PretendKernelWithout(const std::function<void(scmp_filter_ctx)>& deny) {
  const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  deny(filter);
  if (seccomp_load(filter) != 0) ::_exit(100);
}

// 1: refused; 2: went on and says what is missing; 3: neither.
int ConfineAndSay(Options options, Strictness strictness) {
  options.strictness = strictness;
  const auto report = Confine(options);
  if (!report.ok()) return report.status().code() == absl::StatusCode::kFailedPrecondition ? 1 : 3;
  return report->missing.size() == 1 ? 2 : 3;
}

TEST_F(ConfineTest, TheMissingLayersAreThoseThatConfineFindsMissing) {
  const auto agrees = [&] {
    const std::vector<std::string> before = MissingLayers();
    Options options = Named();
    options.strictness = Strictness::kBestEffort;
    const auto report = Confine(options);
    return report.ok() && report->missing.size() == before.size() ? 0 : 3;
  };
  EXPECT_EQ(InChild(agrees), 0);
  EXPECT_EQ(InChild([&] {
              PretendKernelWithout([](scmp_filter_ctx filter) {
                seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset),
                                 0);
              });
              return MissingLayers() == std::vector<std::string>{"Landlock: not in this kernel"}
                         ? agrees()
                         : 4;
            }),
            0);
  EXPECT_EQ(InChild([&] {
              PretendKernelWithout([](scmp_filter_ctx filter) {
                seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(seccomp), 0);
                seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
                                 scmp_arg_cmp{0, SCMP_CMP_EQ, PR_SET_SECCOMP, 0});
              });
              return MissingLayers() == std::vector<std::string>{"seccomp: not in this kernel"}
                         ? agrees()
                         : 4;
            }),
            0);
}

TEST_F(ConfineTest, WithoutLandlockRequiredIsRefusedAndBestEffortSaysSo) {
  const auto without = [](scmp_filter_ctx filter) {
    seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0);
  };
  const auto run = [&](Strictness strictness) {
    return InChild([&] {
      PretendKernelWithout(without);
      return ConfineAndSay(Named(), strictness);
    });
  };
  EXPECT_EQ(run(Strictness::kRequired), 1);
  EXPECT_EQ(run(Strictness::kBestEffort), 2);
}

TEST_F(ConfineTest, WithoutSeccompRequiredIsRefusedAndBestEffortSaysSo) {
  const auto without = [](scmp_filter_ctx filter) {
    seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(seccomp), 0);
    seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
                     scmp_arg_cmp{0, SCMP_CMP_EQ, PR_SET_SECCOMP, 0});
  };
  const auto run = [&](Strictness strictness) {
    return InChild([&] {
      PretendKernelWithout(without);
      return ConfineAndSay(Named(), strictness);
    });
  };
  EXPECT_EQ(run(Strictness::kRequired), 1);
  EXPECT_EQ(run(Strictness::kBestEffort), 2);
}

}  // namespace
}  // namespace letterlock::confine
