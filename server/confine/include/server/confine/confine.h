// Gives up what a daemon does not need, before it opens its port: the process can then neither gain
// privileges, dump core, run programs, look into others, nor reach files, sockets and ports that
// are not named here. What is given up never comes back.
//
// Layers: no_new_privs; core dumps off (RLIMIT_CORE, PR_SET_DUMPABLE); Landlock (files; from ABI 4
// TCP ports; from ABI 6 abstract sockets and signals); seccomp (an allow list of system calls;
// those of an intruder, execve and ptrace among them, kill the process, others fail). What Landlock
// cannot restrict on an older kernel and seccomp can (all outgoing connections), seccomp does.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace letterlock::confine {

enum class Strictness {
  kRequired,    // an error where a layer is not to be had
  kBestEffort,  // goes on with what there is; the report says what is missing
};

struct Options {
  Strictness strictness = Strictness::kRequired;
  // Files or directories (with all below) to read. Missing ones are an error.
  std::vector<std::string> read{};
  // Directories to read and write in: files and directories may be made, renamed and removed, never
  // executed.
  std::vector<std::string> read_write{};
  // TCP ports to listen on; 0: one of the kernel's choice.
  std::vector<std::uint16_t> listen_tcp{};
  // TCP ports to connect to. Empty: the process connects to nothing, not by Unix sockets either.
  std::vector<std::uint16_t> connect_tcp{};
  // What OpenSSL, glibc and RocksDB read of the machine (libraries, time zone, CPU count, host
  // names).
  bool system_files = true;
};

// What the kernel granted.
struct ConfinementReport {
  bool no_new_privileges = false;
  bool core_dumps_off = false;
  int landlock_abi = 0;  // 0: this kernel has none
  bool files_restricted = false;
  bool tcp_restricted = false;    // listening to listen_tcp, connecting to connect_tcp alone
  bool scope_restricted = false;  // no abstract Unix sockets of, no signals to, other processes
  bool system_calls_restricted = false;

  // Layers that were asked for and are not there, for people: "Landlock: not in this kernel".
  std::vector<std::string> missing;

  bool complete() const { return missing.empty(); }
};

// REQUIRES: called once, by the process's only thread (Landlock binds the calling thread and those
// that it starts): FAILED_PRECONDITION otherwise, whatever the strictness. With kRequired:
// FAILED_PRECONDITION where a layer is missing; the process may be partly confined then and should
// end.
absl::StatusOr<ConfinementReport> Confine(const Options& options);

// Reads from /proc/self/status what the kernel says of this process now: no_new_privs and seccomp.
// For evidence: not what we asked for, but what is.
struct KernelView {
  bool no_new_privileges = false;
  int seccomp_mode = 0;  // 2: filter
};
absl::StatusOr<KernelView> ReadKernelView();

}  // namespace letterlock::confine
