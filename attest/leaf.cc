#include "attest/leaf.h"

#include "attest/tiles.h"

namespace letterlock::attest {
namespace {

constexpr size_t kFrameSize = 2;

bool IsListed(uint8_t type) {
  return type >= static_cast<uint8_t>(LeafType::kGenesis) &&
         type <= static_cast<uint8_t>(LeafType::kSuccessor);
}

}  // namespace

absl::StatusOr<std::string> FrameLeaf(LeafType type, std::string_view body) {
  if (body.empty() || body.size() > kMaxLeafSize - kFrameSize) {
    return absl::InvalidArgumentError("leaf body of a size that no leaf has");
  }
  std::string leaf = {static_cast<char>(type), static_cast<char>(kLeafVersion1)};
  leaf.append(body);
  return leaf;
}

absl::StatusOr<Leaf> ParseLeaf(std::string_view leaf) {
  if (leaf.size() <= kFrameSize || leaf.size() > kMaxLeafSize) {
    return absl::InvalidArgumentError("leaf of a size that no leaf has");
  }
  const auto type = static_cast<uint8_t>(leaf[0]);
  if (!IsListed(type) || static_cast<uint8_t>(leaf[1]) != kLeafVersion1) {
    return absl::InvalidArgumentError("leaf of an unknown type or version");
  }
  return Leaf{static_cast<LeafType>(type), leaf.substr(kFrameSize)};
}

}  // namespace letterlock::attest
