// What a doctor asks of the machine and of the daemon that runs. An interface, so that tests can
// have the machine that a check is about. Nothing here changes anything, but for Become.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/config/address.h"

namespace letterlock::admin::v1 {
class GetStatusResponse;
}  // namespace letterlock::admin::v1

namespace letterlock::doctor {

// What the kernel says of its clock (adjtimex).
struct ClockState {
  bool synchronised = false;
  absl::Duration most_error;  // that the synchronisation admits to
};

struct DiskSpace {
  std::uint64_t free_bytes = 0;  // for the daemon's user
  std::uint64_t all_bytes = 0;
  std::uint64_t free_files = 0;
  std::uint64_t all_files = 0;  // 0: the file system does not count them
  bool read_only = false;
};

class Machine {
 public:
  virtual ~Machine() = default;

  virtual absl::Time Now() const = 0;
  virtual absl::StatusOr<ClockState> Clock() const = 0;
  virtual absl::StatusOr<DiskSpace> SpaceAt(const std::string& directory) const = 0;
  // As confine::MissingLayers.
  virtual std::vector<std::string> MissingLayers() const = 0;

  // Whether a server could listen there now: OK; ALREADY_EXISTS: another does; NOT_FOUND: no
  // address of this machine; PERMISSION_DENIED: a port that this user may not have.
  virtual absl::Status CanListen(const config::ListenAddress& address) const = 0;
  // Whether something listens there.
  virtual absl::Status CanConnect(const config::ListenAddress& address) const = 0;

  // Who listens at a Unix socket; nothing: nobody, or it is closed to this user.
  virtual std::optional<uid_t> ListenerAt(const std::string& socket) const = 0;
  // As admin::AskStatus.
  virtual absl::StatusOr<admin::v1::GetStatusResponse> AskStatus(
      const std::string& socket) const = 0;

  // Whose eyes this looks with.
  virtual uid_t Me() const = 0;
  // For root: looks with this user's eyes from here on.
  virtual absl::Status Become(uid_t user) const = 0;
};

// The one that this program runs on.
std::unique_ptr<Machine> ThisMachine();

// The name of a user, or the number as text.
std::string UserName(uid_t user);
// NOT_FOUND. Takes a number, too.
absl::StatusOr<uid_t> UserOf(const std::string& name);

}  // namespace letterlock::doctor
