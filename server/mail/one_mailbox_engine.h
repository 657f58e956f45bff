// An engine that hides that it can commit several mailboxes at once, so that the real daemon sends
// in three steps, as it will on a distributed one. For tests of crashes and for comparison.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"

namespace letterlock::mail {

// Thread-safe as the engine behind it, which is not owned and outlives this.
class OneMailboxEngine final : public engine::Engine {
 public:
  explicit OneMailboxEngine(engine::Engine& engine) : engine_(engine) {}

  void Apply(engine::MailboxTag tag, engine::Generation expected, engine::Batch batch,
             engine::Done<engine::Generation> done) override {
    engine_.Apply(tag, expected, std::move(batch), std::move(done));
  }
  void ApplyTogether(std::vector<engine::MailboxWrite> writes,
                     engine::Done<std::vector<engine::Generation>> done) override {
    // The engine behind answers, as the contract wants it, on a thread of its own: an empty list is
    // INVALID_ARGUMENT there, so name the error here.
    engine_.ApplyTogether({}, [done = std::move(done)](const auto&) mutable {
      std::move(done)(absl::UnimplementedError("one mailbox at a time"));
    });
    writes.clear();
  }
  bool CommitsTogether() const override { return false; }
  void Drop(engine::MailboxTag tag, engine::Generation expected,
            engine::Done<engine::Generation> done) override {
    engine_.Drop(tag, expected, std::move(done));
  }
  void Read(engine::MailboxTag tag, absl::Span<const engine::RowKey> keys,
            engine::Done<engine::Rows> done) override {
    engine_.Read(tag, keys, std::move(done));
  }
  void ReadRow(engine::MailboxTag tag, const engine::RowKey& key,
               engine::Done<std::optional<std::string>> done) override {
    engine_.ReadRow(tag, key, std::move(done));
  }
  void Scan(engine::MailboxTag tag, engine::Table table, engine::Range range,
            engine::Done<engine::Page> done) override {
    engine_.Scan(tag, table, std::move(range), std::move(done));
  }
  absl::Status Writable() const override { return engine_.Writable(); }

 private:
  engine::Engine& engine_;
};

}  // namespace letterlock::mail
