#include "cache/search_terms.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace letterlock::client {
namespace {

// Whether a search for `words` finds a text.
bool Finds(std::string_view words, std::string_view text) {
  const std::vector<std::uint64_t> wanted = TermsOf(words);
  const std::vector<std::uint64_t> there = TermsOf(text);
  return !wanted.empty() && std::includes(there.begin(), there.end(), wanted.begin(), wanted.end());
}

TEST(SearchTerms, AreWholeWordsInAnyOrder) {
  EXPECT_TRUE(Finds("seal letter", "The letter bears a seal."));
  EXPECT_FALSE(Finds("seal", "sealed"));
  EXPECT_FALSE(Finds("seal missing", "The letter bears a seal."));
  EXPECT_TRUE(Finds("2025", "on 2025-03-12"));
  EXPECT_TRUE(Finds("don't", "I don't know"));
}

TEST(SearchTerms, KnowNoCaseInAnyScript) {
  EXPECT_TRUE(Finds("STRASSE", "Straße"));
  EXPECT_TRUE(Finds("привет", "ПРИВЕТ, мир"));
  EXPECT_TRUE(Finds("οδός", "ΟΔΌΣ"));
  EXPECT_TRUE(Finds("i̇stanbul", "İstanbul"));
}

TEST(SearchTerms, KnowNoFormsOfTheSameCharacter) {
  EXPECT_TRUE(Finds("Zoe\xCC\x88", "Zo\xC3\xAB"));  // combining and precomposed
  EXPECT_TRUE(Finds("ABC123", "ＡＢＣ１２３"));
  EXPECT_TRUE(Finds("file", "ﬁle"));
}

TEST(SearchTerms, OfScriptsWithoutSpacesAreCharacters) {
  EXPECT_TRUE(Finds("明", "李明，你好"));
  EXPECT_TRUE(Finds("李明", "你好李明先生"));
  EXPECT_FALSE(Finds("王", "李明"));
  EXPECT_TRUE(Finds("カナ", "ｶﾅ"));
  EXPECT_TRUE(Finds("ひらがな", "これはひらがなです"));
}

TEST(SearchTerms, AreThereForArabicHebrewHindiAndKorean) {
  EXPECT_TRUE(Finds("سلام", "سلام، كيف حالك"));
  EXPECT_TRUE(Finds("שלום", "שלום עולם"));
  EXPECT_TRUE(Finds("नमस्ते", "नमस्ते दुनिया"));
  EXPECT_TRUE(Finds("안녕하세요", "안녕하세요 세계"));
}

TEST(SearchTerms, OfNothingButSpacesAndSignsAreNone) {
  EXPECT_TRUE(TermsOf("").empty());
  EXPECT_TRUE(TermsOf(" \n.,;!—").empty());
}

TEST(SearchTerms, OfBrokenOrEndlessTextAreBounded) {
  EXPECT_TRUE(Finds("good", "\xff\xfe good \xc3"));
  EXPECT_EQ(TermsOf(std::string(100'000, 'x')).size(), 1u);
}

TEST(SearchTerms, AreSortedAndEachOnce) {
  const auto terms = TermsOf("b a b A c");
  EXPECT_EQ(terms.size(), 3u);
  EXPECT_TRUE(std::is_sorted(terms.begin(), terms.end()));
}

}  // namespace
}  // namespace letterlock::client
