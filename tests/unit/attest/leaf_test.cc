#include "attest/leaf.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace letterlock::attest {
namespace {

TEST(Leaf, FrameIsTypeVersionBody) {
  EXPECT_EQ(FrameLeaf(LeafType::kHead, "body").value(),
            "\x02\x01"
            "body");
}

RC_GTEST_PROP(Leaf, EveryTypeAndBodyComesBack, ()) {
  const auto type = static_cast<LeafType>(*rc::gen::inRange(1, 8));
  const auto body = *rc::gen::nonEmpty<std::string>();
  const std::string leaf = FrameLeaf(type, body).value();
  RC_ASSERT(ParseLeaf(leaf)->type == type);
  RC_ASSERT(ParseLeaf(leaf)->body == body);
}

TEST(Leaf, UnknownTypesVersionsAndSizesAreRefused) {
  for (int type = 0; type < 256; ++type) {
    const std::string leaf = {static_cast<char>(type), '\x01', 'x'};
    EXPECT_EQ(ParseLeaf(leaf).ok(), type >= 1 && type <= 7) << type;
  }
  for (int version = 0; version < 256; ++version) {
    EXPECT_EQ(ParseLeaf({"\x01" + std::string(1, static_cast<char>(version)) + "x"}).ok(),
              version == 1);
  }
  EXPECT_FALSE(ParseLeaf("").ok());
  EXPECT_FALSE(ParseLeaf("\x01").ok());
  EXPECT_FALSE(ParseLeaf("\x01\x01").ok());
  EXPECT_FALSE(FrameLeaf(LeafType::kHead, "").ok());
  const std::string longest(65533, 'x');
  EXPECT_TRUE(ParseLeaf(FrameLeaf(LeafType::kHead, longest).value()).ok());
  EXPECT_FALSE(FrameLeaf(LeafType::kHead, longest + "x").ok());
  EXPECT_FALSE(ParseLeaf(FrameLeaf(LeafType::kHead, longest).value() + "x").ok());
}

}  // namespace
}  // namespace letterlock::attest
