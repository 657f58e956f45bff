// A call whose answer is a stream of messages, as its handler sees it (service.h, SessionStream).
//
//   stream.Write(message, [=] { ...the next one... });
//
// The reader's pace is the handler's: `then` runs when gRPC has passed the message on and has room
// for another, so a slow reader costs one message of memory. A reader that takes none for
// StreamOptions::stall is cut off.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace letterlock::rpc {

struct StreamOptions {
  // Open at a time, of this method; one more gets RESOURCE_EXHAUSTED.
  std::size_t most = 256;
  // What a reader may take over one message.
  absl::Duration stall = absl::Seconds(30);
  // What the server's stop ends open streams with: OK, or UNAVAILABLE, SHUTTING_DOWN.
  bool ok_at_stop = false;
};

// Copyable; thread-safe. Where every copy is gone without an end, the caller gets INTERNAL.
class AnyStream {
 public:
  class Call;
  explicit AnyStream(std::shared_ptr<Call> call);

  // Ends the stream once: after what is being written, with this status; what is written later is
  // dropped. Any status is shown to the caller as a unary call's is.
  void End(const absl::Status& status) const;

  // Ends the stream with `status` at `when`, if nothing ended it before. The earliest counts.
  void EndAt(absl::Time when, const absl::Status& status) const;

  // `over` runs once, when the stream has ended for whatever reason (the caller left, its reader
  // stalled, the server stops, End), on any thread: at once where it has. It must not block.
  // REQUIRES: called once.
  void OnOver(std::function<void()> over) const;

  // Runs `work` on the pool; ends the stream (RESOURCE_EXHAUSTED) where that is full. Does not
  // block.
  void Run(std::function<void()> work) const;

  // Keeps `object` alive for as long as the call: longer than any work of it.
  void Keep(std::shared_ptr<const void> object) const;

 protected:
  void WriteAny(const google::protobuf::Message& message, std::function<void()> then) const;

 private:
  struct Hold;
  std::shared_ptr<const Hold> hold_;
};

template <class Response>
class Stream : public AnyStream {
 public:
  explicit Stream(AnyStream stream) : AnyStream(std::move(stream)) {}

  // Sends one message. `then` runs on the pool when the next may be sent; never where the stream
  // ends before. REQUIRES: no other message is being written.
  void Write(const Response& message, std::function<void()> then) const {
    WriteAny(message, std::move(then));
  }
};

}  // namespace letterlock::rpc
