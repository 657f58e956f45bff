// tests/vectors/letterlock/rows.json was made from docs/formats.md by another program.
#include "support/vectors.h"

#include <gtest/gtest.h>

#include <string>

#include "crypto/vault/epoch_keys.h"
#include "crypto/vault/index_keys.h"
#include "crypto/vault/mailbox_keys.h"
#include "crypto/vault/page_token.h"

namespace letterlock::vault {
namespace {

using testing::Hex;

class RowVectors : public ::testing::Test {
 protected:
  crypto::SecretBytes<32> Key(const char* name) const {
    return *crypto::SecretBytes<32>::FromBytes(Hex(json_, name));
  }
  template <typename Id>
  Id IdNamed(const char* name) const {
    return *Id::FromBytes(Hex(json_, name));
  }
  MailboxKeys Mailbox() const {
    return MailboxKeys(IdNamed<MailboxTag>("mailbox_tag"),
                       MailboxKey{json_.at("generation").get<uint32_t>(), Key("mailbox_key")});
  }

  const nlohmann::json json_ = testing::ReadVectors("letterlock/rows.json");
};

TEST_F(RowVectors, WrappedKeysOpen) {
  const EpochKeys epoch(IdNamed<crypto::DeploymentId>("deployment"),
                        json_.at("epoch").get<uint32_t>(), Key("epoch_key"));
  const auto mailbox_key =
      epoch.UnwrapMailboxKey(IdNamed<MailboxTag>("mailbox_tag"), Hex(json_, "wrapped_mailbox_key"));
  ASSERT_TRUE(mailbox_key.ok());
  EXPECT_EQ(mailbox_key->generation, json_.at("generation").get<uint32_t>());
  EXPECT_TRUE(mailbox_key->key == Key("mailbox_key"));
  const auto index_key = epoch.UnwrapIndexKey(Hex(json_, "wrapped_index_key"));
  ASSERT_TRUE(index_key.ok());
  EXPECT_TRUE(*index_key == Key("index_key"));
}

TEST_F(RowVectors, IndexLeadsToTheMailbox) {
  const IndexKeys keys(Key("index_key"));
  const IndexTag index = keys.TagOf(IdNamed<crypto::MemberId>("member"));
  EXPECT_EQ(index, IdNamed<IndexTag>("index_tag"));
  const auto mailbox = keys.OpenRow(index, Hex(json_, "index_row"));
  ASSERT_TRUE(mailbox.ok());
  EXPECT_EQ(*mailbox, IdNamed<MailboxTag>("mailbox_tag"));
}

TEST_F(RowVectors, RowOpensAndMessagesAreNamedAlike) {
  const MailboxKeys keys = Mailbox();
  const std::string row_key = Hex(json_, "row_key");
  const auto row =
      keys.OpenRow({json_.at("table").get<uint8_t>(), row_key}, Hex(json_, "sealed_row"));
  ASSERT_TRUE(row.ok());
  EXPECT_EQ(*row, Hex(json_, "row"));
  EXPECT_EQ(keys.MessageRowKey(IdNamed<crypto::MemberId>("other_member"),
                               IdNamed<crypto::MessageId>("message_id")),
            Hex(json_, "message_row_key"));
}

TEST_F(RowVectors, PageTokenIsTheSame) {
  EXPECT_EQ(EncodePageToken(Mailbox(), {json_.at("folder").get<uint8_t>(),
                                        json_.at("sequence").get<uint64_t>()}),
            json_.at("page_token").get<std::string>());
}

}  // namespace
}  // namespace letterlock::vault
