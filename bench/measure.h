// Calls of the mail service, at the mail server and at the ceiling, in turn within one run.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "load.h"
#include "mailboxes.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace letterlock::bench {

struct Target {
  std::shared_ptr<grpc::Channel> channel;
  int pid = 0;  // whose CPU time counts
};

// One call at one concurrency: medians over the rounds.
struct Figure {
  double calls_per_second = 0;
  absl::Duration p50;
  absl::Duration p99;
  absl::Duration server_cpu_per_call;
};

struct Row {
  std::string call;
  int outstanding = 0;
  Figure echo;
  Figure mail;
  double ratio = 0;  // of calls per second, mail to echo: the median of the rounds' own ratios
};

class Measurement {
 public:
  // Both targets are not owned. `rounds` is odd: the median is a round that took place.
  Measurement(const Target& echo, const Target& mail, const std::vector<BenchMember>& members,
              int rounds)
      : echo_(echo), mail_(mail), members_(members), rounds_(rounds) {}

  // Sends each of `sends` once to the mail server, a round's share in each round, and to the echo
  // as often.
  absl::StatusOr<Row> Send(int outstanding, const std::vector<SealedSend>& sends);

  // Fetches `batch` of the messages that were sent, `calls` times a round.
  absl::StatusOr<Row> BatchGet(int outstanding, const std::vector<SealedSend>& sent, int batch,
                               int64_t calls);

 private:
  absl::StatusOr<Row> Compare(const std::string& call, int outstanding, int64_t calls,
                              const StartCall& at_echo, const StartCall& at_mail);

  const Target& echo_;
  const Target& mail_;
  const std::vector<BenchMember>& members_;
  const int rounds_;
};

}  // namespace letterlock::bench
