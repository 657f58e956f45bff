#include "mailbox/profile_edit.h"

#include <string>
#include <utility>

#include "mailbox/sealing.h"
#include "server/mail/mailbox/engine_calls.h"

namespace letterlock::mail {
namespace {

// Lost races and failed writes that one edit makes up for.
constexpr int kMostAttempts = 8;

}  // namespace

absl::StatusOr<bool> EditProfile(const std::shared_ptr<Lane>& lane, absl::Time deadline,
                                 ProfileEdit edit, absl::FunctionRef<void()> queued) {
  absl::Status last = absl::AbortedError("not tried");
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    if (absl::Status loaded = lane->Load(deadline); !loaded.ok()) return loaded;
    auto pending = PendingAnswer<engine::Generation>::Make();
    {
      absl::MutexLock lock(&lane->mu);
      Lane::View* view = lane->view();
      if (view == nullptr) continue;
      Profile profile = view->profile;
      engine::Batch batch;
      if (absl::Status edited = edit(profile, *view->keys, batch); !edited.ok()) return edited;
      const std::string row = EncodeProfile(profile);
      const bool same =
          batch.puts.empty() && batch.deletes.empty() && row == EncodeProfile(view->profile);
      // What makes it so may be a write that is not on disk yet: one behind that tells.
      if (same && lane->committed() == view->next) return false;
      batch.puts.push_back(SealRow(*view->keys, {table::kProfile, ""}, row));
      const engine::Generation expected = view->next;
      view->profile = std::move(profile);
      const std::uint64_t incarnation = lane->Queue();
      lane->engine().Apply(lane->tag(), expected, std::move(batch),
                           [lane, pending, incarnation](absl::StatusOr<engine::Generation> answer) {
                             lane->Answer(incarnation, answer.status());
                             pending->Fill(std::move(answer));
                           });
    }
    queued();
    auto answer = pending->WaitUntil(deadline);
    if (!answer) return WriteError(absl::UnavailableError("not answered"));
    if (answer->ok()) return true;
    last = answer->status();
    const bool again =
        absl::IsAborted(last) || (absl::IsUnavailable(last) && lane->engine().Writable().ok());
    if (!again) break;
  }
  return WriteError(last);
}

}  // namespace letterlock::mail
