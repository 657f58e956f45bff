// Attachments of a mailbox: ciphertext under its hash, kept once, held by the messages that name it
// (docs/mail-server.md, "Attachments"). Uploads that no message names expire after 24 hours; what
// expired goes bit by bit, with the owner's next calls here. Nothing walks mailboxes.
//
// Thread-safe. Methods block on disk; call them from a pool.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "crypto/base/clock.h"
#include "crypto/base/hash.h"
#include "server/mail/mailbox/grants.h"
#include "server/mail/mailbox/mailbox.h"
#include "server/mail/mailbox/mailboxes.h"
#include "server/rpc/worker_pool.h"

namespace letterlock::mail {

class Lane;

inline constexpr std::size_t kMaxMessageAttachments = 16;
inline constexpr std::size_t kMaxPendingUploads = 16;  // of a mailbox
inline constexpr absl::Duration kUploadLifetime = absl::Hours(24);
// A copy that its message did not come for.
inline constexpr absl::Duration kDeliveryCopyLifetime = absl::Hours(1);

class Upload;
class Download;

class Attachments {
 public:
  struct Options {
    std::uint64_t quota_bytes = std::uint64_t{4} << 30;  // of a mailbox, as Quota::bytes
    std::size_t most_uploads = 64;                       // open calls; each holds up to 1 MiB
    std::size_t threads = 2;                             // that copy into recipients' mailboxes
    std::size_t queue = 256;                             // copies that wait
  };

  // Neither is owned; both outlive this.
  Attachments(const Options& options, Mailboxes& mailboxes, const crypto::Clock& clock);
  ~Attachments();
  Attachments(const Attachments&) = delete;
  Attachments& operator=(const Attachments&) = delete;

  // Where an upload stands.
  struct Standing {
    std::uint64_t stored = 0;
    std::uint64_t size = 0;
    bool complete = false;
    std::uint64_t expires_unix_ms = 0;  // 0 while messages hold it
  };
  // NOT_FOUND where nothing of it is there.
  absl::StatusOr<Standing> GetUpload(const MemberGrant& grant, const crypto::Digest& hash,
                                     absl::Time deadline);

  // Opens a call that uploads from `offset` on. An open call on the same upload ends with ABORTED,
  // BUSY at its next piece. INVALID_ARGUMENT: a size that no attachment has, or another than the
  // upload began with. OUT_OF_RANGE, UPLOAD_OFFSET: the upload does not stand there.
  // RESOURCE_EXHAUSTED: MAILBOX_FULL, TOO_MANY uploads that no message names, OVERLOADED.
  absl::StatusOr<std::shared_ptr<Upload>> StartUpload(const MemberGrant& grant,
                                                      const crypto::Digest& hash,
                                                      std::uint64_t size, std::uint64_t offset,
                                                      absl::Time deadline);

  // A range of a complete attachment; `length` 0 is to its end. NOT_FOUND; OUT_OF_RANGE,
  // FIELD_RANGE.
  absl::StatusOr<std::shared_ptr<Download>> OpenDownload(const MemberGrant& grant,
                                                         const crypto::Digest& hash,
                                                         std::uint64_t offset, std::uint64_t length,
                                                         absl::Time deadline);

  // Whether the device may go on with a call that it began. UNAUTHENTICATED: UNKNOWN_DEVICE.
  absl::Status CheckDevice(const MemberGrant& grant, absl::Time deadline);

  // For the server's own parts that change messages.

  // Removes in the background what the mailbox's messages no longer hold, and what expired.
  void RemoveSoon(const Mailbox& mailbox);
  void RemoveSoon(std::shared_ptr<Lane> lane);
  // Runs what copies, in the background. False where too much waits already.
  bool Submit(absl::Time deadline, rpc::WorkerPool::Task task);
  // Copies into `to` what it lacks of these attachments, which `from` has, in as many writes as it
  // takes; those that an earlier call began go on. RESOURCE_EXHAUSTED, MAILBOX_FULL (the
  // recipient's); ABORTED, BUSY.
  absl::Status Copy(const std::shared_ptr<Lane>& from, const std::shared_ptr<Lane>& to,
                    absl::Span<const crypto::Digest> hashes, absl::Time deadline);
  // Lets go in the background what Copy made and no message holds.
  void DropCopies(std::shared_ptr<Lane> lane, std::vector<crypto::Digest> hashes);
  // Waits for what runs in the background. For a stop, and for tests.
  void Drain();

  class Shared;

 private:
  const std::shared_ptr<Shared> shared_;
};

// One call that uploads. One piece at a time; each is over before the next. Blocks on disk for
// reading; writes go on behind.
class Upload : public std::enable_shared_from_this<Upload> {
 public:
  using Answer = absl::AnyInvocable<void(absl::Status) &&>;
  using Finished = absl::AnyInvocable<void(absl::StatusOr<std::uint64_t> expires_unix_ms) &&>;

  virtual ~Upload() = default;
  // `then` runs once, on this thread or one of the engine's, where it must not block: with OK when
  // there is room for the next piece. INVALID_ARGUMENT for bytes beyond the size; ABORTED, BUSY;
  // the store's errors.
  virtual void Append(std::string_view data, absl::Time deadline, Answer then) = 0;
  // All bytes are there: checks the hash over what is stored. OUT_OF_RANGE, UPLOAD_OFFSET where
  // bytes are missing (what came is kept); DATA_LOSS, UPLOAD_HASH (it is dropped).
  virtual absl::StatusOr<std::uint64_t> Finish(absl::Time deadline) = 0;
  // The call broke: keeps what came.
  virtual void Abandon(absl::Time deadline) = 0;
};

// One call that downloads. Not thread-safe.
class Download {
 public:
  virtual ~Download() = default;
  // The next piece, at most 64 KiB; empty at the end. NOT_FOUND where it was dropped meanwhile.
  virtual absl::StatusOr<std::string> Next(absl::Time deadline) = 0;
};

}  // namespace letterlock::mail
