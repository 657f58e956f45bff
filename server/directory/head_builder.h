// Puts together one head: the changes that it takes in, the map over them, and the batch that
// commits all of it.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "absl/status/statusor.h"
#include "attest/sparse_map.h"
#include "crypto/base/ids.h"
#include "crypto/base/random.h"
#include "engine/ordered_store.h"
#include "entry_rules.h"
#include "state_reader.h"
#include "store_layout.h"

namespace letterlock::directory {

// A head that is not in the store yet.
struct BuiltHead {
  engine::OrderedBatch batch;
  HeadRow row;
};

// Not thread-safe; for one head. Takes one change for each position: a monitor refuses any version
// step but +1.
class HeadBuilder {
 public:
  // `state` is what the head builds upon. Neither is owned.
  HeadBuilder(StateReader* state, crypto::RandomSource* random) : state_(state), random_(random) {}

  bool Touches(const crypto::Digest& position) const { return changes_.contains(position); }
  size_t size() const { return changes_.size(); }

  // REQUIRES: judged kApply against `state`, and a position that is not touched yet.
  void Add(const Publication& publication);
  absl::Status Add(const Erasure& erasure);

  // The head of the given sequence, index, time and leaf before it; `root` is the map's root so
  // far.
  absl::StatusOr<BuiltHead> Build(const crypto::DeploymentId& deployment,
                                  const crypto::Digest& root, HeadRow row) &&;

 private:
  StateReader* const state_;
  crypto::RandomSource* const random_;
  std::map<crypto::Digest, HandleState> changes_;  // by position, as UpdateMap wants them
  engine::OrderedBatch batch_;
};

}  // namespace letterlock::directory
