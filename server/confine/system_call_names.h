// Names of system calls, separated by spaces. Those that an architecture does not have are passed
// over.
#pragma once

namespace letterlock::confine {

// Nothing of ours nor of our libraries calls these: who does has taken over the process.
inline constexpr char kDeadly[] =
    "execve execveat ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd "
    "kcmp init_module finit_module delete_module kexec_load kexec_file_load bpf "
    "perf_event_open mount umount2 pivot_root chroot move_mount open_tree fsopen fsconfig "
    "fsmount mount_setattr setns unshare reboot swapon swapoff acct quotactl add_key "
    "request_key keyctl userfaultfd iopl ioperm modify_ldt open_by_handle_at settimeofday "
    "clock_settime adjtimex sethostname setdomainname syslog mknod mknodat setuid setgid "
    "setreuid setregid setresuid setresgid setgroups capset lookup_dcookie nfsservctl "
    "personality vhangup ";

inline constexpr char kFiles[] =
    "open openat creat close close_range read write readv writev pread64 pwrite64 preadv "
    "pwritev preadv2 pwritev2 lseek _llseek stat fstat lstat newfstatat fstatat64 fstat64 "
    "stat64 lstat64 statx access faccessat faccessat2 readlink readlinkat getdents "
    "getdents64 mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat "
    "ftruncate fallocate fadvise64 fsync fdatasync sync_file_range syncfs flock fcntl "
    "fcntl64 dup dup2 dup3 pipe pipe2 umask fchmod getcwd "
    "statfs fstatfs sendfile copy_file_range readahead ";

inline constexpr char kMemoryAndThreads[] =
    "munmap mremap madvise brk mlock mlock2 munlock msync mincore membarrier futex "
    "futex_waitv set_robust_list get_robust_list rseq set_tid_address exit exit_group "
    "sched_yield sched_getaffinity sched_setaffinity sched_getparam sched_getscheduler "
    "sched_get_priority_max sched_get_priority_min getpriority setpriority ioprio_get "
    "ioprio_set gettid getpid getppid getuid geteuid getgid getegid getresuid getresgid "
    "getgroups getpgrp getsid capget arch_prctl getcpu getrandom sysinfo uname getrlimit "
    "getrusage times rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait "
    "rt_sigsuspend sigaltstack signalfd4 restart_syscall pause clock_gettime clock_getres "
    "clock_nanosleep nanosleep gettimeofday time timerfd_create timerfd_settime "
    "timerfd_gettime ";

// All but what connects or sends.
inline constexpr char kNetwork[] =
    "poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait "
    "epoll_pwait2 eventfd eventfd2 socketpair bind listen accept accept4 getsockname "
    "getpeername getsockopt setsockopt shutdown recvfrom recvmsg recvmmsg ";

}  // namespace letterlock::confine
