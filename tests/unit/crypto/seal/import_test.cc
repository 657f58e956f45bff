#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

#include "crypto/seal/content.h"
#include "crypto/seal/import_ids.h"
#include "crypto/seal/open_envelope.h"
#include "crypto/seal/seal_envelope.h"
#include "people.h"
#include "support/scripted_random.h"
#include "support/vectors.h"

namespace letterlock::seal {
namespace {

using crypto::KeyAccess;
using crypto::SecretBytes;
using crypto::SystemRandom;
using testing::Hex;

SecretBytes<32> Key(const nlohmann::json& object, const char* name) {
  return *SecretBytes<32>::FromBytes(std::string_view(Hex(object, name)));
}

OutgoingMessage Imported(std::string_view body = "body") {
  OutgoingMessage message = MakeMessage("subject", body);
  message.content.imported = seal::Imported{.source = "linkedin",
                                            .conversation = "c",
                                            .from = "Amara Okafor",
                                            .to = {"李 明", "Dana"},
                                            .date = "2025-03-12 16:25:23 UTC",
                                            .folder = "INBOX"};
  return message;
}

absl::StatusOr<VerifiedMessage> ReadImported(const MemberKeys& self, const MailboxCopy& copy) {
  auto opened = ImportedMessage::Open(self, copy);
  if (!opened.ok()) return opened.status();
  return (*std::move(opened)).Verify(self.identity.public_key());
}

class Import : public ::testing::Test {
 protected:
  absl::StatusOr<SealedEnvelope> Seal(const OutgoingMessage& message) {
    return SealImported(ada_, message, random_);
  }

  SystemRandom random_;
  const crypto::DeploymentId deployment_ = MakeDeployment();
  const MemberKeys ada_ = MakeMember(deployment_, "ada");
  const MemberKeys ben_ = MakeMember(deployment_, "ben");
};

TEST_F(Import, OpensForTheMemberWhoBroughtItAlong) {
  const OutgoingMessage message = Imported(std::string(8000, 'x'));
  const auto sealed = Seal(message);
  ASSERT_TRUE(sealed.ok());
  for (const MailboxCopy& copy : {RecipientCopy(*sealed), SenderCopy(*sealed)}) {
    const auto read = ReadImported(ada_, copy);
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->header.sender, ada_.member);
    EXPECT_EQ(read->header.recipient, ada_.member);
    ASSERT_TRUE(read->content.imported.has_value());
    EXPECT_EQ(read->content.imported->source, "linkedin");
    EXPECT_EQ(read->content.imported->from, "Amara Okafor");
    EXPECT_EQ(read->content.imported->to, (std::vector<std::string>{"李 明", "Dana"}));
    EXPECT_EQ(Text(read->content.body), Text(message.content.body));
  }
  EXPECT_FALSE(ReadImported(ben_, RecipientCopy(*sealed)).ok());
}

TEST_F(Import, IsNoMailFromOrToAnybody) {
  const auto sealed = Seal(Imported());
  EXPECT_FALSE(Receive(ada_, EntryOf(ada_), RecipientCopy(*sealed)).ok());
  EXPECT_FALSE(ReadSent(ada_, EntryOf(ada_), SenderCopy(*sealed)).ok());
}

TEST_F(Import, NobodyPutsAnArchivesWordsIntoAnothersMailbox) {
  EXPECT_FALSE(SealEnvelope(ada_, EntryOf(ben_), Imported(), random_).ok());
  // A client that did it all the same is not believed.
  MemberKeys liar = MakeMember(deployment_, "ada");
  liar.member = ben_.member;
  liar.handle = ben_.handle;
  const auto forged = SealImported(liar, Imported(), random_);
  ASSERT_TRUE(forged.ok());
  EXPECT_FALSE(ReadImported(ben_, RecipientCopy(*forged)).ok());
}

TEST_F(Import, OrdinaryMailIsNotImported) {
  const SealedEnvelope e = letterlock::seal::Seal(ada_, ben_, MakeMessage("s", "b"));
  EXPECT_FALSE(ReadImported(ben_, RecipientCopy(e)).ok());
  EXPECT_FALSE(SealImported(ada_, MakeMessage("s", "b"), random_).ok());
}

TEST_F(Import, KeepsToItsLimits) {
  const auto ok = [&](auto change) {
    OutgoingMessage message = Imported();
    change(message.content);
    return Seal(message).ok();
  };
  EXPECT_TRUE(ok([](Content&) {}));
  EXPECT_FALSE(ok([](Content& c) { c.body = crypto::SecretBuffer::Copy(std::string(8001, 'x')); }));
  for (const char* source : {"", "LinkedIn", "a b", "abcdefghijklmnopqrstuvwxyz0123456"}) {
    EXPECT_FALSE(ok([&](Content& c) { c.imported->source = source; })) << source;
  }
  EXPECT_FALSE(ok([](Content& c) { c.imported->from = std::string(1001, 'x'); }));
  EXPECT_FALSE(ok([](Content& c) { c.imported->date = "\xff"; }));
  EXPECT_FALSE(ok([](Content& c) { c.imported->to.assign(65, "x"); }));
}

TEST(ImportIds, Vectors) {
  const auto v = testing::ReadVectors("letterlock/import.json");
  const auto& member = v.at("member");
  const auto& row = v.at("row");
  const ImportIds ids(Key(member, "state_key"));
  const std::string source = v.at("source");
  std::array<std::string, 7> texts;
  std::array<std::string_view, 7> columns;
  const char* const names[] = {"conversation", "from",    "to",    "date",
                               "subject",      "content", "folder"};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    texts[i] = row.at(names[i]);
    columns[i] = texts[i];
  }
  EXPECT_EQ(ids.MessageIdOf(source, columns).bytes(), Hex(v, "message_id"));
  EXPECT_EQ(ids.ThreadIdOf(source, texts[0]).bytes(), Hex(v, "thread_id"));

  const auto& e = v.at("envelope");
  const MemberKeys ada = {
      .deployment = *crypto::DeploymentId::FromBytes(Hex(v, "deployment")),
      .member = *crypto::MemberId::FromBytes(Hex(member, "member")),
      .handle = *crypto::Handle::Parse(member.at("handle").get<std::string>()),
      .identity = crypto::SigningKey::FromSeed(Key(member, "identity_seed")),
      .encryption = crypto::X25519PrivateKey::FromSecret(Key(member, "encryption_private")),
      .device = crypto::SigningKey::FromSeed(Key(member, "device_seed")),
      .state_key = Key(member, "state_key")};
  OutgoingMessage message{.message_id = ids.MessageIdOf(source, columns),
                          .thread_id = ids.ThreadIdOf(source, texts[0]),
                          .content = {}};
  message.content.subject = crypto::SecretBuffer::Copy(texts[4]);
  message.content.body = crypto::SecretBuffer::Copy(texts[5]);
  message.content.body_format = BodyFormat::kHtml;
  message.content.sent_unix_ms = e.at("sent_unix_ms");
  message.content.imported = seal::Imported{.source = source,
                                            .conversation = texts[0],
                                            .from = texts[1],
                                            .to = {texts[2]},
                                            .date = texts[3],
                                            .folder = texts[6]};
  testing::ScriptedRandom random({Hex(e, "content_key"), Hex(e, "nonce"),
                                  Hex(e, "recipient_ephemeral"), Hex(e, "sender_ephemeral")});
  const auto sealed = SealImported(ada, message, random);
  ASSERT_TRUE(sealed.ok());
  EXPECT_EQ(sealed->header, Hex(e, "header"));
  EXPECT_EQ(sealed->ciphertext, Hex(e, "ciphertext"));
  EXPECT_EQ(sealed->recipient_wrap, Hex(e, "recipient_wrap"));
  EXPECT_EQ(sealed->sender_wrap, Hex(e, "sender_wrap"));
  EXPECT_TRUE(ReadImported(ada, RecipientCopy(*sealed)).ok());
}

TEST(ImportIds, DifferByAnyColumnSourceAndMember) {
  const ImportIds ids(SecretBytes<32>::Random());
  const std::array<std::string_view, 2> row = {"a", "b"};
  const std::array<std::string_view, 2> shifted = {"ab", ""};
  EXPECT_EQ(ids.MessageIdOf("linkedin", row), ids.MessageIdOf("linkedin", row));
  EXPECT_NE(ids.MessageIdOf("linkedin", row), ids.MessageIdOf("linkedin", shifted));
  EXPECT_NE(ids.MessageIdOf("linkedin", row), ids.MessageIdOf("elsewhere", row));
  EXPECT_NE(ids.MessageIdOf("linkedin", row),
            ImportIds(SecretBytes<32>::Random()).MessageIdOf("linkedin", row));
}

}  // namespace
}  // namespace letterlock::seal
