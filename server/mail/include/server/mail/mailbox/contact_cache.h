// The contact rows of one mailbox that a lane remembers: as they will be when all queued writes are
// done. Belongs to a view and goes with it.
//
// Not thread-safe: the lane's lock is its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "crypto/base/ids.h"
#include "engine/row.h"
#include "server/mail/rules/contact.h"

namespace letterlock::mail {

class ContactCache {
 public:
  struct Entry {
    Contact contact;
    std::string row_key;
    engine::Generation written = engine::kNoPartition;  // by the last write that holds it
    std::uint64_t used = 0;
  };

  // The entry, or nullptr. Good until the next Add.
  Entry* Find(const crypto::MemberId& member);

  // Remembers what was read at generation `read`, unless there is an entry already: that goes
  // before. nullptr where the row was written behind that generation, by an entry that is gone.
  // Beyond kMost those go that were used longest ago and whose writes are at most `committed`.
  Entry* Add(Contact contact, std::string row_key, engine::Generation read,
             engine::Generation committed);

 private:
  static constexpr std::size_t kMost = 32;

  void Shrink(engine::Generation committed);

  absl::flat_hash_map<crypto::MemberId, std::unique_ptr<Entry>> entries_;
  engine::Generation forgotten_ = engine::kNoPartition;  // the last write of any entry that is gone
  std::uint64_t uses_ = 0;
};

}  // namespace letterlock::mail
