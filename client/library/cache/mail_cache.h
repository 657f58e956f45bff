// The local cache: what this account has opened and verified, so that a listing needs no network
// and words can be searched (docs/client.md, "The local cache"; docs/formats.md, "Local cache").
//
// It holds messages as the mailbox does, sealed end to end, and beside them a table and an index;
// all of it is sealed once more under the account. Nothing in it is believed that does not open: a
// cache that is damaged is thrown away as a whole, and made again from the server.
//
// Thread-safe; several processes may use one account: each transaction holds the cache's lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cache/message_table.h"
#include "cache/sealed_files.h"
#include "crypto/base/secret_buffer.h"
#include "crypto/base/secret_bytes.h"

namespace letterlock::client {

class MailCache {
 public:
  // Older ones (by their position in the mailbox) are left out.
  static constexpr std::size_t kMostMessages = 20'000;
  static constexpr std::size_t kMostRefusals = 1'000;
  // Of one segment: two files that are written once and never changed.
  static constexpr std::size_t kSegmentMessages = 512;
  // More than this many segments that are half empty or less are written anew as fewer.
  static constexpr std::size_t kMostSparse = 8;

  // A message to keep.
  struct Addition {
    MessageKey key;
    CachedMessage cached;  // `place` is filled in here
    std::string copy;      // serialised MailboxMessage: sealed, as the server has it
    std::vector<std::uint64_t> terms;
  };

  class Transaction {
   public:
    Transaction(Transaction&&) noexcept;
    Transaction& operator=(Transaction&&) noexcept;
    ~Transaction();

    MessageTable& table();
    // Whether there was a cache that did not open: it is gone, and the table empty.
    bool thrown_away() const;

    // Writes the copies and their terms, and takes them into the table. A message that is there
    // already is replaced.
    absl::Status Add(std::vector<Addition> additions);

    // The serialised MailboxMessage. DATA_LOSS (and the cache is thrown away) where it does not
    // open. REQUIRES: `cached` is in the table.
    absl::StatusOr<crypto::SecretBuffer> Copy(const CachedMessage& cached);

    // The messages that hold all of these terms, newest first. Errors as Copy's.
    absl::StatusOr<std::vector<MessageKey>> Search(const std::vector<std::uint64_t>& terms);

    // Keeps to the bounds, makes sparse segments fewer, and replaces the table, durably; then
    // removes what is no longer needed. A crash at any point leaves the old or the new cache.
    absl::Status Commit();

   private:
    friend class MailCache;
    struct Impl;
    explicit Transaction(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
  };

  // `folder` is the cache's own, below the account's.
  MailCache(std::string folder, const crypto::SecretBytes<32>& state_key)
      : files_(std::make_shared<const SealedFiles>(std::move(folder), state_key)) {}

  // UNAVAILABLE where another command holds the lock for longer than `patience`.
  absl::StatusOr<Transaction> Begin(absl::Duration patience = absl::Seconds(60)) const;

 private:
  const std::shared_ptr<const SealedFiles> files_;
};

}  // namespace letterlock::client
