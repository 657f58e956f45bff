// Two members of a deployment in memory, and what tests do to them.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "attest/canonical_proto.h"
#include "crypto/base/context.h"
#include "crypto/base/encoding.h"
#include "crypto/seal/seal_envelope.h"
#include "fake_servers.h"
#include "key_file_limits.h"
#include "key_files.h"
#include "support/temporary_directory.h"

namespace letterlock::client {

using crypto::KeyAccess;
using crypto::SecretBuffer;

inline std::string Text(const SecretBuffer& content) {
  return std::string(content.RevealView(KeyAccess{}));
}

class ClientTest : public ::testing::Test {
 protected:
  struct User {
    User(FakeDeployment* deployment, const std::string& handle)
        : member(seal::MemberKeys::Generate(deployment->world->deployment(),
                                            *crypto::Handle::Parse(handle), random)),
          identity(member.identity.Seed()),
          encryption(member.encryption.secret().Clone(KeyAccess{})),
          device(member.device.Seed()),
          state_key(member.state_key.Clone(KeyAccess{})) {}

    // The same keys once more: another process on the same account.
    seal::MemberKeys Keys() const {
      return {member.deployment,
              member.member,
              member.handle,
              crypto::SigningKey::FromSeed(identity),
              crypto::X25519PrivateKey::FromSecret(encryption.Clone(KeyAccess{})),
              crypto::SigningKey::FromSeed(device),
              state_key.Clone(KeyAccess{})};
    }

    crypto::SystemRandom random;
    seal::MemberKeys member;
    crypto::SecretBytes<32> identity, encryption, device, state_key;
    test::TemporaryDirectory directory;
  };

  // A process on what lies in the user's directory; the first one puts her keys there.
  std::unique_ptr<ClientImpl> Open(const User& user) {
    auto files = KeyFilesIn(user.directory.path());
    auto keys = files->Read();
    if (absl::IsNotFound(keys.status())) {
      crypto::SystemRandom random;
      EXPECT_TRUE(files->Create(user.Keys(), random).ok());
      keys = files->Read();
    }
    auto client = ClientImpl::Make(SurroundingsOf(&deployment_), std::move(files), *std::move(keys),
                                   user.directory.path());
    EXPECT_TRUE(client.ok());
    return *std::move(client);
  }
  // Key files of next to no cost.
  static std::unique_ptr<const KeyFiles> KeyFilesIn(const std::string& directory,
                                                    std::string_view passphrase = "passphrase") {
    static constexpr seal::internal::KeyFileLimits kLimits = {.min_passes = 1, .min_memory_kib = 8};
    return std::make_unique<const KeyFiles>(
        directory, SecretBuffer::Copy(passphrase),
        KeyFiles::Format{.seal =
                             [](const auto& keys, const auto& phrase, auto& random) {
                               return seal::internal::SealKeyFileWithin(
                                   kLimits, keys, phrase, {.passes = 1, .memory_kib = 8}, random);
                             },
                         .open =
                             [](std::string_view file, const auto& phrase) {
                               return seal::internal::OpenKeyFileWithin(kLimits, file, phrase);
                             }});
  }
  std::unique_ptr<ClientImpl> Make(const User& user) {
    auto client = Open(user);
    const absl::Status complete = client->Complete(KeepKit());
    EXPECT_TRUE(complete.ok()) << complete;
    return client;
  }
  Creation KeepKit() {
    return Showing([this](const SecretBuffer& kit) {
      kits_.push_back(Text(kit));
      return absl::OkStatus();
    });
  }
  static Creation Showing(std::function<absl::Status(const SecretBuffer&)> show) {
    return {.show_kit = std::move(show), .attestation = {}, .ask_registrar = {}};
  }
  static Draft To(const User& user, const std::string& body, const std::string& subject = "") {
    return {.to = user.member.handle,
            .subject = SecretBuffer::Copy(subject),
            .body = SecretBuffer::Copy(body),
            .format = BodyFormat::kPlain,
            .thread = std::nullopt};
  }
  static std::vector<std::string> Bodies(const absl::StatusOr<Listing>& listing) {
    std::vector<std::string> bodies;
    for (const Message& message : listing->messages) bodies.push_back(Text(message.body));
    return bodies;
  }
  // Mail to `to` that says it is of `from` and is signed by another.
  void Plant(const User& signer, const User& from, const User& to) {
    seal::MemberKeys keys = signer.Keys();
    keys.handle = from.member.handle;
    keys.member = from.member.member;
    seal::Content content;
    content.body = SecretBuffer::Copy("planted");
    content.sent_unix_ms = 1;
    crypto::SystemRandom random;
    const auto id = crypto::MessageId::Random(random);
    auto sealed = seal::SealEnvelope(
        keys,
        {to.member.handle, to.member.identity.public_key(), to.member.identity.public_key(),
         to.member.encryption.public_key()},
        {id, *crypto::ThreadId::FromBytes(id.bytes()), std::move(content)}, random);
    ASSERT_TRUE(sealed.ok()) << sealed.status();
    mail::v1::MailboxMessage message;
    message.set_header(sealed->header);
    message.set_wrap(sealed->recipient_wrap);
    message.set_ciphertext(sealed->ciphertext);
    message.mutable_state()->set_folder(mail::v1::FOLDER_INBOX);
    BoxOf(to).push_back(std::move(message));
  }
  // The user's next entry, with a new identity key, authorised by the one before.
  void Rotate(User& user) {
    const auto standing = deployment_.world->Prove(user.member.handle).signed_entry().entry();
    auto entry = letterlock::testing::TestMember::NextEntry(standing);
    crypto::SigningKey next = crypto::SigningKey::Generate();
    entry.set_identity_key(std::string(next.public_key().bytes()));
    directory::v1::SignedEntry signed_entry;
    signed_entry.set_entry(attest::SerializeCanonical(entry));
    signed_entry.set_signature(next.Sign(context::kDirectoryEntry, {signed_entry.entry()}));
    letterlock::testing::TestMember::Authorise(
        &signed_entry, crypto::SigningKey::FromSeed(user.identity), /*recovery=*/false);
    user.identity = next.Seed();
    deployment_.world->Put(signed_entry);
    deployment_.NewHead();
  }
  FakeDeployment::Box& BoxOf(const User& user) {
    return deployment_.boxes[std::string(user.member.member.bytes())];
  }

  FakeDeployment deployment_;
  std::vector<std::string> kits_;
  User alice_{&deployment_, "alice"};
  User bob_{&deployment_, "bob"};
};

}  // namespace letterlock::client
