// A call whose request is a stream of messages, as its handler sees it (service.h,
// SessionIncoming).
//
//   incoming.Next([=](const Request* message) { ...; incoming.Next(...) or incoming.Answer(...) });
//
// The handler's pace is the caller's: no message is read before the handler asks for it, so a fast
// caller costs one message of memory. One who sends none for StreamOptions::stall is cut off.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "server/rpc/stream.h"

namespace letterlock::rpc {

// Copyable; thread-safe. Where every copy is gone without an end, the caller gets INTERNAL.
class AnyIncoming {
 public:
  class Call;
  explicit AnyIncoming(std::shared_ptr<Call> call);

  // Ends the call once, without an answer. REQUIRES: status is not OK.
  void End(const absl::Status& status) const;

  // `over` runs once, when the call has ended for whatever reason (an answer, the caller left or
  // stalled, the server stops), on any thread: at once where it has. It must not block. REQUIRES:
  // called once.
  void OnOver(std::function<void()> over) const;

  // Runs `work` on the pool; ends the call (RESOURCE_EXHAUSTED) where that is full. Does not block.
  void Run(std::function<void()> work) const;

  // Keeps `object` alive for as long as the call: longer than any work of it.
  void Keep(std::shared_ptr<const void> object) const;

 protected:
  using Took = std::function<void(const google::protobuf::Message*)>;
  void NextAny(Took took) const;
  void AnswerAny(const google::protobuf::Message& response) const;

 private:
  struct Hold;
  std::shared_ptr<const Hold> hold_;
};

template <class Request, class Response>
class Incoming : public AnyIncoming {
 public:
  explicit Incoming(AnyIncoming incoming) : AnyIncoming(std::move(incoming)) {}

  // Asks for one message. `took` runs on the pool, with the message, which lives until it returns,
  // or with nullptr where the caller has sent all; never where the call ends before. A message that
  // does not parse ends the call. REQUIRES: no other message is being waited for.
  void Next(std::function<void(const Request*)> took) const {
    NextAny([took = std::move(took)](const google::protobuf::Message* message) {
      took(static_cast<const Request*>(message));
    });
  }
  // Ends the call with OK and this answer, whether or not the caller has sent all.
  void Answer(const Response& response) const { AnswerAny(response); }
};

}  // namespace letterlock::rpc
