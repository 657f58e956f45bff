#include "attest/cosignature.h"

#include "crypto/base/bytes.h"
#include "crypto/base/sign.h"

namespace letterlock::attest {

std::string CosignedMessage(uint64_t timestamp, std::string_view checkpoint_text) {
  return "cosignature/v1\ntime " + std::to_string(timestamp) + "\n" + std::string(checkpoint_text);
}

absl::StatusOr<Cosignature> ParseCosignature(std::string_view bytes) {
  crypto::ByteReader reader(bytes);
  Cosignature cosignature;
  cosignature.timestamp = reader.U64();
  cosignature.signature = std::string(reader.Bytes(crypto::kSignatureSize));
  if (absl::Status status = reader.Finish(); !status.ok()) return status;
  if (cosignature.timestamp > kMaxCosignatureTime) {
    return absl::InvalidArgumentError("cosignature time out of range");
  }
  return cosignature;
}

std::string EncodeCosignature(const Cosignature& cosignature) {
  std::string bytes;
  crypto::AppendU64(&bytes, cosignature.timestamp);
  return bytes + cosignature.signature;
}

}  // namespace letterlock::attest
