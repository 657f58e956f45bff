// A recipient's mailbox as the rules of sending see it: one can put a sealed copy in, and learn
// whether a key is the recipient's current one. There is no method that gives out a message, a
// list, a count or any other row, and a Dropbox does not turn into a Mailbox: who was given a
// DeliveryGrant can't read.
//
// The server's own code behind it (SendOperation) counts, looks for the one row that says whether
// this very message was delivered before, and appends.
//
// A cheap handle; thread-safe.
#pragma once

#include <memory>
#include <utility>

#include "crypto/base/ids.h"

namespace letterlock::mail {

class Lane;

class Dropbox {
 public:
  const crypto::MemberId& owner() const;

 private:
  friend class Mailboxes;
  friend class SendOperation;
  friend class Answering;
  friend class Reports;
  explicit Dropbox(std::shared_ptr<Lane> lane) : lane_(std::move(lane)) {}

  std::shared_ptr<Lane> lane_;
};

}  // namespace letterlock::mail
