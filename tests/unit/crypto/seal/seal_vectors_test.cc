// Replays tests/vectors/letterlock: what docs/formats.md says from "Identifiers" to "Key file",
// as an implementation in another language reads it.
#include <gtest/gtest.h>

#include <string>

#include "content_codec.h"
#include "crypto/base/aead.h"
#include "crypto/base/bytes.h"
#include "crypto/base/context.h"
#include "crypto/base/hash.h"
#include "crypto/base/hmac.h"
#include "crypto/seal/device.h"
#include "crypto/seal/key_file.h"
#include "crypto/seal/open_envelope.h"
#include "crypto/seal/padding.h"
#include "crypto/seal/seal_envelope.h"
#include "people.h"
#include "support/scripted_random.h"
#include "vector_members.h"
#include "wrap.h"

namespace letterlock::seal {
namespace {

using crypto::DeploymentId;
using crypto::KeyAccess;
using crypto::SecretBuffer;
using crypto::SecretBytes;
using nlohmann::json;
using testing::Hex;
using testing::ScriptedRandom;

TEST(Vectors, Identifiers) {
  const json v = testing::ReadVectors("letterlock/identifiers.json");
  EXPECT_EQ(crypto::DeploymentIdOf(Hex(v, "genesis_statement")).bytes(),
            Hex(v, "deployment_of_statement"));
  for (const json& m : v.at("members")) {
    const MemberKeys keys = Member(v, m);
    EXPECT_EQ(keys.identity.public_key().bytes(), Hex(m, "identity_public"));
    EXPECT_EQ(keys.encryption.public_key().bytes(), Hex(m, "encryption_public"));
    EXPECT_EQ(keys.device.public_key().bytes(), Hex(m, "device_public"));
    EXPECT_EQ(crypto::MemberIdOf(keys.deployment, keys.identity.public_key(), keys.handle).bytes(),
              Hex(m, "member"));
    EXPECT_EQ(crypto::KeyIdOf(keys.identity.public_key()).bytes(), Hex(m, "identity_key_id"));
  }
}

TEST(Vectors, PaddedLengths) {
  const json v = testing::ReadVectors("letterlock/envelope.json");
  for (const json& pair : v.at("padding")) {
    EXPECT_EQ(*PaddedLength(pair.at(0).get<size_t>()), pair.at(1).get<uint32_t>());
  }
}

OutgoingMessage Message(const json& e) {
  const json& m = e.at("message");
  OutgoingMessage out =
      MakeMessage(m.at("subject").get<std::string>(), m.at("body").get<std::string>());
  out.message_id = *crypto::MessageId::FromBytes(Hex(e, "message_id"));
  out.thread_id = *crypto::ThreadId::FromBytes(Hex(e, "thread_id"));
  out.content.body_format = static_cast<BodyFormat>(m.at("body_format").get<int>());
  out.content.sent_unix_ms = m.at("sent_unix_ms").get<uint64_t>();
  for (const json& a : m.at("attachments")) {
    out.content.attachments.push_back(
        {.file_name = a.at("file_name").get<std::string>(),
         .key = Key(a, "key"),
         .ciphertext_hash = *crypto::DigestFromBytes(Hex(a, "ciphertext_hash")),
         .size = a.at("size").get<uint64_t>(),
         .chunk_count = a.at("chunk_count").get<uint32_t>()});
  }
  return out;
}

TEST(Vectors, Envelopes) {
  const json v = testing::ReadVectors("letterlock/envelope.json");
  const MemberKeys sender = Member(v, v.at("sender"));
  const MemberKeys recipient = Member(v, v.at("recipient"));
  for (const json& e : v.at("envelopes")) {
    SCOPED_TRACE(e.at("name").get<std::string>());
    const OutgoingMessage message = Message(e);
    ScriptedRandom random{Hex(e, "content_key"), Hex(e, "nonce"), Hex(e, "recipient_ephemeral"),
                          Hex(e, "sender_ephemeral")};
    const auto sealed = SealEnvelope(sender, EntryOf(recipient), message, random);
    ASSERT_TRUE(sealed.ok());
    EXPECT_EQ(Text(internal::EncodeContent(message.content, sender.handle, recipient.handle)),
              Hex(e, "content"));
    EXPECT_EQ(sealed->header, Hex(e, "header"));
    EXPECT_EQ(sealed->ciphertext, Hex(e, "ciphertext"));
    EXPECT_EQ(sealed->recipient_wrap, Hex(e, "recipient_wrap"));
    EXPECT_EQ(sealed->sender_wrap, Hex(e, "sender_wrap"));

    const auto received = Receive(recipient, EntryOf(sender), RecipientCopy(*sealed));
    ASSERT_TRUE(received.ok());
    EXPECT_EQ(Text(received->content.body), Text(message.content.body));
    EXPECT_TRUE(ReadSent(sender, EntryOf(recipient), SenderCopy(*sealed)).ok());
  }
  EXPECT_EQ(v.at("envelopes").size(), 5u);
}

// The AEAD alone opens this ciphertext under two keys; the commitment lets only one of them
// through.
TEST(Vectors, TwoContentsCannotShareOneEnvelope) {
  const json v = testing::ReadVectors("letterlock/envelope.json");
  const json& t = v.at("two_texts");
  const std::string header = Hex(t, "header");
  const std::string ciphertext = Hex(t, "ciphertext");
  const auto nonce = *crypto::XChaCha20Poly1305::NonceFromBytes(Hex(t, "nonce"));
  std::vector<std::string> texts;
  for (const json& key : t.at("encryption_keys")) {
    const auto opened = crypto::XChaCha20Poly1305::OpenToString(
        *SecretBytes<32>::FromBytes(
            std::string_view(*crypto::HexDecode(key.get_ref<const std::string&>()))),
        nonce, header, ciphertext);
    ASSERT_TRUE(opened.ok()) << "the vector must be a real collision";
    texts.push_back(*opened);
  }
  ASSERT_NE(texts.at(0), texts.at(1));

  const std::string recipient_wrap = Hex(t, "recipient_wrap"), sender_wrap = Hex(t, "sender_wrap");
  const MemberKeys sender = Member(v, v.at("sender"));
  ASSERT_TRUE(
      internal::UnwrapContentKey(sender.encryption, crypto::Sha256(header), sender_wrap).ok());
  const absl::Status refused =
      SentMessage::Open(sender, {.header = header, .wrap = sender_wrap, .ciphertext = ciphertext})
          .status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refused.message(), "content key is not the one that the header commits to");
}

TEST(Vectors, DeviceCertificate) {
  const json v = testing::ReadVectors("letterlock/device_certificate.json");
  const auto c = CertifyDevice(Member(v, v.at("member")), v.at("issued_unix_ms").get<uint64_t>());
  EXPECT_EQ(c.certificate, Hex(v, "certificate"));
  EXPECT_EQ(c.signature, Hex(v, "signature"));
}

TEST(Vectors, SessionSignature) {
  const json v = testing::ReadVectors("letterlock/session.json");
  const auto signature = SignSession(Member(v, v.at("member")),
                                     v.at("server_name").get<std::string>(), Hex(v, "challenge"));
  ASSERT_TRUE(signature.ok());
  EXPECT_EQ(*signature, Hex(v, "signature"));
}

// What the mail server computes with crypto/base alone.
TEST(Vectors, SessionMacs) {
  const json v = testing::ReadVectors("letterlock/session.json");
  const MemberKeys member = Member(v, v.at("member"));
  const std::string challenge = Hex(v, "challenge");
  const std::string expiry =
      crypto::ByteWriter().U64(v.at("challenge_expiry").get<uint64_t>()).Take();
  EXPECT_EQ(challenge.substr(0, 24), Hex(v, "challenge_nonce") + expiry);
  EXPECT_TRUE(
      crypto::HmacSha256Verify(Key(v, "k"), context::kChallenge,
                               {member.deployment.bytes(), Hex(v, "challenge_nonce"), expiry,
                                member.member.bytes(), member.device.public_key().bytes()},
                               challenge.substr(24)));
  const std::string token = Hex(v, "token");
  EXPECT_EQ(token.substr(0, 33), crypto::ByteWriter()
                                     .U8(1)
                                     .Bytes(member.member.bytes())
                                     .Bytes(crypto::KeyIdOf(member.device.public_key()).bytes())
                                     .U64(v.at("token_expiry").get<uint64_t>())
                                     .str());
  EXPECT_TRUE(crypto::HmacSha256Verify(Key(v, "k"), context::kToken,
                                       {member.deployment.bytes(), token.substr(0, 33)},
                                       token.substr(33)));
}

// Version 1 is read for ever, and no longer written.
TEST(Vectors, KeyFileOfVersion1) {
  const json v = testing::ReadVectors("letterlock/key_file.json");
  const MemberKeys keys = Member(v, v.at("member"));
  const SecretBuffer passphrase = SecretBuffer::Copy(v.at("passphrase").get<std::string>());
  const auto opened = OpenKeyFile(Hex(v, "file"), passphrase);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->handle.str(), keys.handle.str());
  EXPECT_TRUE(opened->identity.Seed() == keys.identity.Seed());
  EXPECT_TRUE(opened->state_key == keys.state_key);
}

}  // namespace
}  // namespace letterlock::seal
