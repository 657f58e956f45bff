// The mail protos' words for what message.h says. Private to the library.
#pragma once

#include <optional>

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
  switch (folder) {
    case Folder::kInbox:
      return mail::v1::FOLDER_INBOX;
    case Folder::kSent:
      return mail::v1::FOLDER_SENT;
    case Folder::kRequests:
      return mail::v1::FOLDER_REQUESTS;
    case Folder::kImported:
      return mail::v1::FOLDER_IMPORTED;
    case Folder::kArchive:
      return mail::v1::FOLDER_ARCHIVE;
  }
  return mail::v1::FOLDER_UNSPECIFIED;
}

// What this version does not know is shown among the messages that came.
inline Folder FolderOf(mail::v1::Folder folder) {
  switch (folder) {
    case mail::v1::FOLDER_SENT:
      return Folder::kSent;
    case mail::v1::FOLDER_REQUESTS:
      return Folder::kRequests;
    case mail::v1::FOLDER_IMPORTED:
      return Folder::kImported;
    default:
      return Folder::kInbox;
  }
}

// What the server says of a message, as opposed to what its sender sealed.
inline void SetState(const mail::v1::MessageState& state, Message* message) {
  message->folder = FolderOf(state.folder());
  message->accepted_unix_ms = state.accepted_unix_ms();
  message->sequence = state.sequence();
  message->read = state.read();
  message->archived = state.archived();
  message->labels.assign(state.labels().begin(), state.labels().end());
  message->delivery = state.folder() == mail::v1::FOLDER_SENT
                          ? std::optional(DeliveryOf(state.delivery()))
                          : std::nullopt;
}

}  // namespace letterlock::client
