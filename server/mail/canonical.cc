#include "canonical.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/unknown_field_set.h>

#include <climits>

namespace letterlock::mail {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Anywhere in it. Asks for fields that are messages alone: Message::DiscardUnknownFields lists all
// fields that are set, which costs more than parsing.
bool HasUnknownFields(const Message& message) {
  const Reflection& reflection = *message.GetReflection();
  if (!reflection.GetUnknownFields(message).empty()) return true;
  const google::protobuf::Descriptor& descriptor = *message.GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor* field = descriptor.field(i);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      if (!reflection.HasField(message, field)) continue;
      if (HasUnknownFields(reflection.GetMessage(message, field))) return true;
      continue;
    }
    const int size = reflection.FieldSize(message, field);
    for (int j = 0; j < size; ++j) {
      if (HasUnknownFields(reflection.GetRepeatedMessage(message, field, j))) return true;
    }
  }
  return false;
}

}  // namespace

bool ParseCanonical(std::string_view bytes, google::protobuf::Message* message) {
  if (bytes.size() > INT_MAX) return false;
  if (!message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
  // They were kept and would be written again, so the comparison alone would not find them.
  if (HasUnknownFields(*message)) return false;
  if (message->ByteSizeLong() != bytes.size()) return false;
  return message->SerializeAsString() == bytes;
}

}  // namespace letterlock::mail
