// A mail server with members who have several devices and keyrings, on a store that a test can look
// into and break.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "attest/canonical_proto.h"
#include "mail_world.h"
#include "server/mail/mailbox/rows.h"
#include "support/fake_engine.h"

namespace letterlock::mail {

class DevicesWorld {
 public:
  // The certificate that a device comes with, issued then.
  v1::EnrollRequest RequestOf(const TestUser& user,
                              std::uint64_t issued_unix_ms = 1'700'000'000'000) {
    v1::DeviceCertificate certificate = user.Certificate();
    certificate.set_issued_unix_ms(issued_unix_ms);
    return EnrollRequestWith(world.directory, user, attest::SerializeCanonical(certificate));
  }
  bool IsRegistered(const TestUser& user) {
    return world.mailboxes->HasDevice(user.id(), user.device.public_key(), MailWorld::Soon())
        .value();
  }
  absl::Status Revoke(const TestUser& by, const TestUser& device) {
    return world.devices->Revoke(world.GrantOf(by), device.device.public_key(), MailWorld::Soon());
  }
  absl::Status Put(const TestUser& user, std::string_view keyring) {
    return world.devices->PutKeyring(world.GrantOf(user), keyring, MailWorld::Soon());
  }
  // The member's next entry names this keyring, and she enrols with it.
  absl::Status Name(const TestUser& user, std::string_view keyring) {
    testing::PublishKeyringIn(world.directory, user, keyring, world.clock.Now());
    return world.Enroll(EnrollRequestOf(world.directory, user)).status();
  }
  absl::StatusOr<std::string> Recover(const TestUser& user) {
    auto recovered = world.sessions->Recover(world.RecoverRequestOf(user), MailWorld::Soon());
    if (!recovered.ok()) return recovered.status();
    return recovered->sealed_keyring();
  }
  // Rows of keyrings, of all mailboxes.
  std::size_t KeyringRows() {
    std::size_t rows = 0;
    absl::MutexLock lock(&storage->mu);
    for (const auto& [tag, partition] : storage->partitions) {
      for (const auto& [key, value] : partition.rows) rows += key.table == table::kKeyrings;
    }
    return rows;
  }
  std::uint64_t Writes() {
    std::uint64_t writes = 0;
    absl::MutexLock lock(&storage->mu);
    for (const auto& [tag, partition] : storage->partitions) writes += partition.generation;
    return writes;
  }

  const std::shared_ptr<testing::FakeStorage> storage = std::make_shared<testing::FakeStorage>();
  testing::FakeEngine* fake = nullptr;
  MailWorld world{[this]() -> std::unique_ptr<engine::Engine> {
    auto engine = std::make_unique<testing::FakeEngine>(
        storage, testing::FakeEngineOptions{.own_thread = true});
    fake = engine.get();
    return engine;
  }};
};

}  // namespace letterlock::mail
