// A witness (C2SP tlog-witness v1.0.0, with the monitor retrieval of commit 5ba5ee8), without its
// transport: it cosigns a checkpoint of a log that it watches if the tree continues the one that it
// cosigned last, and has remembered it before anybody sees the cosignature.
#pragma once

#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "cosigner.h"
#include "witness_memory.h"

namespace letterlock::audit {

struct WitnessAnswer {
  int status = 0;  // HTTP
  std::string content_type{};
  std::string body{};
  // For the operator's log, in a word or two; never what the request held. Empty: nothing of note.
  std::string event{};
};

// Thread-safe.
class Witness {
 public:
  // All outlive it.
  Witness(Cosigner* cosigner, WitnessMemory* memory) : cosigner_(cosigner), memory_(memory) {}

  // `POST add-checkpoint`:
  //   200 the cosignature as a note's signature line
  //   400 malformed, or an old size beyond the checkpoint's
  //   403 not signed by the log's key       404 an origin that is not watched
  //   409 the old size is not that of the checkpoint that was cosigned last, which the body tells;
  //       or the same size with another root: a fork
  //   422 the tree does not continue that one
  //   500 the memory can't be read or written: nothing was cosigned
  WitnessAnswer AddCheckpoint(std::string_view body) ABSL_LOCKS_EXCLUDED(mu_);

  // Whether it can go on from the record: DATA_LOSS for a note that is not a checkpoint of that log
  // with this witness's cosignature.
  absl::Status Check(const WatchedLog& log) const;

  // `GET <origin hash>/checkpoint`: the newest checkpoint with the log's signature and the
  // witness's; 404 where there is none.
  WitnessAnswer NewestCheckpoint(std::string_view origin_hash) const;

 private:
  Cosigner* const cosigner_;
  WitnessMemory* const memory_;
  absl::Mutex mu_;  // from reading the newest checkpoint to having replaced it
};

}  // namespace letterlock::audit
