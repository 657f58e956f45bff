// What a thief of the store's files can read of members and messages: nothing.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "crypto/base/context.h"
#include "crypto/base/encoding.h"
#include "crypto/base/hash.h"
#include "mail_world.h"
#include "server/mail/mailbox/engine_calls.h"
#include "support/temporary_directory.h"

namespace letterlock::mail {
namespace {

// Files below `directory` that hold `needle`.
int FilesWith(const std::string& directory, const std::string& needle) {
  int hits = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(directory)) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (bytes.find(needle) != std::string::npos) ++hits;
  }
  return hits;
}

TEST(AtRest, TheFilesShowNoMemberNoHandleNoHeaderAndNoSealedContent) {
  test::TemporaryDirectory directory;
  const std::string store = directory / "store";
  std::map<std::string, std::string> secrets;
  {
    MailWorld world(RocksDbIn(store));
    std::vector<TestUser*> users;
    for (const char* handle : {"annabel-of-the-harbour", "bartholomew-of-the-hill"}) {
      users.push_back(&world.AddMember(handle));
      const TestUser& user = *users.back();
      secrets[std::string(handle) + " handle"] = handle;
      secrets[std::string(handle) + " id"] = std::string(user.id().bytes());
      secrets[std::string(handle) + " identity key"] =
          std::string(user.member.identity.public_key().bytes());
      secrets[std::string(handle) + " encryption key"] =
          std::string(user.member.encryption.public_key().bytes());
      secrets[std::string(handle) + " device key"] = std::string(user.device.public_key().bytes());
      secrets[std::string(handle) + " key id"] =
          std::string(crypto::KeyIdOf(user.member.encryption.public_key()).bytes());
    }
    const auto id = FreshMessageId();
    const v1::Envelope envelope =
        EnvelopeOf(*users[0], *users[1], id, "what the member's client sealed");
    ASSERT_TRUE(world.Send(*users[0], envelope).ok());
    secrets["message id"] = std::string(id.bytes());
    secrets["header"] = envelope.header();
    secrets["wrap"] = envelope.recipient_wrap();
    secrets["content"] = "what the member's client sealed";
    // The hash of a keyring stands in the public directory.
    const std::string keyring = testing::SealedKeyring("what annabel's kit opens");
    ASSERT_TRUE(
        world.devices->PutKeyring(world.GrantOf(*users[0]), keyring, MailWorld::Soon()).ok());
    testing::PublishKeyringIn(world.directory, *users[0], keyring, world.clock.Now());
    ASSERT_TRUE(world.Enroll(EnrollRequestOf(world.directory, *users[0])).ok());
    secrets["keyring"] = "what annabel's kit opens";
    secrets["keyring hash"] = crypto::ToString(crypto::Sha256(context::kKeyringHash, {keyring}));
    world.Restart();  // files as a restart leaves them, beside a write-ahead log
    ASSERT_TRUE(world.Send(*users[1], EnvelopeOf(*users[1], *users[0], FreshMessageId())).ok());
  }
  for (const auto& [name, bytes] : secrets) EXPECT_EQ(FilesWith(store, bytes), 0) << name;
  EXPECT_GT(FilesWith(store, "letterlock-store"), 0);
}

// The same grep finds what is really there.
TEST(AtRest, APlantedRowIsFound) {
  test::TemporaryDirectory directory;
  const std::string store = directory / "store";
  const std::string planted = "annabel-of-the-harbour in the clear";
  {
    auto engine = RocksDbIn(store)();
    engine::Batch batch;
    batch.puts.push_back({{engine::Table{4}, "row"}, planted});
    ASSERT_TRUE(ApplyAndWait(*engine, *engine::MailboxTag::FromBytes("a mailbox tag..."),
                             engine::kNoPartition, std::move(batch), MailWorld::Soon())
                    .ok());
  }
  EXPECT_GT(FilesWith(store, planted), 0);
  EXPECT_GT(FilesWith(store, "a mailbox tag..."), 0);
}

}  // namespace
}  // namespace letterlock::mail
