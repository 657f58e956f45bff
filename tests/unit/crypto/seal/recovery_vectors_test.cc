// Replays tests/vectors/letterlock: key files of version 2, recovery, keyring and report.
#include <gtest/gtest.h>

#include <string>

#include "crypto/seal/device.h"
#include "crypto/seal/key_file.h"
#include "crypto/seal/keyring.h"
#include "crypto/seal/link_file.h"
#include "crypto/seal/open_envelope.h"
#include "crypto/seal/recovery_kit.h"
#include "crypto/seal/report.h"
#include "people.h"
#include "support/scripted_random.h"
#include "vector_members.h"

namespace letterlock::seal {
namespace {

using crypto::SecretBuffer;
using nlohmann::json;
using testing::Hex;
using testing::ScriptedRandom;

TEST(Vectors, RecoveryKits) {
  const json v = testing::ReadVectors("letterlock/recovery_kit.json");
  for (const json& k : v.at("kits")) {
    const RecoveryKit kit = RecoveryKit::FromSecret(Key(k, "secret"));
    EXPECT_EQ(Text(kit.ToText()), k.at("text").get<std::string>());
    const auto parsed = RecoveryKit::Parse(k.at("text").get<std::string>());
    ASSERT_TRUE(parsed.ok());
    const crypto::SigningKey key = parsed->RecoveryKey(Deployment(v));
    EXPECT_TRUE(key.Seed() == Key(k, "recovery_seed"));
    EXPECT_EQ(key.public_key().bytes(), Hex(k, "recovery_public"));
    EXPECT_EQ(crypto::ToString(RecoveryKeyDigest(key.public_key())), Hex(k, "digest"));
  }
  EXPECT_EQ(v.at("kits").size(), 3u);
}

MemberKeys WithEarlierKeys(const json& v) {
  MemberKeys keys = Member(v, v.at("member"));
  const auto secret = [](const json& text) {
    return *crypto::SecretBytes<32>::FromBytes(
        std::string_view(*crypto::HexDecode(text.get_ref<const std::string&>())));
  };
  for (const json& seed : v.at("earlier_identity_seeds")) {
    keys.earlier_identities.push_back(crypto::SigningKey::FromSeed(secret(seed)));
  }
  for (const json& key : v.at("earlier_encryption_keys")) {
    keys.earlier_encryptions.push_back(crypto::X25519PrivateKey::FromSecret(secret(key)));
  }
  return keys;
}

TEST(Vectors, KeyFileOfVersion2) {
  const json v = testing::ReadVectors("letterlock/key_file_2.json");
  MemberKeys keys = WithEarlierKeys(v);
  keys.keyring_key = *crypto::X25519PublicKey::FromBytes(Hex(v, "keyring_key"));
  const SecretBuffer passphrase = SecretBuffer::Copy(v.at("passphrase").get<std::string>());
  ScriptedRandom random{Hex(v, "salt"), Hex(v, "nonce")};
  EXPECT_EQ(*SealKeyFile(keys, passphrase, KeyFileCost{}, random), Hex(v, "file"));
  const auto opened = OpenKeyFile(Hex(v, "file"), passphrase);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->keyring_key, keys.keyring_key);
  ASSERT_EQ(opened->earlier_identities.size(), 2u);
  EXPECT_TRUE(opened->earlier_identities[1].Seed() == keys.earlier_identities[1].Seed());
  EXPECT_EQ(opened->earlier_encryptions.size(), 1u);
}

TEST(Vectors, LinkFile) {
  const json v = testing::ReadVectors("letterlock/link_file.json");
  const MemberKeys keys = Member(v, v.at("member"));
  const auto code = LinkCode::Parse(v.at("code").get<std::string>());
  ASSERT_TRUE(code.ok());
  EXPECT_EQ(Text(code->passphrase()), v.at("passphrase").get<std::string>());
  EXPECT_EQ(Text(code->ToText()), v.at("code").get<std::string>());
  for (const json& typed : v.at("also_typed")) {
    EXPECT_EQ(Text(LinkCode::Parse(typed.get<std::string>())->passphrase()),
              Text(code->passphrase()));
  }
  ScriptedRandom random{Hex(v, "device_seed_in_file"), Hex(v, "salt"), Hex(v, "nonce")};
  EXPECT_EQ(*SealLinkFile(keys, *code, random), Hex(v, "file"));
  crypto::SystemRandom system;
  const auto opened = OpenLinkFile(Hex(v, "file"), *code, crypto::SigningKey::Generate(system));
  ASSERT_TRUE(opened.ok());
  EXPECT_TRUE(opened->identity.Seed() == keys.identity.Seed());
}

TEST(Vectors, RecoverySession) {
  const json v = testing::ReadVectors("letterlock/session.json");
  const json& r = v.at("recovery");
  const MemberKeys member = Member(v, v.at("member"));
  const crypto::SigningKey key =
      RecoveryKit::FromSecret(Key(r, "kit")).RecoveryKey(member.deployment);
  EXPECT_EQ(key.public_key().bytes(), Hex(r, "recovery_public"));
  const auto signature =
      SignRecoverySession(member.deployment, member.member, key,
                          v.at("server_name").get<std::string>(), Hex(v, "challenge"));
  ASSERT_TRUE(signature.ok());
  EXPECT_EQ(*signature, Hex(r, "signature"));
}

TEST(Vectors, Keyring) {
  const json v = testing::ReadVectors("letterlock/keyring.json");
  MemberKeys keys = WithEarlierKeys(v);
  const RecoveryKit kit = RecoveryKit::FromSecret(Key(v, "kit"));
  const crypto::X25519PrivateKey key = kit.KeyringKey(keys.deployment);
  EXPECT_TRUE(key.secret() == Key(v, "keyring_private"));
  EXPECT_EQ(key.public_key().bytes(), Hex(v, "keyring_public"));
  keys.keyring_key = key.public_key();
  ScriptedRandom random{Hex(v, "ephemeral")};
  const auto sealed = SealKeyring(keys, random);
  ASSERT_TRUE(sealed.ok());
  EXPECT_EQ(*sealed, Hex(v, "sealed"));
  EXPECT_EQ(crypto::ToString(KeyringHash(*sealed)), Hex(v, "hash"));
  const auto opened = OpenKeyring(kit, keys.deployment, keys.member, Hex(v, "sealed"));
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->identities.size(), 3u);
  EXPECT_TRUE(opened->identities.back().Seed() == keys.identity.Seed());
  EXPECT_EQ(opened->encryptions.size(), 2u);
  EXPECT_TRUE(opened->state_key == keys.state_key);
}

TEST(Vectors, Report) {
  const json v = testing::ReadVectors("letterlock/report.json");
  const MemberKeys sender = Member(v, v.at("sender")), reporter = Member(v, v.at("reporter"));
  const std::string header = Hex(v, "header"), wrap = Hex(v, "recipient_wrap"),
                    ciphertext = Hex(v, "ciphertext");
  const MailboxCopy copy = {.header = header, .wrap = wrap, .ciphertext = ciphertext};
  const auto content_key = ContentKeyOf(reporter, copy);
  ASSERT_TRUE(content_key.ok());
  EXPECT_TRUE(*content_key == Key(v, "content_key"));
  auto disclosed = DisclosedMessage::Open(sender.deployment, *content_key, copy);
  ASSERT_TRUE(disclosed.ok());
  const auto verified = (*std::move(disclosed)).Verify(EntryOf(sender));
  ASSERT_TRUE(verified.ok());
  EXPECT_EQ(Text(verified->content.body), v.at("body").get<std::string>());

  const ReportName name = {.deployment = sender.deployment,
                           .reporter = reporter.member,
                           .sender = sender.member,
                           .message_id = *crypto::MessageId::FromBytes(Hex(v, "message_id"))};
  const auto desk = crypto::X25519PrivateKey::FromSecret(Key(v, "desk_private"));
  ScriptedRandom random{Hex(v, "ephemeral")};
  const auto sealed =
      SealDisclosure(desk.public_key(), name, SecretBuffer::Copy(Hex(v, "disclosure")), random);
  ASSERT_TRUE(sealed.ok());
  EXPECT_EQ(*sealed, Hex(v, "sealed_disclosure"));
  EXPECT_TRUE(OpenDisclosure(desk, name, Hex(v, "sealed_disclosure")).ok());
}

}  // namespace
}  // namespace letterlock::seal
