// Bad calls, one by one: BadInput (bad_input_test.cc) makes each and expects that it is refused
// with its code, its reason and the field that is to blame, and that the store is as it was.
#pragma once

#include <functional>
#include <ostream>
#include <string>

#include "crypto/base/encoding.h"
#include "letterlock/common/v1/errors.pb.h"
#include "served_fixture.h"

namespace letterlock::mail {

// One bad call.
struct Bad {
  const char* name;
  absl::StatusCode code;
  common::v1::ErrorReason reason;
  const char* field;  // nullptr: none is to blame
  std::function<absl::Status(testing::MailClient&, TestUser& ann, TestUser& bob,
                             const std::string& ann_token, ServedMail&)>
      call;
};
inline void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.name; }

class BadInput : public Served, public ::testing::WithParamInterface<Bad> {};

using Client = testing::MailClient;

// A Send of an envelope that `spoil` was at.
inline auto Sending(std::function<void(v1::Envelope&)> spoil) {
  return
      [spoil](Client& client, TestUser& ann, TestUser& bob, const std::string& token, ServedMail&) {
        v1::SendRequest request;
        *request.mutable_envelope() = testing::EnvelopeOf(ann, bob, FreshMessageId());
        spoil(*request.mutable_envelope());
        return client.Call(request, token).status();
      };
}
inline auto SendingHeader(std::function<void(v1::EnvelopeHeader&)> spoil) {
  return Sending([spoil](v1::Envelope& envelope) { EditHeader(&envelope, spoil); });
}
inline auto Listing(std::function<void(v1::ListRequest&)> spoil) {
  return [spoil](Client& client, TestUser&, TestUser&, const std::string& token, ServedMail&) {
    v1::ListRequest request;
    spoil(request);
    return client.Call(request, token).status();
  };
}
inline auto Getting(std::function<void(v1::BatchGetRequest&)> spoil) {
  return [spoil](Client& client, TestUser& ann, TestUser&, const std::string& token, ServedMail&) {
    v1::BatchGetRequest request;
    v1::MessageReference* reference = request.add_references();
    reference->set_sender(std::string(ann.id().bytes()));
    reference->set_message_id(std::string(16, 'm'));
    spoil(request);
    return client.Call(request, token).status();
  };
}
inline auto Raw(const char* method, std::string bytes) {
  return
      [method, bytes](Client& client, TestUser&, TestUser&, const std::string& token, ServedMail&) {
        return client.CallRaw(std::string("/letterlock.mail.v1.MailService/") + method, bytes,
                              "Bearer " + crypto::Base64UrlEncode(token));
      };
}
inline auto Authorized(std::function<std::string(const std::string&)> header) {
  return [header](Client& client, TestUser&, TestUser&, const std::string& token, ServedMail&) {
    return client.CallRaw("/letterlock.mail.v1.MailService/List", "", header(token));
  };
}
inline auto OpeningSession(std::function<void(v1::CreateSessionRequest&, ServedMail&)> spoil) {
  return [spoil](Client& client, TestUser& ann, TestUser&, const std::string&, ServedMail& served) {
    auto request =
        testing::SessionRequestOf(ann, client.Call(testing::ChallengeRequestOf(ann))->challenge());
    spoil(request, served);
    return client.Call(request).status();
  };
}
inline auto Enrolling(std::function<void(v1::EnrollRequest&, ServedMail&)> spoil) {
  return [spoil](Client& client, TestUser& ann, TestUser&, const std::string&, ServedMail& served) {
    auto request = testing::EnrollRequestOf(served.world.directory, ann);
    spoil(request, served);
    return client.Call(request).status();
  };
}

inline constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
inline constexpr auto kUnauthenticated = absl::StatusCode::kUnauthenticated;

}  // namespace letterlock::mail
