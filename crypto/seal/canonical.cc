#include "canonical.h"

#include <limits>

#include "crypto/base/secret_buffer.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace letterlock::seal::internal {
namespace {

absl::Status NotCanonical() { return absl::InvalidArgumentError("message is not canonical"); }

// Fields come out in the order of their numbers. REQUIRES: `size` is the message's ByteSizeLong.
void SerialiseTo(const google::protobuf::Message& message, uint8_t* out, size_t size) {
  google::protobuf::io::ArrayOutputStream array(out, static_cast<int>(size));
  google::protobuf::io::CodedOutputStream stream(&array);
  stream.SetSerializationDeterministic(true);
  message.SerializeWithCachedSizes(&stream);
}

}  // namespace

absl::Status ParseCanonical(std::string_view bytes, google::protobuf::Message* message) {
  if (bytes.size() > std::numeric_limits<int>::max()) return NotCanonical();
  if (!message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return NotCanonical();
  }
  message->DiscardUnknownFields();
  // The second serialisation may hold what the first held: content. Hence the wiped buffer.
  const size_t size = message->ByteSizeLong();
  if (size != bytes.size()) return NotCanonical();
  crypto::SecretBuffer again = crypto::SecretBuffer::OfSize(size);
  SerialiseTo(*message, again.RevealMutable(crypto::KeyAccess{}).data(), size);
  if (again.RevealView(crypto::KeyAccess{}) != bytes) return NotCanonical();
  return absl::OkStatus();
}

std::string SerialiseCanonical(const google::protobuf::Message& message) {
  std::string out(message.ByteSizeLong(), '\0');
  SerialiseTo(message, reinterpret_cast<uint8_t*>(out.data()), out.size());
  return out;
}

}  // namespace letterlock::seal::internal
