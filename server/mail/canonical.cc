#include "canonical.h"

#include <climits>

namespace letterlock::mail {

bool ParseCanonical(std::string_view bytes, google::protobuf::Message* message) {
  if (bytes.size() > INT_MAX) return false;
  if (!message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
  // Unknown fields would be kept and written again, so the comparison alone would not find them.
  message->DiscardUnknownFields();
  if (message->ByteSizeLong() != bytes.size()) return false;
  return message->SerializeAsString() == bytes;
}

}  // namespace letterlock::mail
