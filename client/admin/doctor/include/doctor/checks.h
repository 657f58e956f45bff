// The checks that daemons of both planes have in common (docs/operations.md, "Doctor"). Each writes
// into the report; none changes anything.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "doctor/machine.h"
#include "doctor/report.h"
#include "doctor/subject.h"

namespace letterlock::doctor {

// tls.certificate, tls.key: the files; tls.pair: do they belong together; tls.validity; tls.usage;
// tls.names: `names` and those of the request; tls.chain: does it lead to what clients have.
void CheckCertificate(const Subject& subject, const std::vector<std::string>& names,
                      const Machine& machine, Report* report);

// Something that was dated by this machine's clock: it can't have been later than now.
struct DatedThing {
  std::string name;  // "the newest head"
  absl::Time time;
};
// clock.synchronised, clock.time.
void CheckClock(const std::vector<DatedThing>& things, const Machine& machine, Report* report);

// When the newest of the files below `directory` was written; nothing where there is none.
std::optional<absl::Time> NewestFileIn(const std::string& directory);

// disk: of the file systems that hold these directories.
void CheckDisk(const std::vector<std::string>& directories, const Machine& machine, Report* report);

// confinement: what the kernel lacks. `development` as the deployment says.
void CheckConfinement(const Subject& subject, bool development, const Machine& machine,
                      Report* report);

// store.format: may this software open the store of `kind` (engine/store_format.h)?
void CheckStoreFormat(const std::string& directory, std::string_view kind, Report* report);

// What a daemon that runs must agree with.
struct Expected {
  std::string deployment;                                           // hex; empty: not known
  std::string store;                                                // the directory
  std::function<void(const admin::v1::GetStatusResponse&)> more{};  // what only this daemon says
};
// admin_socket, port_file, daemon, listen, metrics; and if it answers: version, daemon.deployment,
// daemon.store, daemon.certificate, daemon.confinement, daemon.memory, and `more`.
void CheckDaemon(const Subject& subject, const Expected& expected, const Machine& machine,
                 Report* report);

}  // namespace letterlock::doctor
