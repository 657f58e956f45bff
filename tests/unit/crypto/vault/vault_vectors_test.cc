// Replays tests/vectors/letterlock/rows.json: sealing with the given nonces makes the given bytes,
// and these open.
#include <gtest/gtest.h>

#include <string>

#include "crypto/base/bytes.h"
#include "crypto/base/context.h"
#include "crypto/base/encoding.h"
#include "crypto/base/hash.h"
#include "crypto/vault/epoch_keys.h"
#include "crypto/vault/index_keys.h"
#include "crypto/vault/mailbox_keys.h"
#include "crypto/vault/page_token.h"
#include "support/scripted_random.h"
#include "support/vectors.h"

namespace letterlock::vault {
namespace {

using crypto::MemberId;
using crypto::SecretBytes;
using nlohmann::json;
using testing::Hex;
using testing::ScriptedRandom;

class RowVectors : public ::testing::Test {
 protected:
  template <typename Id>
  Id ReadId(const json& object, const char* name) {
    return Id::FromBytes(Hex(object, name)).value_or(Id());
  }
  SecretBytes<32> ReadKey(const char* name) { return *SecretBytes<32>::FromBytes(Hex(v_, name)); }
  EpochKeys Epoch() {
    return EpochKeys(ReadId<crypto::DeploymentId>(v_, "deployment"), v_.at("epoch").get<uint32_t>(),
                     ReadKey("epoch_key"));
  }
  MailboxTag Tag() { return ReadId<MailboxTag>(v_, "mailbox_tag"); }
  MailboxKey Key() { return {v_.at("generation").get<uint32_t>(), ReadKey("mailbox_key")}; }

  const json v_ = testing::ReadVectors("letterlock/rows.json");
};

TEST_F(RowVectors, WrappedMailboxKey) {
  const json& w = v_.at("wrapped_mailbox_key");
  ScriptedRandom random{Hex(w, "nonce")};
  EXPECT_EQ(Epoch().WrapMailboxKey(Tag(), Key(), random), Hex(w, "value"));
  const auto opened = Epoch().UnwrapMailboxKey(Tag(), Hex(w, "value"));
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->generation, Key().generation);
  EXPECT_TRUE(opened->key == Key().key);
}

TEST_F(RowVectors, WrappedIndexKey) {
  const json& w = v_.at("wrapped_index_key");
  ScriptedRandom random{Hex(w, "nonce")};
  EXPECT_EQ(Epoch().WrapIndexKey(ReadKey("index_key"), random), Hex(w, "value"));
  const auto opened = Epoch().UnwrapIndexKey(Hex(w, "value"));
  ASSERT_TRUE(opened.ok());
  EXPECT_TRUE(*opened == ReadKey("index_key"));
}

TEST_F(RowVectors, IndexRow) {
  const json& row = v_.at("index_row");
  const IndexKeys keys(ReadKey("index_key"));
  const IndexTag at = keys.TagOf(ReadId<MemberId>(row, "member"));
  EXPECT_EQ(at.bytes(), Hex(row, "tag"));
  ScriptedRandom random{Hex(row, "nonce")};
  EXPECT_EQ(keys.SealRow(at, Tag(), random), Hex(row, "value"));
  const auto opened = keys.OpenRow(at, Hex(row, "value"));
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->bytes(), Tag().bytes());
}

TEST_F(RowVectors, SealedRows) {
  const MailboxKeys keys(Tag(), Key());
  for (const json& row : v_.at("rows")) {
    const std::string key = Hex(row, "key");
    const RowPlace place = {.table = row.at("table").get<uint8_t>(), .key = key};
    ScriptedRandom random{Hex(row, "nonce")};
    EXPECT_EQ(keys.SealRow(place, Hex(row, "row"), random), Hex(row, "value"));
    const auto opened = keys.OpenRow(place, Hex(row, "value"));
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(*opened, Hex(row, "row"));
  }
  EXPECT_EQ(v_.at("rows").size(), 4u);
}

TEST_F(RowVectors, RowKey) {
  const json& k = v_.at("row_key");
  EXPECT_EQ(
      MailboxKeys(Tag(), Key())
          .MessageRowKey(ReadId<MemberId>(k, "sender"), ReadId<crypto::MessageId>(k, "message_id")),
      Hex(k, "key"));
}

TEST_F(RowVectors, AttachmentKey) {
  const json& k = v_.at("attachment_key");
  EXPECT_EQ(MailboxKeys(Tag(), Key())
                .AttachmentRowKey(*crypto::DigestFromBytes(Hex(k, "ciphertext_hash"))),
            Hex(k, "key"));
}

TEST_F(RowVectors, ContactKey) {
  const json& k = v_.at("contact_key");
  EXPECT_EQ(MailboxKeys(Tag(), Key()).ContactRowKey(ReadId<MemberId>(k, "member")), Hex(k, "key"));
}

TEST_F(RowVectors, PageToken) {
  const json& t = v_.at("page_token");
  const MailboxKeys keys(Tag(), Key());
  const PagePosition position = {.folder = t.at("folder").get<uint8_t>(),
                                 .sequence = t.at("sequence").get<uint64_t>()};
  EXPECT_EQ(EncodePageToken(keys, position), t.at("token").get<std::string>());
  EXPECT_EQ(*DecodePageToken(keys, t.at("token").get<std::string>()), position);
}

// What the mail server computes with crypto/base alone.
TEST_F(RowVectors, RequestDigest) {
  const json& d = v_.at("request_digest");
  std::string fields;
  for (const json& part : d.at("parts")) {
    fields +=
        crypto::ByteWriter().Field(*crypto::HexDecode(part.get_ref<const std::string&>())).Take();
  }
  EXPECT_EQ(crypto::ToString(crypto::Sha256(context::kRequestDigest, {fields})), Hex(d, "digest"));
}

}  // namespace
}  // namespace letterlock::vault
