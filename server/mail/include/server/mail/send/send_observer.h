// Where the time of a Send goes, for whoever measures it.
#pragma once

#include "absl/time/time.h"

namespace letterlock::mail {

enum class SendStage {
  kRead,    // looking in both mailboxes whether the message was sent before
  kSeal,    // checking under the lanes' locks, sealing rows, queueing the write
  kCommit,  // from there until the engine says that both mailboxes have it
};

// Thread-safe. Must not block.
class SendObserver {
 public:
  virtual ~SendObserver() = default;

  virtual void Took(SendStage stage, absl::Duration time) = 0;
};

}  // namespace letterlock::mail
