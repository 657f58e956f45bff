#include "cli/display_text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace letterlock::cli {
namespace {

TEST(DisplayLine, ShowsEscapeSequencesInsteadOfSendingThem) {
  EXPECT_EQ(DisplayLine("\x1b[31mred\x1b]0;title\x07"), "␛[31mred␛]0;title␇");
  EXPECT_EQ(DisplayLine("a\x7f"), "a␡");
  EXPECT_EQ(DisplayLine("\xc2\x9b"
                        "2J"),
            "<U+009B>2J");  // C1 CSI: the one-character escape sequence
}

TEST(DisplayLine, ShowsWhatReordersOrHides) {
  EXPECT_EQ(DisplayLine("\u202Egpj.exe"), "<U+202E>gpj.exe");
  EXPECT_EQ(DisplayLine("a\u2066b\u2069\u200Fc"), "a<U+2066>b<U+2069><U+200F>c");
  EXPECT_EQ(DisplayLine("a\u200Bb\uFEFFc\u00ADd"), "a<U+200B>b<U+FEFF>c<U+00AD>d");
  EXPECT_EQ(DisplayLine("\U000E0041"), "<U+E0041>");
}

TEST(DisplayLine, KeepsScriptsAndEmoji) {
  const std::string text = "Zoë 李明 السلام 👩\u200D💻 ❤\uFE0F क्ष";
  EXPECT_EQ(DisplayLine(text), text);
}

TEST(DisplayLine, IsOneLine) {
  EXPECT_EQ(DisplayLine("a\nb\r\nc\td"), "a b c d");
  EXPECT_EQ(DisplayLine("a\u2028b"), "a<U+2028>b");
  EXPECT_EQ(DisplayLine("a\rFrom: x"), "a␍From: x");
}

TEST(DisplayLine, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(DisplayLine("a\xff"), "a\uFFFD");
  EXPECT_EQ(DisplayLine("\xc0\xaf"), "\uFFFD\uFFFD");            // overlong
  EXPECT_EQ(DisplayLine("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");  // surrogate
  EXPECT_EQ(DisplayLine("\xe6\x9d"), "\uFFFD\uFFFD");            // cut
}

TEST(DisplayBlock, IndentsEachLineSoThatNoneLooksLikeTheProgramsOwn) {
  EXPECT_EQ(DisplayBlock("hello\nFrom: bob (verified)\n", "  "),
            "  hello\n  From: bob (verified)\n");
  EXPECT_EQ(DisplayBlock("a\r\nb", "| "), "| a\n| b\n");
  EXPECT_EQ(DisplayBlock("a\rFrom: bob", "| "), "| a␍From: bob\n");
  EXPECT_EQ(DisplayBlock("", "| "), "| \n");
}

RC_GTEST_PROP(DisplayLine, NeverHoldsAControlByte, (const std::string& text)) {
  for (const char c : DisplayLine(text)) {
    RC_ASSERT(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  }
}

RC_GTEST_PROP(DisplayLine, IsStable, (const std::string& text)) {
  const std::string once = DisplayLine(text);
  RC_ASSERT(DisplayLine(once) == once);
}

TEST(DisplayWidth, CountsWideCharactersTwiceAndCombiningOnesNotAtAll) {
  EXPECT_EQ(DisplayWidth("abc"), 3u);
  EXPECT_EQ(DisplayWidth("李明"), 4u);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1u);
  EXPECT_EQ(DisplayWidth("👍"), 2u);
}

TEST(CutToWidth, CutsByColumnsNotBytes) {
  EXPECT_EQ(CutToWidth("李明李明", 8), "李明李明");
  EXPECT_EQ(CutToWidth("李明李明", 6), "李明…");
  EXPECT_EQ(CutToWidth("abcdef", 4), "abc…");
}

}  // namespace
}  // namespace letterlock::cli
