// A lane never forgets a contact that only it knows, and never takes an older state for the
// present.
#include "server/mail/mailbox/contact_cache.h"

#include <gtest/gtest.h>

namespace letterlock::mail {
namespace {

Contact ContactOf(int number) {
  std::string id(16, 'm');
  id[0] = static_cast<char>(number);
  return {.member = crypto::MemberId::FromBytes(id).value()};
}

TEST(ContactCache, KeepsWhatIsQueuedHoweverManyCome) {
  ContactCache cache;
  for (int i = 0; i < 100; ++i) {
    ContactCache::Entry* entry = cache.Add(ContactOf(i), "key", 5, 5);
    ASSERT_NE(entry, nullptr);
    entry->contact.messages = 7;
    entry->written = 6 + static_cast<engine::Generation>(i);
  }
  for (int i = 0; i < 100; ++i) ASSERT_NE(cache.Find(ContactOf(i).member), nullptr) << i;
}

TEST(ContactCache, ForgetsTheLongestUnusedOfWhatIsDurable) {
  ContactCache cache;
  for (int i = 0; i < 32; ++i) cache.Add(ContactOf(i), "key", 5, 5);
  ASSERT_NE(cache.Find(ContactOf(0).member), nullptr);
  cache.Add(ContactOf(32), "key", 5, 5);
  EXPECT_NE(cache.Find(ContactOf(0).member), nullptr);
  EXPECT_EQ(cache.Find(ContactOf(1).member), nullptr);
}

TEST(ContactCache, RefusesWhatWasReadBeforeAForgottenWrite) {
  ContactCache cache;
  cache.Add(ContactOf(0), "key", 5, 5)->written = 9;
  for (int i = 1; i < 33; ++i) cache.Add(ContactOf(i), "key", 10, 10);
  ASSERT_EQ(cache.Find(ContactOf(0).member), nullptr);
  EXPECT_EQ(cache.Add(ContactOf(0), "key", 8, 10), nullptr);
  EXPECT_NE(cache.Add(ContactOf(0), "key", 9, 10), nullptr);
}

TEST(ContactCache, WhatItKnowsGoesBeforeWhatWasRead) {
  ContactCache cache;
  cache.Add(ContactOf(0), "key", 5, 5)->contact.messages = 7;
  EXPECT_EQ(cache.Add(ContactOf(0), "key", 5, 5)->contact.messages, 7u);
}

}  // namespace
}  // namespace letterlock::mail
