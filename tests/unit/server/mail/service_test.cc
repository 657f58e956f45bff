// Over the wire: what works, what is logged, and what is refused unread.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/base/encoding.h"
#include "served_fixture.h"
#include "server/rpc/status.h"
#include "support/flip.h"

namespace letterlock::mail {
namespace {

using testing::EnrollRequestOf;
using testing::EnvelopeOf;

TEST_F(Served, AMemberSendsAndAnotherListsAndFetches) {
  auto listed = client().Call(v1::ListRequest(), bob_token_);
  ASSERT_TRUE(listed.ok()) << listed.status();
  ASSERT_EQ(listed->messages_size(), 3);
  EXPECT_EQ(listed->messages(2).header(), first_.envelope().header());
  EXPECT_TRUE(listed->next_page_token().empty());

  v1::BatchGetRequest get;
  v1::MessageReference* missing = get.add_references();
  missing->set_sender(std::string(bob_.id().bytes()));
  missing->set_message_id(std::string(sent_.bytes()));
  v1::MessageReference* there = get.add_references();
  there->set_sender(std::string(ann_.id().bytes()));
  there->set_message_id(std::string(sent_.bytes()));
  auto got = client().Call(get, bob_token_);
  ASSERT_TRUE(got.ok()) << got.status();
  ASSERT_EQ(got->results_size(), 2);
  EXPECT_FALSE(got->results(0).has_message());
  EXPECT_EQ(got->results(1).message().ciphertext(), first_.envelope().ciphertext());
  EXPECT_EQ(got->results(1).message().wrap(), first_.envelope().recipient_wrap());
}

TEST_F(Served, TheLargestMessageGoesThroughAndAHundredOfThemComeBack) {
  v1::BatchGetRequest get;
  for (int i = 0; i < 100; ++i) {
    v1::SendRequest request;
    const auto id = FreshMessageId();
    *request.mutable_envelope() = EnvelopeOf(ann_, bob_, id, "large", 32'768);
    ASSERT_TRUE(client().Call(request, ann_token_).ok());
    v1::MessageReference* reference = get.add_references();
    reference->set_sender(std::string(ann_.id().bytes()));
    reference->set_message_id(std::string(id.bytes()));
  }
  auto got = client().Call(get, bob_token_);
  ASSERT_TRUE(got.ok()) << got.status();
  for (const auto& result : got->results()) {
    EXPECT_EQ(result.message().ciphertext().size(), 32'768u + 16);
  }
  v1::ListRequest list;
  list.set_page_size(200);
  auto listed = client().Call(list, bob_token_);
  ASSERT_TRUE(listed.ok());
  EXPECT_EQ(listed->messages_size(), 103);
}

TEST_F(Served, NoLogLineAndNoErrorNamesAMember) {
  TestUser stranger("bartleby-the-stranger", served_.world.directory.deployment());
  std::vector<absl::Status> errors;
  auto to_stranger = Fresh();
  *to_stranger.mutable_envelope() = EnvelopeOf(ann_, stranger, FreshMessageId());
  errors.push_back(client().Call(to_stranger, ann_token_).status());
  errors.push_back(client().Call(first_, bob_token_).status());
  errors.push_back(client().OpenSession(stranger).status());
  auto enroll = EnrollRequestOf(served_.world.directory, ann_);
  enroll.set_device_signature(testing::Flip(enroll.device_signature(), 7));
  errors.push_back(client().Call(enroll).status());

  std::string texts;
  for (const absl::Status& error : errors) {
    EXPECT_FALSE(error.ok());
    texts += error.ToString() + "\n";
  }
  const std::vector<std::string> lines = served_.LogLines();
  ASSERT_GE(lines.size(), 8u);
  for (const std::string& line : lines) texts += line + "\n";
  for (const TestUser* user : {&ann_, &bob_, &stranger}) {
    const std::string id(user->id().bytes());
    for (const std::string& name :
         {user->member.handle.str(), id, crypto::HexEncode(id), crypto::Base64Encode(id),
          crypto::HexEncode(user->device.public_key().bytes()),
          crypto::Base64Encode(user->device.public_key().bytes())}) {
      EXPECT_EQ(texts.find(name), std::string::npos);
    }
  }
  EXPECT_EQ(texts.find(crypto::Base64UrlEncode(ann_token_)), std::string::npos);
  // The control: what is logged can be found.
  EXPECT_NE(texts.find("MailService/Send"), std::string::npos);
}

// gRPC refuses it by its length, before anybody reads it: there is no more to say.
TEST_F(Served, AnOversizedRequestIsRefusedUnread) {
  const auto before = served_.Store();
  const absl::Status status = client().CallRaw("/letterlock.mail.v1.MailService/Send",
                                               std::string(ServedMail::kMaxRequestBytes + 1, 'x'),
                                               "Bearer " + crypto::Base64UrlEncode(ann_token_));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_TRUE(served_.Store() == before);
}

}  // namespace
}  // namespace letterlock::mail
