// Replays the parts of tests/vectors/letterlock that the server alone makes or reads. Rows, keys
// and page tokens are replayed in tests/unit/crypto/vault.
#include "support/vectors.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "crypto/base/strings.h"
#include "server/mail/keys/epoch_key_file.h"
#include "server/mail/send/envelope_check.h"
#include "server/mail/session/session_tokens.h"
#include "support/manual_clock.h"
#include "support/scripted_random.h"
#include "support/temporary_directory.h"

namespace letterlock::mail {
namespace {

using nlohmann::json;
using testing::Hex;

TEST(ServerVectors, ChallengeAndToken) {
  const json v = testing::ReadVectors("letterlock/session.json");
  const json& ada = v.at("member");
  const auto member = crypto::MemberId::FromBytes(Hex(ada, "member")).value();
  const auto device = crypto::PublicKey::FromBytes(Hex(ada, "device_public")).value();
  testing::ManualClock clock;
  const auto expiry = absl::FromUnixMillis(v.at("challenge_expiry").get<int64_t>());
  clock.Set(expiry - kChallengeLife);
  testing::ScriptedRandom random({Hex(v, "k"), Hex(v, "challenge_nonce")});
  const auto tokens =
      SessionTokens::Create(crypto::DeploymentId::FromBytes(Hex(v, "deployment")).value(), clock,
                            random)
          .value();
  EXPECT_EQ(tokens->MakeChallenge(member, device), Hex(v, "challenge"));
  EXPECT_TRUE(tokens->CheckChallenge(Hex(v, "challenge"), member, device).ok());

  const SessionTokens::Token token = tokens->MakeToken(member, crypto::KeyIdOf(device));
  EXPECT_EQ(token.bytes, Hex(v, "token"));
  EXPECT_EQ(token.expires_unix_ms, v.at("token_expiry").get<std::uint64_t>());
  EXPECT_EQ(tokens->CheckToken(Hex(v, "token"))->member(), member);
}

TEST(ServerVectors, RequestDigest) {
  const json v = testing::ReadVectors("letterlock/rows.json").at("request_digest");
  std::vector<std::string> parts;
  for (const json& part : v.at("parts")) {
    parts.push_back(crypto::HexDecode(part.get<std::string>()).value());
  }
  ASSERT_EQ(parts.size(), 4u);
  v1::Envelope envelope;
  envelope.set_header(parts[0]);
  envelope.set_recipient_wrap(parts[1]);
  envelope.set_sender_wrap(parts[2]);
  envelope.set_ciphertext(parts[3]);
  EXPECT_EQ(crypto::ToString(RequestDigest(envelope)), Hex(v, "digest"));
}

TEST(ServerVectors, EpochKeyFile) {
  const json v = testing::ReadVectors("letterlock/epoch_key_file.json");
  const test::TemporaryDirectory directory;
  const std::string path = directory / "epoch.key";
  std::ofstream(path, std::ios::binary) << Hex(v, "file");
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  const auto file = EpochKeyFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ((*file)->current().epoch, v.at("epoch").get<std::uint32_t>());
  EXPECT_EQ(crypto::AsView((*file)->current().key.secret().Reveal(crypto::KeyAccess{})),
            Hex(v, "epoch_key"));
}

}  // namespace
}  // namespace letterlock::mail
