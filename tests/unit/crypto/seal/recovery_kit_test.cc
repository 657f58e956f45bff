#include "crypto/seal/recovery_kit.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cctype>
#include <string>

#include "people.h"

namespace letterlock::seal {
namespace {

using crypto::SystemRandom;

std::string KitText(const RecoveryKit& kit) { return Text(kit.ToText()); }

RecoveryKit RandomKit() {
  SystemRandom random;
  return RecoveryKit::Generate(random);
}

std::string Message(const std::string& text) {
  return std::string(RecoveryKit::Parse(text).status().message());
}

RC_GTEST_PROP(RecoveryKitText, ComesBackToTheSameKit, ()) {
  const RecoveryKit kit = RandomKit();
  const std::string text = KitText(kit);
  RC_ASSERT(text.size() == kRecoveryTextSize);
  const auto parsed = RecoveryKit::Parse(text);
  RC_ASSERT(parsed.ok());
  RC_ASSERT(KitText(*parsed) == text);
}

RC_GTEST_PROP(RecoveryKitText, IsReadAsPeopleWriteIt, ()) {
  const std::string text = KitText(RandomKit());
  std::string written;
  for (char c : text) {
    if (c == '-') {
      written += *rc::gen::element<std::string>("-", " ", "", " - ");
      continue;
    }
    if (c == '0') c = *rc::gen::element('0', 'O', 'o');
    if (c == '1') c = *rc::gen::element('1', 'I', 'i', 'L', 'l');
    written += *rc::gen::arbitrary<bool>() ? static_cast<char>(std::tolower(c)) : c;
  }
  const auto parsed = RecoveryKit::Parse(written);
  RC_ASSERT(parsed.ok());
  RC_ASSERT(KitText(*parsed) == text);
}

// One check character a group finds 31 of 32 wrong characters; over many kits that must show.
TEST(RecoveryKit, FindsNearlyEveryWrongCharacterAndNamesItsGroup) {
  int changed = 0, found = 0;
  for (int k = 0; k < 20; ++k) {
    const std::string text = KitText(RandomKit());
    for (size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '-') continue;
      std::string wrong = text;
      wrong[at] = text[at] == 'Z' ? 'Y' : 'Z';
      ++changed;
      const std::string group = "group " + std::to_string(at / 6 + 1) + " is wrong";
      if (Message(wrong).find(group) != std::string::npos) ++found;
    }
  }
  EXPECT_EQ(changed, 20 * 65);
  EXPECT_GT(found, changed * 9 / 10);
}

TEST(RecoveryKit, FindsGroupsThatChangedPlaces) {
  int found = 0;
  for (int k = 0; k < 40; ++k) {
    std::string text = KitText(RandomKit());
    std::swap_ranges(text.begin(), text.begin() + 5, text.begin() + 6);
    if (!RecoveryKit::Parse(text).ok()) ++found;
  }
  EXPECT_GE(found, 36);  // both groups pass by chance once in a thousand
}

TEST(RecoveryKit, SaysWhatIsMissingOrTooMuch) {
  const std::string text = KitText(RandomKit());
  EXPECT_NE(Message("").find("missing"), std::string::npos);
  EXPECT_NE(Message(text.substr(0, 71)).find("missing"), std::string::npos);
  EXPECT_NE(Message(text + "0").find("too many"), std::string::npos);
}

TEST(RecoveryKit, CharactersOutsideTheAlphabetAreRefusedInTheirGroup) {
  std::string text = KitText(RandomKit());
  for (char c : {'U', 'u', '!', '\0', '\xff', '\n'}) {
    std::string wrong = text;
    wrong[14] = c;
    EXPECT_NE(Message(wrong).find("group 3 is wrong"), std::string::npos);
  }
}

TEST(RecoveryKit, MessagesDoNotRepeatTheKit) {
  std::string text = KitText(RandomKit());
  text[0] = '!';
  EXPECT_EQ(Message(text).find(text.substr(1, 4)), std::string::npos);
}

TEST(RecoveryKit, RecoveryKeyIsOnePerKitAndDeployment) {
  const RecoveryKit kit = RandomKit();
  const crypto::DeploymentId deployment = MakeDeployment();
  const auto key = kit.RecoveryKey(deployment).public_key();
  EXPECT_EQ(key.bytes(), kit.RecoveryKey(deployment).public_key().bytes());
  EXPECT_EQ(key.bytes(),
            RecoveryKit::Parse(KitText(kit))->RecoveryKey(deployment).public_key().bytes());
  EXPECT_NE(key.bytes(), kit.RecoveryKey(MakeDeployment()).public_key().bytes());
  EXPECT_NE(key.bytes(), RandomKit().RecoveryKey(deployment).public_key().bytes());
  EXPECT_NE(RecoveryKeyDigest(key),
            RecoveryKeyDigest(RandomKit().RecoveryKey(deployment).public_key()));
}

}  // namespace
}  // namespace letterlock::seal
