// What all sends share. Private to the send part.
#pragma once

#include <atomic>
#include <cstddef>
#include <string_view>

#include "absl/time/clock.h"
#include "send/timers.h"
#include "server/mail/send/sender.h"

namespace letterlock::mail {

class Sender::Context {
 public:
  Context(const Options& options_in, engine::Engine& engine_in, Mailboxes& mailboxes_in,
          const crypto::Clock& clock_in, rpc::WorkerPool& background_in)
      : options(options_in),
        engine(engine_in),
        mailboxes(mailboxes_in),
        clock(clock_in),
        background(background_in) {}

  const Options options;
  engine::Engine& engine;
  Mailboxes& mailboxes;
  const crypto::Clock& clock;
  rpc::WorkerPool& background;

  void Reached(std::string_view where) {
    if (options.points != nullptr) options.points->Reached(where);
  }

  // `since`: when the stage began.
  void Took(SendStage stage, absl::Time since) {
    if (options.observer != nullptr) options.observer->Took(stage, absl::Now() - since);
  }

  std::atomic<std::size_t> in_flight{0};
  std::atomic<std::size_t> postponed{0};
  // Last: its thread uses the others.
  Timers timers;
};

}  // namespace letterlock::mail
