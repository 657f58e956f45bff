// Reading the test vectors in tests/vectors.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "crypto/base/encoding.h"

namespace letterlock::testing {

// The JSON file of that name under tests/vectors; a file that is missing or broken fails the test.
inline nlohmann::json ReadVectors(const std::string& name) {
  std::ifstream file(std::string(LETTERLOCK_VECTORS) + "/" + name);
  nlohmann::json json = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
  EXPECT_TRUE(json.is_object()) << name;
  return json;
}

// The bytes that a member of a vector spells in hexadecimal.
inline std::string Hex(const nlohmann::json& object, const char* member) {
  const absl::StatusOr<std::string> bytes =
      crypto::HexDecode(object.at(member).get_ref<const std::string&>());
  EXPECT_TRUE(bytes.ok()) << member;
  return bytes.value_or("");
}

}  // namespace letterlock::testing
