#include "attest/sparse_map.h"

#include "bytes.h"
#include "crypto/base/bytes.h"
#include "crypto/base/context.h"

namespace letterlock::attest {
namespace {

constexpr uint8_t kTerminalEmpty = 0;
constexpr uint8_t kTerminalLeaf = 1;

absl::Status Malformed() { return absl::InvalidArgumentError("malformed map proof"); }
absl::Status DoesNotVerify() { return absl::UnauthenticatedError("map proof does not verify"); }

size_t BitmapSize(size_t depth) { return (depth + 7) / 8; }

// What an honest map never shows. A lone leaf, or nothing, beside an empty sibling would have been
// folded into the level above; an empty subtree is written as absent, not as zeros.
absl::Status CheckShape(const MapProof& proof) {
  if (proof.siblings.size() > kMapDepth) return Malformed();
  for (const std::optional<crypto::Digest>& sibling : proof.siblings) {
    if (sibling && *sibling == kEmptyMapRoot) return Malformed();
  }
  if (!proof.siblings.empty() && !proof.siblings.back()) return Malformed();
  return absl::OkStatus();
}

bool SharesPrefix(const crypto::Digest& a, const crypto::Digest& b, size_t bits) {
  for (size_t i = 0; i < bits; ++i) {
    if (MapBit(a, i) != MapBit(b, i)) return false;
  }
  return true;
}

}  // namespace

crypto::Digest MapLeafHash(const MapLeaf& leaf) {
  return crypto::Sha256(context::kMapLeaf,
                        {crypto::AsView(leaf.position), crypto::AsView(leaf.value)});
}

crypto::Digest MapNodeHash(const crypto::Digest& left, const crypto::Digest& right) {
  return crypto::Sha256(context::kMapNode, {crypto::AsView(left), crypto::AsView(right)});
}

bool MapBit(const crypto::Digest& position, size_t i) {
  return ((position[i / 8] >> (7 - i % 8)) & 1) != 0;
}

std::string EncodeMapProof(const MapProof& proof) {
  std::string bytes;
  crypto::AppendU16(&bytes, static_cast<uint16_t>(proof.siblings.size()));
  std::string bitmap(BitmapSize(proof.siblings.size()), '\0');
  std::string present;
  for (size_t i = 0; i < proof.siblings.size(); ++i) {
    if (!proof.siblings[i]) continue;
    bitmap[i / 8] = static_cast<char>(bitmap[i / 8] | (0x80 >> (i % 8)));
    Append(present, *proof.siblings[i]);
  }
  bytes += bitmap;
  bytes += present;
  bytes.push_back(static_cast<char>(proof.terminal ? kTerminalLeaf : kTerminalEmpty));
  if (proof.terminal) {
    Append(bytes, proof.terminal->position);
    Append(bytes, proof.terminal->value);
  }
  return bytes;
}

absl::StatusOr<MapProof> ParseMapProof(std::string_view bytes) {
  crypto::ByteReader reader(bytes);
  const size_t depth = reader.U16();
  if (depth > kMapDepth) return Malformed();
  const std::string_view bitmap = reader.Bytes(BitmapSize(depth));
  const auto read_digest = [&reader] {
    const std::string_view raw = reader.Bytes(crypto::Digest().size());
    return reader.ok() ? DigestAt(raw) : crypto::Digest();
  };

  MapProof proof;
  for (size_t i = 0; i < bitmap.size() * 8; ++i) {
    const bool present = (static_cast<uint8_t>(bitmap[i / 8]) & (0x80 >> (i % 8))) != 0;
    if (i < depth) {
      proof.siblings.push_back(present ? std::optional(read_digest()) : std::nullopt);
    } else if (present) {
      return Malformed();
    }
  }
  const uint8_t terminal = reader.U8();
  if (terminal == kTerminalLeaf) {
    const crypto::Digest position = read_digest();
    proof.terminal = MapLeaf{position, read_digest()};
  } else if (terminal != kTerminalEmpty) {
    return Malformed();
  }
  if (!reader.Finish().ok()) return Malformed();
  if (absl::Status status = CheckShape(proof); !status.ok()) return status;
  return proof;
}

absl::StatusOr<std::optional<crypto::Digest>> VerifyMapProof(const MapProof& proof,
                                                             const crypto::Digest& root,
                                                             const crypto::Digest& position) {
  if (absl::Status status = CheckShape(proof); !status.ok()) return status;
  const size_t depth = proof.siblings.size();
  // A leaf of another subtree says nothing about this position.
  if (proof.terminal && !SharesPrefix(proof.terminal->position, position, depth)) {
    return DoesNotVerify();
  }
  crypto::Digest hash = proof.terminal ? MapLeafHash(*proof.terminal) : kEmptyMapRoot;
  for (size_t i = depth; i-- > 0;) {
    const crypto::Digest sibling = proof.siblings[i].value_or(kEmptyMapRoot);
    hash = MapBit(position, i) ? MapNodeHash(sibling, hash) : MapNodeHash(hash, sibling);
  }
  if (hash != root) return DoesNotVerify();
  if (proof.terminal && proof.terminal->position == position) return proof.terminal->value;
  return std::nullopt;
}

absl::Status VerifyInMap(const MapProof& proof, const crypto::Digest& root,
                         const crypto::Digest& position, const crypto::Digest& value) {
  absl::StatusOr<std::optional<crypto::Digest>> found = VerifyMapProof(proof, root, position);
  if (!found.ok()) return found.status();
  return *found == value ? absl::OkStatus() : DoesNotVerify();
}

absl::Status VerifyNotInMap(const MapProof& proof, const crypto::Digest& root,
                            const crypto::Digest& position) {
  absl::StatusOr<std::optional<crypto::Digest>> found = VerifyMapProof(proof, root, position);
  if (!found.ok()) return found.status();
  return found->has_value() ? DoesNotVerify() : absl::OkStatus();
}

}  // namespace letterlock::attest
