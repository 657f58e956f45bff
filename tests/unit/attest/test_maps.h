// Positions, leaves and generators that the map tests share.
#pragma once

#include <rapidcheck.h>

#include <map>
#include <vector>

#include "attest/sparse_map.h"

namespace letterlock::attest {

inline crypto::Digest Repeated(uint8_t byte) {
  crypto::Digest digest;
  digest.fill(byte);
  return digest;
}

// Positions that meet often: few distinct ones, and long common prefixes (down to the last bit).
inline rc::Gen<crypto::Digest> AnyPosition() {
  return rc::gen::map(rc::gen::tuple(rc::gen::inRange(0, 8), rc::gen::inRange(0, 3)),
                      [](const std::tuple<int, int>& choice) {
                        const auto [high, low] = choice;
                        crypto::Digest position = {};
                        position[0] = static_cast<uint8_t>(high << 5);
                        position[31] = static_cast<uint8_t>(low);
                        return position;
                      });
}

inline rc::Gen<crypto::Digest> AnyValue() {
  return rc::gen::map(rc::gen::inRange(0, 4),
                      [](int v) { return Repeated(static_cast<uint8_t>(v)); });
}

// Strictly ascending by position; of two leaves of one position the later one stays.
inline std::vector<MapLeaf> Sorted(const std::vector<MapLeaf>& leaves) {
  std::map<crypto::Digest, crypto::Digest> values;
  for (const MapLeaf& leaf : leaves) values[leaf.position] = leaf.value;
  std::vector<MapLeaf> sorted;
  for (const auto& [position, value] : values) sorted.push_back({position, value});
  return sorted;
}

inline rc::Gen<std::vector<MapLeaf>> AnyLeaves() {
  const auto position = rc::gen::oneOf(AnyPosition(), rc::gen::arbitrary<crypto::Digest>());
  const auto leaf = rc::gen::map(rc::gen::pair(position, AnyValue()),
                                 [](const auto& p) { return MapLeaf{p.first, p.second}; });
  return rc::gen::map(rc::gen::container<std::vector<MapLeaf>>(leaf), Sorted);
}

}  // namespace letterlock::attest
