#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "crypto/base/strings.h"
#include "doctor/checks.h"
#include "doctor/files.h"
#include "doctor/place.h"
#include "letterlock/admin/v1/admin_service.pb.h"
#include "server/config/address.h"
#include "server/config/files.h"
#include "server/tls/identity.h"

namespace letterlock::doctor {
namespace {

using admin::v1::GetStatusResponse;

bool HasLabel(const GetStatusResponse& status, std::string_view label) {
  return std::find(status.labels().begin(), status.labels().end(), label) != status.labels().end();
}

// Where this machine reaches what listens at `address`.
config::ListenAddress FromHere(config::ListenAddress address, int port) {
  if (address.host == "0.0.0.0") address.host = "127.0.0.1";
  if (address.host == "::") address.host = "::1";
  address.port = static_cast<std::uint16_t>(port);
  return address;
}

enum class Asked { kNot, kNoAnswer, kAnswers };

// Whether the daemon could listen there, when none answers.
void CheckFreePort(const Subject& subject, Asked asked, std::string_view check,
                   const std::string& listen, const Machine& machine, Report* report) {
  const auto address = config::ParseListenAddress(listen);
  if (!address.ok()) return;  // the configuration was refused
  const absl::Status can = machine.CanListen(*address);
  if (can.ok()) return report->Ok(check, listen + ": is free");
  const std::string what = absl::StrCat(listen, ": ", can.message());
  if (absl::IsAlreadyExists(can)) {
    // Where it was not asked, it may be the daemon that has it.
    const std::string who = absl::StrCat("ss -ltnp 'sport = :", address->port, "'");
    if (asked == Asked::kNot) {
      return report->Skip(check, what + ", by the daemon or by another program", who);
    }
    return report->Wrong(check, what + ", and not by a daemon that answers", who);
  }
  if (absl::IsNotFound(can)) return report->Wrong(check, what, "ip -brief address");
  if (absl::IsPermissionDenied(can)) {
    return report->Wrong(check, what,
                         absl::StrCat("setcap cap_net_bind_service=+ep \"$(command -v ",
                                      subject.kind.daemon, ")\", or a port from 1024 on"));
  }
  report->Skip(check, what);
}

void CheckServedPort(const Subject& subject, const GetStatusResponse& status,
                     const Machine& machine, Report* report) {
  constexpr char kCheck[] = "listen";
  const auto address = config::ParseListenAddress(subject.options.listen);
  if (!address.ok()) return;
  const int port = static_cast<int>(status.port());
  if (address->port != 0 && address->port != port) {
    return report->Wrong(kCheck,
                         absl::StrCat("the configuration says ", subject.options.listen,
                                      ", the daemon serves at port ", port),
                         subject.RestartCommand(status.pid()));
  }
  const absl::Status reached = machine.CanConnect(FromHere(*address, port));
  if (reached.ok()) return report->Ok(kCheck, absl::StrCat("serves at port ", port));
  report->Wrong(kCheck, absl::StrCat("nothing answers at port ", port, ": ", reached.message()),
                subject.RestartCommand(status.pid()));
}

void CheckMetrics(const Subject& subject, Asked asked, const Machine& machine, Report* report) {
  constexpr char kCheck[] = "metrics";
  const std::string& listen = subject.options.metrics_listen;
  const auto address = config::ParseListenAddress(listen);
  if (!address.ok()) return report->Ok(kCheck, "off");
  if (asked != Asked::kAnswers) {
    return CheckFreePort(subject, asked, kCheck, listen, machine, report);
  }
  if (address->port == 0) return report->Ok(kCheck, "at a port of the kernel's choice");
  if (machine.CanConnect(*address).ok()) return report->Ok(kCheck, "at " + listen);
  report->Wrong(kCheck, listen + ": nothing answers", subject.StartCommand());
}

void CheckVersion(const Subject& subject, const GetStatusResponse& status, Report* report) {
  constexpr char kCheck[] = "version";
  const std::string version = LETTERLOCK_VERSION;
  if (status.version() == version) return report->Ok(kCheck, version);
  report->Warn(kCheck,
               absl::StrCat(subject.kind.daemon, " runs as ", status.version(), ", this is ",
                            subject.kind.tool, " ", version),
               subject.RestartCommand(status.pid()));
}

void CheckServedCertificate(const Subject& subject, const GetStatusResponse& status,
                            const Machine& machine, Report* report) {
  constexpr char kCheck[] = "daemon.certificate";
  // The end of the whole chain, as the daemon tells it.
  const auto loaded = tls::LoadIdentity(subject.options.tls_certificate_file,
                                        subject.options.tls_key_file, machine.Now());
  if (!loaded.ok()) return report->Skip(kCheck, "the files are not in order");
  const absl::Time served =
      absl::FromUnixMillis(static_cast<std::int64_t>(status.certificate_not_after_unix_ms()));
  if (served <= machine.Now()) {
    return report->Wrong(kCheck, "the daemon serves a certificate that has expired",
                         subject.RestartCommand(status.pid()));
  }
  if (served == loaded->not_after)
    return report->Ok(kCheck, "the daemon serves the one in the file");
  report->Warn(kCheck,
               absl::StrCat("the daemon serves another certificate than the file's; it reads it "
                            "every ",
                            absl::FormatDuration(subject.options.tls_refresh)),
               "wait that long; then look for tls_refused in the daemon's log");
}

void CheckStatus(const Subject& subject, const Expected& expected, const GetStatusResponse& status,
                 const Machine& machine, Report* report) {
  const std::string restart = subject.RestartCommand(status.pid());
  CheckVersion(subject, status, report);
  if (!expected.deployment.empty() && status.deployment() != expected.deployment) {
    report->Wrong("daemon.deployment", "the daemon serves another deployment than its files name",
                  restart);
  } else if (!expected.deployment.empty()) {
    report->Ok("daemon.deployment", status.deployment());
  }
  if (!status.store().writable()) {
    report->Wrong("daemon.store", "the store takes no writes: a write failed",
                  absl::StrCat("df -h ", Quoted(expected.store), "; ", restart));
  } else if (status.store().stalled()) {
    report->Warn("daemon.store", "the store holds writes back until it has caught up",
                 "faster or more disk; watch letterlock_store_stalls_total");
  } else {
    report->Ok("daemon.store", "takes writes");
  }
  CheckServedCertificate(subject, status, machine, report);
  if (HasLabel(status, "UNCONFINED")) {
    report->Warn("daemon.confinement", "the daemon runs UNCONFINED",
                 "see `confinement`; then: " + restart);
  } else {
    report->Ok("daemon.confinement", "the daemon is confined");
  }
  if (HasLabel(status, "UNLOCKED")) {
    report->Warn(
        "daemon.memory", "keys may be swapped out: RLIMIT_MEMLOCK is too low",
        "in the daemon's service: LimitMEMLOCK=infinity, or lower memory.mailboxes; then: " +
            restart);
  } else if (status.has_keys()) {
    report->Ok("daemon.memory", "keys are not swapped out");
  }
  if (expected.more) expected.more(status);
}

// What stands at the socket's path, if anything.
void CheckSocketFile(const Subject& subject, const std::string& path, Report* report) {
  constexpr char kCheck[] = "admin_socket";
  struct stat about = {};
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return report->Wrong(kCheck, path + ": is too long for a Unix socket", "name a shorter path");
  }
  if (::lstat(path.c_str(), &about) != 0) return;
  if (!S_ISSOCK(about.st_mode)) {
    return report->Wrong(
        kCheck, path + ": is another kind of file, which the daemon leaves alone",
        absl::StrCat("name another path in ", Quoted(subject.request.config_file)));
  }
  if (about.st_uid != subject.uid || (about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    // Where others can put a link at the path, no command goes there.
    const bool alone = IsPrivateTo(subject.uid, config::DirectoryOf(path));
    report->Wrong(kCheck, path + ": is another's, or open to others",
                  !alone ? "see its directory"
                         : absl::StrCat("chmod 600 ", Quoted(path), "; chown ",
                                        Quoted(subject.user), " ", Quoted(path)));
  }
}

void CheckSocket(const Subject& subject, Report* report) {
  constexpr char kCheck[] = "admin_socket";
  const std::string& path = subject.options.admin_socket;
  if (path.empty()) {
    return report->Note(
        kCheck, "there is none: a daemon that runs can't be asked",
        absl::StrCat("admin_socket = \"run/admin\" in ", Quoted(subject.request.config_file)));
  }
  CheckDirectory(subject, kCheck, config::DirectoryOf(path), DirectoryKind::kSocket, report);
  CheckSocketFile(subject, path, report);
}

// Its directory is the operator's to make.
void CheckPortFile(const Subject& subject, Report* report) {
  constexpr char kCheck[] = "port_file";
  const std::string& file = subject.options.port_file;
  if (file.empty()) return report->Ok(kCheck, "none");
  const std::string directory = config::DirectoryOf(file);
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error)) {
    return report->Wrong(
        kCheck, directory + ": is no directory",
        absl::StrCat("install -d -o ", Quoted(subject.user), " ", Quoted(directory)));
  }
  if (subject.own_eyes && ::access(directory.c_str(), W_OK | X_OK) != 0) {
    return report->Wrong(
        kCheck, absl::StrCat(directory, ": ", subject.user, " can't write there"),
        IsOfDeployment(subject, directory)
            ? absl::StrCat("chown ", Quoted(subject.user), " ", Quoted(directory))
            : absl::StrCat("name a directory of its own in ", Quoted(subject.request.config_file)));
  }
  report->Ok(kCheck, file);
}

// Whether there is a directory for it.
bool IsThere(const std::string& socket) {
  std::error_code ignored;
  return std::filesystem::exists(config::DirectoryOf(socket), ignored);
}

// Why the daemon is not to be asked; empty: it is.
std::string WhyNotToAsk(const Subject& subject, const Machine& machine) {
  const std::string& socket = subject.options.admin_socket;
  if (socket.empty()) return "no admin_socket to ask at";
  if (machine.Me() != 0 && !subject.own_eyes) return "not for this user to ask";
  // What is answered goes into commands: which process to end.
  if (IsThere(socket) && !IsPrivateTo(subject.uid, config::DirectoryOf(socket))) {
    return absl::StrCat("at ", socket, " others than ", subject.user, " could answer");
  }
  return "";
}

}  // namespace

void CheckDaemon(const Subject& subject, const Expected& expected, const Machine& machine,
                 Report* report) {
  constexpr char kCheck[] = "daemon";
  CheckSocket(subject, report);
  CheckPortFile(subject, report);
  const std::string& socket = subject.options.admin_socket;
  const std::string why_not = WhyNotToAsk(subject, machine);
  if (!why_not.empty()) {
    report->Skip(kCheck, why_not);
    CheckFreePort(subject, Asked::kNot, "listen", subject.options.listen, machine, report);
    return CheckMetrics(subject, Asked::kNot, machine, report);
  }
  // One that is made from now on is not the daemon's, but whoever's.
  const auto status = IsPrivateTo(subject.uid, config::DirectoryOf(socket))
                          ? machine.AskStatus(socket)
                          : absl::UnavailableError("there is no socket");
  const Asked asked = status.ok() ? Asked::kAnswers : Asked::kNoAnswer;
  CheckMetrics(subject, asked, machine, report);
  if (!status.ok()) {
    if (subject.request.stopped) {
      report->Ok(kCheck, "does not run, and is not meant to");
    } else {
      report->Wrong(kCheck, absl::StrCat(subject.kind.daemon, " does not answer at ", socket),
                    subject.StartCommand());
    }
    return CheckFreePort(subject, asked, "listen", subject.options.listen, machine, report);
  }
  report->Ok(kCheck,
             absl::StrCat(status->daemon(), " ", status->version(), ", process ", status->pid()));
  if (status->daemon() != subject.kind.daemon) {
    return report->Wrong(kCheck, absl::StrCat("at ", socket, " answers ", status->daemon()),
                         "give each daemon an admin_socket of its own");
  }
  CheckServedPort(subject, *status, machine, report);
  CheckStatus(subject, expected, *status, machine, report);
}

}  // namespace letterlock::doctor
