#include "crypto/seal/import_ids.h"

#include <string>

#include "crypto/base/bytes.h"
#include "crypto/base/context.h"
#include "crypto/base/hash.h"
#include "crypto/base/hmac.h"
#include "crypto/base/kdf.h"

namespace letterlock::seal {
namespace {

// The first 16 bytes of HMAC(key, ctx(context) ‖ lp(source) ‖ lp(text)).
std::string First16(const crypto::SecretBytes<32>& key, std::string_view context,
                    std::string_view source, std::string_view text) {
  const std::string input = crypto::ByteWriter().Field(source).Field(text).Take();
  return crypto::ToString(crypto::HmacSha256(key, context, {input})).substr(0, 16);
}

}  // namespace

ImportIds::ImportIds(const crypto::SecretBytes<32>& state_key)
    : key_(crypto::Hkdf(state_key, "", context::kImport)) {}

crypto::MessageId ImportIds::MessageIdOf(std::string_view source,
                                         absl::Span<const std::string_view> columns) const {
  crypto::ByteWriter row;
  for (const std::string_view column : columns) row.Field(column);
  return *crypto::MessageId::FromBytes(
      First16(key_, context::kImportMessage, source, std::move(row).Take()));
}

crypto::ThreadId ImportIds::ThreadIdOf(std::string_view source,
                                       std::string_view conversation) const {
  return *crypto::ThreadId::FromBytes(First16(key_, context::kImportThread, source, conversation));
}

}  // namespace letterlock::seal
