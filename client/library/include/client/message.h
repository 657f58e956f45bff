// What members write and read, as values. A Message exists only once its signature was verified.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/attachments.h"
#include "crypto/base/ids.h"
#include "crypto/base/secret_buffer.h"
#include "crypto/seal/content.h"

namespace letterlock::client {

enum class BodyFormat { kPlain, kHtml };

enum class Folder {
  kInbox,
  kSent,
  kRequests,  // first contacts that nobody has answered
  kImported,  // brought along by the member, vouched for by nobody
  kArchive,   // for listing: what is archived, wherever it arrived
};

enum class Delivery {
  kPending,    // in the sender's mailbox, on its way
  kDelivered,  // in both mailboxes
  kRefused,    // the recipient's mailbox does not take it
};

// UTF-8; at most 200 and 2,000 characters (docs/formats.md, "Envelope").
struct Draft {
  crypto::Handle to;
  crypto::SecretBuffer subject;
  crypto::SecretBuffer body;
  BodyFormat format = BodyFormat::kPlain;
  std::optional<crypto::ThreadId> thread;  // absent: starts one
  // Paths of files that go with it: at most 16, each at most 25 MiB.
  std::vector<std::string> files{};
  Progress progress{};
};

struct SendReceipt {
  crypto::MessageId id;
  crypto::ThreadId thread;
  Delivery delivery = Delivery::kPending;
  std::uint64_t accepted_unix_ms = 0;
};

struct Message {
  Folder folder = Folder::kInbox;
  crypto::MessageId id;
  crypto::ThreadId thread;
  crypto::Handle from;
  crypto::Handle to;
  crypto::MemberId sender;
  // The signature verifies under an identity key that the sender has replaced since: whoever has
  // that key, a thief of it too, may have written this.
  bool key_replaced = false;
  crypto::SecretBuffer subject;
  crypto::SecretBuffer body;
  BodyFormat format = BodyFormat::kPlain;
  std::size_t attachments = 0;
  // Of a message that was read by itself: Client::Save fetches one of them.
  std::vector<seal::Attachment> files{};
  // Likewise, of one that the member imported: what its archive says of it, vouched for by nobody.
  std::optional<seal::Imported> imported{};
  std::uint64_t sent_unix_ms = 0;      // the sender's clock
  std::uint64_t accepted_unix_ms = 0;  // the server's
  std::optional<Delivery> delivery;    // of sent ones
  std::uint64_t sequence = 0;          // position in the mailbox: grows with arrival
  bool read = false;
  bool archived = false;
  std::vector<std::string> labels;  // which the server reads
};

}  // namespace letterlock::client
