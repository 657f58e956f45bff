// Bad calls about devices and keyrings.
#include "bad_input.h"
#include "letterlock/mail/v1/device_service.pb.h"

namespace letterlock::mail {
namespace {

auto Revoking(std::function<std::string(TestUser& ann, TestUser& bob)> key) {
  return
      [key](Client& client, TestUser& ann, TestUser& bob, const std::string& token, ServedMail&) {
        v1::RevokeDeviceRequest request;
        request.set_device_key(key(ann, bob));
        return client.Call(request, token).status();
      };
}
auto Putting(std::string keyring) {
  return [keyring](Client& client, TestUser&, TestUser&, const std::string& token, ServedMail&) {
    v1::PutKeyringRequest request;
    request.set_sealed_keyring(keyring);
    return client.Call(request, token).status();
  };
}
auto Recovering(std::function<void(v1::RecoverKeyringRequest&, Client&)> spoil) {
  return [spoil](Client& client, TestUser& ann, TestUser&, const std::string&, ServedMail&) {
    auto request = testing::RecoverRequestOf(
        ann, client.Call(testing::RecoveryChallengeRequestOf(ann))->challenge());
    spoil(request, client);
    return client.Call(request).status();
  };
}
constexpr auto kNotAuthorised = common::v1::ERROR_REASON_NOT_AUTHORISED;

INSTANTIATE_TEST_SUITE_P(
    Devices, BadInput,
    ::testing::Values(Bad{"revoke a short key", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE,
                          "device_key", Revoking([](TestUser&, TestUser&) { return "short"; })},
                      Bad{"revoke nothing", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE,
                          "device_key", Revoking([](TestUser&, TestUser&) { return ""; })},
                      Bad{"revoke an unknown device", absl::StatusCode::kNotFound,
                          common::v1::ERROR_REASON_NOT_FOUND, "device_key",
                          Revoking([](TestUser&, TestUser&) { return std::string(32, 'k'); })},
                      Bad{"revoke another member's device", absl::StatusCode::kNotFound,
                          common::v1::ERROR_REASON_NOT_FOUND, "device_key",
                          Revoking([](TestUser&, TestUser& bob) {
                            return std::string(bob.device.public_key().bytes());
                          })},
                      Bad{"no keyring", kInvalid, common::v1::ERROR_REASON_FIELD_MISSING,
                          "sealed_keyring", Putting("")},
                      Bad{"too large a keyring", kInvalid, common::v1::ERROR_REASON_TOO_LARGE,
                          "sealed_keyring",
                          Putting(testing::SealedKeyring("", kMaxSealedKeyring + 1))},
                      Bad{"too short a keyring", kInvalid, common::v1::ERROR_REASON_FIELD_FORMAT,
                          "sealed_keyring",
                          Putting(testing::SealedKeyring("", kLeastSealedKeyring - 1))},
                      Bad{"what is no keyring", kInvalid, common::v1::ERROR_REASON_FIELD_FORMAT,
                          "sealed_keyring", Putting(std::string(300, 'x'))}));

INSTANTIATE_TEST_SUITE_P(
    Recovery, BadInput,
    ::testing::Values(
        Bad{"short member", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE, "member",
            Recovering([](auto& request, Client&) { request.set_member("short"); })},
        Bad{"no recovery key", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE, "recovery_key",
            Recovering([](auto& request, Client&) { request.clear_recovery_key(); })},
        Bad{"short challenge", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE, "challenge",
            Recovering([](auto& request, Client&) { request.mutable_challenge()->pop_back(); })},
        Bad{"no signature", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE, "signature",
            Recovering([](auto& request, Client&) { request.clear_signature(); })},
        Bad{"wrong signature", kUnauthenticated, kNotAuthorised, nullptr,
            Recovering([](auto& request, Client&) {
              request.set_signature(std::string(64, 's'));
            })},
        Bad{"another server's name", kUnauthenticated, kNotAuthorised, nullptr,
            Recovering([](auto& request, Client&) { request.set_server_name("other"); })},
        Bad{"another member's id", kUnauthenticated, kNotAuthorised, nullptr,
            Recovering([](auto& request, Client&) { request.mutable_member()->at(0) ^= 1; })},
        Bad{"replayed challenge", kUnauthenticated, kNotAuthorised, nullptr,
            Recovering([](auto& request, Client& client) {
              EXPECT_TRUE(absl::IsNotFound(client.Call(request).status()));
            })},
        Bad{"no keyring there", absl::StatusCode::kNotFound, common::v1::ERROR_REASON_NOT_FOUND,
            nullptr, Recovering([](auto&, Client&) {})}));

}  // namespace
}  // namespace letterlock::mail
