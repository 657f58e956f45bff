// The sole right to change what a mailbox keeps of some messages, from before their rows are read
// until the write is answered: so that two changes of one message do not build on the same state.
// Arrivals need none. Private to server/mail.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mailbox/lane.h"

namespace letterlock::mail {

// Given back when it is destroyed, on any thread that does not hold the lane's lock.
class Reservation {
 public:
  // Waits until nobody else has any of them; all at once, so that two can't wait for each other.
  // DEADLINE_EXCEEDED (server/rpc/status.h). REQUIRES: row keys of messages, each once; not on a
  // thread of the engine.
  static absl::StatusOr<std::shared_ptr<const Reservation>> Take(std::shared_ptr<Lane> lane,
                                                                 std::vector<std::string> row_keys,
                                                                 absl::Time deadline);
  ~Reservation();
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;

 private:
  Reservation(std::shared_ptr<Lane> lane, std::vector<std::string> row_keys)
      : lane_(std::move(lane)), row_keys_(std::move(row_keys)) {}

  const std::shared_ptr<Lane> lane_;
  const std::vector<std::string> row_keys_;
};

}  // namespace letterlock::mail
