// Gives up what a daemon does not need, before it opens its port: the process can then neither gain
// privileges, dump core, run programs, look into others, nor reach files, sockets and ports that
// are not named here. What is given up never comes back.
//
// Layers:
//   no_new_privs, no capabilities   but CAP_NET_BIND_SERVICE where a port below 1024 is listened on
//   core dumps off                  RLIMIT_CORE, PR_SET_DUMPABLE: memory does not get into a file
//   Landlock                        files; from ABI 4 (Linux 6.7) TCP ports; from ABI 6 abstract
//   sockets, signals seccomp                         an allow list; what only an intruder calls
//   (execve, ptrace ...) kills the
//                                   process, the rest fails as if the kernel had none of it
// seccomp does what an older Landlock cannot where it can: without connect_tcp nothing connects or
// sends, by whatever protocol; no memory is both writable and executable; no process but this one
// gets signals.
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
  bool capabilities_dropped = false;
  bool core_dumps_off = false;
  int landlock_abi = 0;  // 0: this kernel has none
  bool files_restricted = false;
  bool listening_restricted = false;   // to listen_tcp
  bool connecting_restricted = false;  // to connect_tcp
  bool system_calls_restricted = false;

  // Layers that are not there, for people: "Landlock: not in this kernel".
  std::vector<std::string> missing;
  // What this kernel is too old for, though the layer is there: "listening on other TCP ports".
  std::vector<std::string> reduced;
};

// REQUIRES: called once, by the process's only thread (Landlock binds the calling thread and those
// that it starts): FAILED_PRECONDITION otherwise, whatever the strictness; so is a path that is not
// there (NOT_FOUND). With kRequired: FAILED_PRECONDITION where a layer is missing; the process may
// be partly confined then and should end. What is only reduced is no error.
absl::StatusOr<ConfinementReport> Confine(const Options& options);

// The layers that this kernel has, without giving anything up: what Confine would find missing, for
// people. Empty: all are there.
std::vector<std::string> MissingLayers();

// Reads from /proc/self/status what the kernel says of this process now: no_new_privs and seccomp.
// For evidence: not what we asked for, but what is.
struct KernelView {
  bool no_new_privileges = false;
  int seccomp_mode = 0;  // 2: filter
};
absl::StatusOr<KernelView> ReadKernelView();

}  // namespace letterlock::confine
