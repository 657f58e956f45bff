// Changes some messages of one mailbox, each by one atomic write. Private to server/mail.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "mailbox/found_messages.h"
#include "mailbox/lane.h"

namespace letterlock::mail {

struct EachWrite {
  // Whether the message, as it was found, may be changed; before anything is written, without a
  // lock. May read.
  std::function<absl::Status(std::size_t index, const FoundMessage&)> check;
  // Behind all checks, likewise; may be empty.
  std::function<absl::Status(const FoundMessages&)> prepare{};
  // Whether what `check` read besides the message still holds, under the lane's lock and right
  // before `write`; where not, the message is found and checked anew. May be empty: it does.
  std::function<bool(std::size_t index, const FoundMessage&)> current{};
  // The write, which the view counts from here on; nothing where there is nothing to change. Called
  // again for what failed in a way that another attempt may mend.
  std::function<std::optional<engine::Batch>(std::size_t index, const FoundMessage&, Lane::View&)>
      write;
  std::function<void()> queued;   // all are with the engine
  std::function<void()> durable;  // one is on disk; on a thread of the engine
};

// Reserves the messages, reads them, queues all writes at once and waits for the answers. Errors as
// of Changes::Update. Blocks. REQUIRES: row keys, each once, at most engine::kMaxReadKeys.
absl::Status WriteEach(const std::shared_ptr<Lane>& lane, const std::vector<std::string>& row_keys,
                       const EachWrite& each, absl::Time deadline);

}  // namespace letterlock::mail
