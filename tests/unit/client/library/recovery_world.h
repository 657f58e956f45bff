// Members whose kit takes their account back on a new device, and thieves who were there before.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "attest/entry.h"
#include "client_world.h"
#include "crypto/seal/recovery_kit.h"
#include "own_entry.h"

namespace letterlock::client {

class RecoveryTest : public ClientTest {
 protected:
  std::string Anew() const { return new_device_.path() + "/account"; }

  absl::Status Recover(const User& user, const std::string& kit, bool without_keyring = false) {
    const SecretBuffer text = SecretBuffer::Copy(kit);
    return ClientImpl::RecoverAccount(SurroundingsOf(&deployment_), KeyFilesIn(Anew()), Anew(),
                                      {user.member.handle, text, without_keyring});
  }
  std::unique_ptr<ClientImpl> OpenAnew() {
    auto files = KeyFilesIn(Anew());
    auto keys = files->Read();
    EXPECT_TRUE(keys.ok()) << keys.status();
    return *ClientImpl::Make(SurroundingsOf(&deployment_), std::move(files), *std::move(keys),
                             Anew());
  }
  absl::StatusOr<bool> ReplaceKit(const User& user, const std::string& old_kit) {
    const auto kit = seal::RecoveryKit::Parse(old_kit);
    return Open(user)->RotateKeys({.kit = &*kit, .show_new_kit = KeepKit().show_kit});
  }
  FakeMailbox& MailboxOf(const User& user) {
    return deployment_.mailboxes[std::string(user.member.member.bytes())];
  }
  std::string KeyringOf(const User& user) { return MailboxOf(user).keyrings.begin()->second; }
  // Somebody with the device's keys publishes an entry with keys of his own and this keyring.
  void Steal(User& user, const seal::MemberKeys& thief, const std::string& keyring) {
    const auto standing = deployment_.world->Prove(user.member.handle).signed_entry();
    const auto content = attest::ParseEntry(standing.entry(), deployment_.world->deployment());
    deployment_.world->Put(NextEntry(standing, thief, content->recovery_key_digest, keyring,
                                     {.key = user.member.identity}, 1));
    deployment_.NewHead();
  }
  seal::MemberKeys Thief(const User& user) {
    return *KeyFilesIn(user.directory.path())->Read()->Rotated(random_);
  }

  test::TemporaryDirectory new_device_;
  crypto::SystemRandom random_;
};

}  // namespace letterlock::client
