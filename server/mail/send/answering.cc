#include "send/answering.h"

#include <utility>
#include <vector>

#include "mailbox/contacts.h"
#include "mailbox/sealing.h"
#include "send/outbox.h"
#include "server/mail/mailbox/engine_calls.h"
#include "server/mail/mailbox/rows.h"

namespace letterlock::mail {
namespace {

constexpr int kMostAttempts = 8;

std::uint64_t NowMs(const Sender::Context& context) {
  return static_cast<std::uint64_t>(absl::ToUnixMillis(context.clock.Now()));
}

void SettleLater(Lane& lane) {
  absl::MutexLock lock(&lane.mu);
  lane.outbox_checked = false;
}

void PutCounters(const Lane::View& view, engine::Batch* batch) {
  batch->puts.push_back(SealRow(*view.keys, {table::kCounters, ""}, EncodeCounters(view.counters)));
}

}  // namespace

absl::Status Answering::Respond(Sender::Context& context, const Mailbox& mailbox,
                                const crypto::MemberId& requester, Decision decision,
                                absl::Time deadline) {
  const LanePtr& own = mailbox.lane_;
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    const auto check = [&](Lane::View&, Contact& contact, engine::Batch&) -> absl::StatusOr<bool> {
      if (absl::Status may = CheckAnswering(contact, decision); !may.ok()) return may;
      return false;
    };
    auto checked = EditContact(own, requester, deadline, check);
    if (!checked.ok()) return checked.status();
    absl::Status moved = MoveRequests(own, requester, decision == Decision::kDecline, deadline);
    if (!moved.ok()) return moved;

    auto other = LaneOfOther(context, requester, deadline);
    if (!other.ok()) return other.status();
    auto answered = context.engine.CommitsTogether() && *other != nullptr
                        ? Together(context, own, *other, decision, deadline)
                        : Stepwise(context, mailbox, requester, decision, deadline);
    if (!answered.ok()) return answered.status();
    if (*answered) return absl::OkStatus();
  }
  return WriteError(absl::AbortedError("too many attempts"));
}

absl::StatusOr<Answering::LanePtr> Answering::LaneOfOther(Sender::Context& context,
                                                          const crypto::MemberId& other,
                                                          absl::Time deadline) {
  auto opened = context.mailboxes.Open(AnswerGrant(AnswerGrant::Maker(), other), deadline);
  if (absl::IsNotFound(opened.status())) return nullptr;
  if (!opened.ok()) return opened.status();
  return opened->lane_;
}

absl::StatusOr<bool> Answering::Together(Sender::Context& context, const LanePtr& own,
                                         const LanePtr& other, Decision decision,
                                         absl::Time deadline) {
  auto found = FindContact(*own, other->member(), deadline);
  if (!found.ok()) return found.status();
  auto found_there = FindContact(*other, own->member(), deadline);
  if (!found_there.ok()) return found_there.status();
  using Generations = std::vector<engine::Generation>;
  auto pending = PendingAnswer<Generations>::Make();
  {
    TwoLanes lock(*own, *other);
    Lane::View* const mine = own->view();
    Lane::View* const theirs = other->view();
    if (mine == nullptr || own->incarnation() != found->incarnation) return false;
    if (theirs == nullptr || other->incarnation() != found_there->incarnation) return false;
    ContactCache::Entry* const requester = EntryOf(*own, other->member(), *found);
    ContactCache::Entry* const answerer = EntryOf(*other, own->member(), *found_there);
    if (requester == nullptr || answerer == nullptr) return false;
    if (absl::Status may = CheckAnswering(requester->contact, decision); !may.ok()) return may;
    if (!requester->contact.requests.empty()) return false;
    if (!CountAnswering(decision, &requester->contact)) return true;

    const std::uint64_t sequence = mine->counters.next_sequence++;
    CountAnswered(context.options.limits, NowMs(context), decision, sequence, &answerer->contact,
                  &theirs->counters.account);
    std::vector<engine::MailboxWrite> writes(2);
    writes[0] = {own->tag(), mine->next, {}};
    PutContact(*mine, requester, &writes[0].batch);
    PutCounters(*mine, &writes[0].batch);
    writes[1] = {other->tag(), theirs->next, {}};
    PutContact(*theirs, answerer, &writes[1].batch);
    PutCounters(*theirs, &writes[1].batch);
    const std::uint64_t incarnation = own->Queue();
    const std::uint64_t incarnation_there = other->Queue();
    context.engine.ApplyTogether(
        std::move(writes),
        [own, other, pending, incarnation, incarnation_there](absl::StatusOr<Generations> answer) {
          own->Answer(incarnation, answer.status());
          other->Answer(incarnation_there, answer.status());
          pending->Fill(std::move(answer));
        });
  }
  context.Reached(point::kRespondQueued);
  auto answer = pending->WaitUntil(deadline);
  if (!answer) return WriteError(absl::UnavailableError("not answered"));
  if (answer->ok()) context.Reached(point::kRespondDurable);
  if (answer->ok()) return true;
  const bool again = absl::IsAborted(answer->status()) ||
                     (absl::IsUnavailable(answer->status()) && context.engine.Writable().ok());
  if (again) return false;
  return WriteError(answer->status());
}

absl::StatusOr<bool> Answering::Stepwise(Sender::Context& context, const Mailbox& mailbox,
                                         const crypto::MemberId& requester, Decision decision,
                                         absl::Time deadline) {
  const AnswerToTell answer{requester, decision};
  bool requests = false;
  std::uint64_t sequence = 0;
  const auto decide = [&](Lane::View& view, Contact& contact,
                          engine::Batch& batch) -> absl::StatusOr<bool> {
    if (absl::Status may = CheckAnswering(contact, decision); !may.ok()) return may;
    requests = !contact.requests.empty();
    if (requests || !CountAnswering(decision, &contact)) return false;
    sequence = view.counters.next_sequence++;
    batch.puts.push_back(
        SealRow(*view.keys, {table::kOutbox, SequenceKey(sequence)}, EncodeAnswerToTell(answer)));
    return true;
  };
  auto decided = EditContact(mailbox.lane_, requester, deadline, decide);
  if (!decided.ok()) return decided.status();
  if (!*decided && sequence != 0) {
    // It was written, and the answer to that lost. Its number may be another's by now, if it was
    // not.
    SettleLater(*mailbox.lane_);
    Outbox::Settle(context, mailbox);
    return true;
  }
  if (!*decided) return !requests;
  context.Reached(point::kRespondStepOne);
  if (!Tell(context, mailbox, sequence, answer, deadline).ok()) {
    // It is decided. Whoever opens the mailbox next goes on.
    SettleLater(*mailbox.lane_);
  }
  return true;
}

absl::Status Answering::Tell(Sender::Context& context, const Mailbox& mailbox,
                             std::uint64_t sequence, const AnswerToTell& answer,
                             absl::Time deadline) {
  auto other = LaneOfOther(context, answer.requester, deadline);
  if (!other.ok()) return other.status();
  if (*other != nullptr) {
    const auto tell = [&](Lane::View& view, Contact& contact,
                          engine::Batch&) -> absl::StatusOr<bool> {
      return CountAnswered(context.options.limits, NowMs(context), answer.decision, sequence,
                           &contact, &view.counters.account);
    };
    auto told = EditContact(*other, mailbox.lane_->member(), deadline, tell);
    if (!told.ok()) return told.status();
  }
  context.Reached(point::kRespondStepTwo);
  const auto clear = [&](Lane::View&, Contact&, engine::Batch& batch) -> absl::StatusOr<bool> {
    batch.deletes.push_back({table::kOutbox, SequenceKey(sequence)});
    return true;
  };
  auto cleared = EditContact(mailbox.lane_, answer.requester, deadline, clear);
  if (cleared.ok()) context.Reached(point::kRespondStepThree);
  return cleared.status();
}

}  // namespace letterlock::mail
