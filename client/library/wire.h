// The mail protos' words for what message.h says. Private to the library.
#pragma once

#include "client/message.h"
#include "letterlock/mail/v1/mailbox.pb.h"

namespace letterlock::client {

inline Delivery DeliveryOf(mail::v1::DeliveryState state) {
  switch (state) {
    case mail::v1::DELIVERY_STATE_DELIVERED:
      return Delivery::kDelivered;
    case mail::v1::DELIVERY_STATE_REFUSED:
      return Delivery::kRefused;
    default:
      return Delivery::kPending;
  }
}

inline mail::v1::Folder WireFolder(Folder folder) {
  return folder == Folder::kInbox ? mail::v1::FOLDER_INBOX : mail::v1::FOLDER_SENT;
}

}  // namespace letterlock::client
