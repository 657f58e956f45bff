#include "crypto/base/kdf.h"

#include <algorithm>
#include <cstring>

#include "absl/container/inlined_vector.h"
#include "crypto/base/strings.h"
#include "hmac_any_key.h"
#include "require.h"

namespace letterlock::crypto {
namespace {

constexpr std::string_view kTerminator("\0", 1);
constexpr size_t kBlock = 32;

}  // namespace

SecretBytes<32> HkdfExtract(std::string_view salt, Parts ikm) {
  SecretBytes<32> prk = SecretBytes<32>::Zero();
  // HMAC pads a short key with zeros, so an empty salt is the RFC's 32 zero bytes.
  internal::HmacAnyKey(salt, ikm, prk.RevealMutable(KeyAccess{}));
  return prk;
}

SecretBytes<32> HkdfExtract(std::string_view salt, const SecretBytes<32>& ikm) {
  return HkdfExtract(salt, Parts({AsView(ikm.Reveal(KeyAccess{}))}));
}

absl::Status HkdfExpand(const SecretBytes<32>& prk, Parts info, std::span<uint8_t> out) {
  if (out.size() > kHkdfMaxOutput) return absl::InvalidArgumentError("HKDF output is too long");
  const std::string_view key = AsView(prk.Reveal(KeyAccess{}));
  SecretBytes<kBlock> block = SecretBytes<kBlock>::Zero();
  const std::span<uint8_t, kBlock> t = block.RevealMutable(KeyAccess{});
  uint8_t counter = 0;
  for (size_t done = 0; done < out.size();) {
    ++counter;
    absl::InlinedVector<std::string_view, 8> parts;  // T(i-1) ‖ info ‖ i
    if (counter > 1) parts.push_back(AsView(t));
    parts.insert(parts.end(), info.begin(), info.end());
    parts.push_back(AsView({&counter, 1}));
    internal::HmacAnyKey(key, parts, t);
    const size_t take = std::min(kBlock, out.size() - done);
    std::memcpy(out.data() + done, t.data(), take);
    done += take;
  }
  return absl::OkStatus();
}

SecretBytes<32> Hkdf(const SecretBytes<32>& ikm, std::string_view salt, std::string_view context) {
  SecretBytes<32> out = SecretBytes<32>::Zero();
  internal::Require(
      HkdfExpand(HkdfExtract(salt, ikm), {context, kTerminator}, out.RevealMutable(KeyAccess{}))
          .ok(),
      "HkdfExpand");
  return out;
}

}  // namespace letterlock::crypto
