// A write on its way from the caller to the disk and back.
#pragma once

#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "engine/engine.h"
#include "engine/row.h"

namespace letterlock::engine {

struct PendingWrite {
  std::vector<MailboxWrite> writes;
  bool drop = false;  // of the one mailbox in `writes`, whose batch is then empty
  std::variant<Done<Generation>, Done<std::vector<Generation>>> done;

  size_t bytes = 0;  // what it takes up in the queue: Size(), once it is there

  size_t Size() const {
    size_t sum = sizeof(PendingWrite);
    for (const MailboxWrite& write : writes) sum += sizeof(MailboxWrite) + BatchBytes(write.batch);
    return sum;
  }

  // The generation that a mailbox has once this is applied.
  Generation After(const MailboxWrite& write) const {
    return drop ? kNoPartition : write.expected + 1;
  }

  // Runs `done`. Once.
  void Answer(const absl::Status& status) && {
    if (auto* one = std::get_if<Done<Generation>>(&done)) {
      if (!status.ok()) return std::move(*one)(status);
      return std::move(*one)(After(writes.front()));
    }
    auto& all = std::get<Done<std::vector<Generation>>>(done);
    if (!status.ok()) return std::move(all)(status);
    std::vector<Generation> after;
    after.reserve(writes.size());
    for (const MailboxWrite& write : writes) after.push_back(After(write));
    std::move(all)(std::move(after));
  }
};

}  // namespace letterlock::engine
