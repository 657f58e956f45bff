#include "attest/canonical_proto.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>

#include <limits>
#include <vector>

#include "crypto/base/key_access.h"
#include "crypto/base/secret_buffer.h"
#include "letterlock/common/v1/options.pb.h"

namespace letterlock::attest {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

absl::Status NotCanonical() { return absl::InvalidArgumentError("not a canonical message"); }

bool IsListed(const FieldDescriptor& field, int value) {
  return field.enum_type()->FindValueByNumber(value) != nullptr;
}

// One value of a field (`index` of a repeated one, else -1): sizes, enum values.
bool ScalarIsFine(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& reflection = *message.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    return IsListed(field, index < 0 ? reflection.GetEnumValue(message, &field)
                                     : reflection.GetRepeatedEnumValue(message, &field, index));
  }
  const uint32_t size = field.options().GetExtension(common::v1::fixed_size);
  if (field.type() != FieldDescriptor::TYPE_BYTES || size == 0) return true;
  std::string scratch;
  const std::string& value =
      index < 0 ? reflection.GetStringReference(message, &field, &scratch)
                : reflection.GetRepeatedStringReference(message, &field, index, &scratch);
  return value.size() == size;
}

// Goes through all fields that are present, at any depth.
bool HoldsOnlyKnownValues(const Message& message) {
  const Reflection& reflection = *message.GetReflection();
  if (!reflection.GetUnknownFields(message).empty()) return false;
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->is_map()) return false;  // without an order of its own
    const bool nested = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const int index = field->is_repeated() ? i : -1;
      const bool fine =
          !nested
              ? ScalarIsFine(message, *field, index)
              : HoldsOnlyKnownValues(index < 0 ? reflection.GetMessage(message, field)
                                               : reflection.GetRepeatedMessage(message, field, i));
      if (!fine) return false;
    }
  }
  return true;
}

}  // namespace

absl::Status ParseCanonical(std::string_view bytes, Message* message) {
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max()) ||
      !message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return NotCanonical();
  }
  if (!HoldsOnlyKnownValues(*message) || message->ByteSizeLong() != bytes.size()) {
    return NotCanonical();
  }
  // Some of what is parsed was opened a moment ago (a disclosure): no copy of it is left behind.
  crypto::SecretBuffer again = crypto::SecretBuffer::OfSize(bytes.size());
  {
    google::protobuf::io::ArrayOutputStream sink(again.RevealMutable(crypto::KeyAccess{}).data(),
                                                 static_cast<int>(bytes.size()));
    google::protobuf::io::CodedOutputStream stream(&sink);
    stream.SetSerializationDeterministic(true);
    message->SerializeWithCachedSizes(&stream);
  }
  return again.RevealView(crypto::KeyAccess{}) == bytes ? absl::OkStatus() : NotCanonical();
}

std::string SerializeCanonical(const Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream sink(&bytes);
    google::protobuf::io::CodedOutputStream stream(&sink);
    stream.SetSerializationDeterministic(true);
    message.SerializePartialToCodedStream(&stream);
  }
  return bytes;
}

}  // namespace letterlock::attest
