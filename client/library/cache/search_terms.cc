#include "cache/search_terms.h"

#include <unicode/brkiter.h>
#include <unicode/normalizer2.h>
#include <unicode/ubrk.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <memory>
#include <string>

#include "crypto/base/bytes.h"
#include "crypto/base/context.h"
#include "crypto/base/hash.h"

namespace letterlock::client {
namespace {

constexpr std::int32_t kLongest = 64;  // UTF-16 units

std::uint64_t HashOf(const icu::UnicodeString& term) {
  std::string utf8;
  term.toUTF8String(utf8);
  const crypto::Digest digest = crypto::Sha256(context::kClientCacheTerm, {utf8});
  const std::string bytes = crypto::ToString(digest);
  return crypto::ByteReader(bytes).U64();
}

icu::UnicodeString Folded(std::string_view text) {
  const auto size = static_cast<std::int32_t>(text.size());
  const auto raw = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), size));
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* fold = icu::Normalizer2::getNFKCCasefoldInstance(error);
  if (U_FAILURE(error)) return raw;
  icu::UnicodeString folded = fold->normalize(raw, error);
  return U_FAILURE(error) ? raw : folded;
}

void AddCharacters(const icu::UnicodeString& word, std::vector<std::uint64_t>* terms) {
  for (std::int32_t at = 0; at < word.length(); at = word.moveIndex32(at, 1)) {
    terms->push_back(HashOf(icu::UnicodeString(word.char32At(at))));
  }
}

}  // namespace

std::vector<std::uint64_t> TermsOf(std::string_view text) {
  std::vector<std::uint64_t> terms;
  const icu::UnicodeString folded = Folded(text);
  UErrorCode error = U_ZERO_ERROR;
  const std::unique_ptr<icu::BreakIterator> words(
      icu::BreakIterator::createWordInstance(icu::Locale::getRoot(), error));
  if (U_FAILURE(error)) return terms;
  words->setText(folded);
  std::int32_t begin = words->first();
  for (std::int32_t end = words->next(); end != icu::BreakIterator::DONE; end = words->next()) {
    const std::int32_t kind = words->getRuleStatus();
    const icu::UnicodeString word = folded.tempSubStringBetween(begin, end);
    begin = end;
    if (kind < UBRK_WORD_NUMBER) continue;  // spaces and punctuation
    if (kind >= UBRK_WORD_KANA) {
      AddCharacters(word, &terms);
    } else {
      terms.push_back(HashOf(word.tempSubString(0, kLongest)));
    }
  }
  std::sort(terms.begin(), terms.end());
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
  return terms;
}

}  // namespace letterlock::client
