#include "sync/write_each.h"

#include <utility>

#include "mailbox/reservation.h"
#include "server/mail/mailbox/engine_calls.h"

namespace letterlock::mail {
namespace {

// Lost races and failed writes that one call makes up for before it tells its caller to try later.
constexpr int kMostAttempts = 8;

using Pending = std::shared_ptr<PendingAnswer<engine::Generation>>;

class Writing {
 public:
  Writing(const std::shared_ptr<Lane>& lane, const std::vector<std::string>& row_keys,
          const EachWrite& each, absl::Time deadline)
      : lane_(lane), row_keys_(row_keys), each_(each), deadline_(deadline) {
    for (std::size_t i = 0; i < row_keys.size(); ++i) left_.push_back(i);
  }

  absl::Status Run() {
    for (int attempt = 0; attempt < kMostAttempts && !left_.empty(); ++attempt) {
      absl::Status tried = Try();
      if (!tried.ok()) return tried;
      if (!left_.empty() && !MayRetry()) break;
    }
    return left_.empty() ? absl::OkStatus() : WriteError(last_);
  }

 private:
  bool MayRetry() const {
    return absl::IsAborted(last_) ||
           (absl::IsUnavailable(last_) && lane_->engine().Writable().ok());
  }

  // What failed or was outdated stays in left_, and why in last_. An error ends it all.
  absl::Status Try() {
    std::vector<std::string> keys;
    for (const std::size_t index : left_) keys.push_back(row_keys_[index]);
    auto reserved = Reservation::Take(lane_, keys, deadline_);
    if (!reserved.ok()) return reserved.status();
    auto found = FindMessages(*lane_, keys, deadline_, /*with_messages=*/true);
    if (!found.ok()) return found.status();
    for (std::size_t i = 0; i < left_.size(); ++i) {
      absl::Status good = each_.check(left_[i], found->messages[i]);
      if (!good.ok()) return good;
    }
    if (each_.prepare) {
      if (absl::Status prepared = each_.prepare(*found); !prepared.ok()) return prepared;
    }
    if (!Queue(*found, *std::move(reserved))) return absl::OkStatus();
    each_.queued();
    return Await();
  }

  // False where what was found may be outdated.
  bool Queue(const FoundMessages& found, std::shared_ptr<const Reservation> reserved) {
    pending_.clear();
    outdated_.clear();
    absl::MutexLock lock(&lane_->mu);
    Lane::View* const view = lane_->view();
    if (view == nullptr || lane_->incarnation() != found.incarnation) {
      last_ = absl::AbortedError("a write failed just now");
      return false;
    }
    for (std::size_t i = 0; i < left_.size(); ++i) {
      if (each_.current && !each_.current(left_[i], found.messages[i])) {
        outdated_.push_back(left_[i]);
        continue;
      }
      std::optional<engine::Batch> batch = each_.write(left_[i], found.messages[i], *view);
      if (!batch) continue;
      auto answer = PendingAnswer<engine::Generation>::Make();
      pending_.emplace_back(left_[i], answer);
      const engine::Generation expected = view->next;
      const std::uint64_t incarnation = lane_->Queue();
      lane_->engine().Apply(lane_->tag(), expected, *std::move(batch),
                            [lane = lane_, answer, incarnation, reserved,
                             durable = each_.durable](absl::StatusOr<engine::Generation> result) {
                              lane->Answer(incarnation, result.status());
                              if (result.ok()) durable();
                              answer->Fill(std::move(result));
                            });
    }
    return true;
  }

  absl::Status Await() {
    left_ = std::move(outdated_);
    if (!left_.empty()) last_ = absl::AbortedError("what was read is outdated");
    for (auto& [index, answer] : pending_) {
      auto result = answer->WaitUntil(deadline_);
      if (!result) return WriteError(absl::UnavailableError("not answered yet"));
      if (result->ok()) continue;
      last_ = result->status();
      left_.push_back(index);
    }
    return absl::OkStatus();
  }

  const std::shared_ptr<Lane> lane_;
  const std::vector<std::string>& row_keys_;
  const EachWrite& each_;
  const absl::Time deadline_;
  std::vector<std::size_t> left_;  // of row_keys_, what is to be done
  std::vector<std::pair<std::size_t, Pending>> pending_;
  std::vector<std::size_t> outdated_;  // of left_, what this attempt could not queue
  absl::Status last_ = absl::AbortedError("not tried");
};

}  // namespace

absl::Status WriteEach(const std::shared_ptr<Lane>& lane, const std::vector<std::string>& row_keys,
                       const EachWrite& each, absl::Time deadline) {
  return Writing(lane, row_keys, each, deadline).Run();
}

}  // namespace letterlock::mail
