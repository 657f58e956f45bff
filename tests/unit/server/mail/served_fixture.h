// Two members with a little mail, and a client that speaks to the server over the wire.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "served_mail.h"

namespace letterlock::mail {

class Served : public ::testing::Test {
 protected:
  Served() {
    sent_ = FreshMessageId();
    *first_.mutable_envelope() = testing::EnvelopeOf(ann_, bob_, sent_);
    EXPECT_TRUE(client().Call(first_, ann_token_).ok());
    for (int i = 0; i < 2; ++i) {
      v1::SendRequest answer;
      *answer.mutable_envelope() = testing::EnvelopeOf(bob_, ann_, FreshMessageId());
      EXPECT_TRUE(client().Call(answer, bob_token_).ok());
    }
    served_.WaitUntilSettled();
  }
  testing::MailClient& client() { return served_.client(); }

  v1::SendRequest Fresh() {
    v1::SendRequest request;
    *request.mutable_envelope() = testing::EnvelopeOf(ann_, bob_, FreshMessageId());
    return request;
  }

  ServedMail served_;
  TestUser& ann_ = served_.world.AddMember("annabel-of-the-harbour");
  TestUser& bob_ = served_.world.AddMember(ServedMail::kDeskHandle);
  const std::string ann_token_ = served_.TokenOf(ann_);
  const std::string bob_token_ = served_.TokenOf(bob_);
  crypto::MessageId sent_;
  v1::SendRequest first_;
};

}  // namespace letterlock::mail
