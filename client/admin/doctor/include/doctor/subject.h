// What a doctor examines: a daemon's configuration, and who the daemon is.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "doctor/machine.h"
#include "doctor/report.h"
#include "server/config/reader.h"
#include "server/daemon/options.h"

namespace letterlock::doctor {

// What the operator asked for.
struct Request {
  std::string config_file;
  config::Overrides overrides;     // what the daemon is given besides
  std::string user;                // that the daemon runs as; empty: found out
  std::string ca_file;             // that clients have; empty: where `init` puts it
  std::vector<std::string> names;  // that clients dial
  bool stopped = false;            // the daemon is not meant to run now
};

// A daemon of one plane.
struct Kind {
  std::string daemon;   // "letterlock-maild"
  std::string tool;     // "letterlock-mailadmin"
  std::string listen;   // where it listens by default
  std::string ca_file;  // relative to the configuration, where `init` puts what clients have
};

struct Subject {
  Kind kind;
  Request request;
  std::string folder;  // of the configuration
  daemon::CommonOptions options;
  uid_t uid = 0;       // of the daemon
  std::string user{};  // its name
  // Whether this looks with the daemon's eyes: what is out of reach is out of the daemon's, too.
  bool own_eyes = false;

  bool foreign = false;  // whether somebody else than the daemon's user asked for this
  // The command that starts the daemon, and the one that starts it anew, as its user.
  std::string StartCommand() const;
  std::string RestartCommand(unsigned pid) const;
  // The command that issues a certificate over the one that is there.
  std::string CertificateCommand() const;
};

// Reads the configuration (`more` reads what only this daemon has), finds out whose eyes to look
// with and takes them. Nothing where the configuration will not do: the report says why.
// `store_directory` is where the store is, for its owner.
std::optional<Subject> ReadSubject(const Kind& kind, const Request& request, const Machine& machine,
                                   const std::function<void(config::Reader&)>& more,
                                   const std::string* store_directory, Report* report);

}  // namespace letterlock::doctor
