// A mail server's attachments over an engine that can be made to fail.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/synchronization/notification.h"
#include "crypto/base/hash.h"
#include "letterlock/common/v1/errors.pb.h"
#include "mail_world.h"
#include "server/mail/attachments/attachments.h"
#include "server/rpc/status.h"
#include "support/fake_engine.h"

namespace letterlock::mail {

// Bytes of a size that a sealed attachment has; different for each `seed`.
inline std::string Ciphertext(std::size_t size, char seed = 'a') {
  std::string bytes(size, seed);
  for (std::size_t i = 0; i < size; i += 97) bytes[i] = static_cast<char>(i / 97);
  return bytes;
}

// Sizes of one, two and many chunk rows: 19 bytes, padded file, 16 bytes for each of its chunks.
inline constexpr std::size_t kSmall = 19 + 256 + 16;
inline constexpr std::size_t kTwoRows = 19 + 65'536 + 16;
inline constexpr std::size_t kManyRows = 19 + 1'310'720 + 20 * 16;

class AttachmentsTest : public ::testing::Test {
 protected:
  explicit AttachmentsTest(Quota quota = {})
      : world_([this] { return OpenFake(); }, quota), quota_(quota) {
    ada_ = &world_.AddMember("ada");
    ben_ = &world_.AddMember("ben");
  }

  std::unique_ptr<engine::Engine> OpenFake() {
    auto engine = std::make_unique<testing::FakeEngine>(
        storage_, testing::FakeEngineOptions{.own_thread = true});
    fake_ = engine.get();
    return engine;
  }

  void Restart() { world_.Restart(); }

  absl::StatusOr<std::shared_ptr<Upload>> Start(const TestUser& user, const std::string& bytes,
                                                std::uint64_t offset = 0) {
    return world_.attachments->StartUpload(world_.GrantOf(user), crypto::Sha256(bytes),
                                           bytes.size(), offset, MailWorld::Soon());
  }

  static absl::Status Append(Upload& upload, std::string_view data) {
    absl::Notification over;
    absl::Status result;
    upload.Append(data, MailWorld::Soon(), [&](absl::Status status) {
      result = std::move(status);
      over.Notify();
    });
    over.WaitForNotification();
    return result;
  }

  // In pieces of `piece` bytes, from `offset` to `end`.
  static absl::Status AppendAll(Upload& upload, std::string_view bytes,
                                std::size_t piece = 60'000) {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
      if (absl::Status s = Append(upload, bytes.substr(0, piece)); !s.ok()) return s;
    }
    return absl::OkStatus();
  }

  absl::Status UploadWhole(const TestUser& user, const std::string& bytes) {
    auto upload = Start(user, bytes);
    if (!upload.ok()) return upload.status();
    if (absl::Status s = AppendAll(**upload, bytes); !s.ok()) return s;
    return (*upload)->Finish(MailWorld::Soon()).status();
  }

  absl::StatusOr<Attachments::Standing> StandingOf(const TestUser& user, const std::string& bytes) {
    return world_.attachments->GetUpload(world_.GrantOf(user), crypto::Sha256(bytes),
                                         MailWorld::Soon());
  }

  absl::StatusOr<std::string> Get(const TestUser& user, const std::string& bytes,
                                  std::uint64_t offset = 0, std::uint64_t length = 0) {
    auto download = world_.attachments->OpenDownload(world_.GrantOf(user), crypto::Sha256(bytes),
                                                     offset, length, MailWorld::Soon());
    if (!download.ok()) return download.status();
    std::string all;
    while (true) {
      auto piece = (*download)->Next(MailWorld::Soon());
      if (!piece.ok()) return piece.status();
      EXPECT_LE(piece->size(), 65'536u);
      if (piece->empty()) return all;
      all += *piece;
    }
  }

  // Rows of the three tables of attachments, in the whole store.
  std::map<int, std::size_t> Rows() {
    absl::MutexLock lock(&storage_->mu);
    std::map<int, std::size_t> rows{{0x0c, 0}, {0x0d, 0}, {0x14, 0}};
    for (const auto& [tag, partition] : storage_->partitions) {
      for (const auto& [key, value] : partition.rows) {
        const int table = static_cast<int>(key.table);
        if (rows.contains(table)) ++rows[table];
      }
    }
    return rows;
  }

  static std::map<int, std::size_t> Counts(std::size_t attachments, std::size_t chunks,
                                           std::size_t expiries) {
    return {{0x0c, attachments}, {0x0d, chunks}, {0x14, expiries}};
  }

  // What expired is gone with the next upload.
  void CleanUp(const TestUser& user) {
    const std::string bytes = Ciphertext(kSmall, 'z');
    const auto standing = StandingOf(user, bytes);
    EXPECT_TRUE(Start(user, bytes, standing.ok() ? standing->stored : 0).ok());
  }

  static std::optional<common::v1::ErrorReason> Why(const absl::Status& status) {
    return rpc::ReasonOf(status);
  }

  const std::shared_ptr<testing::FakeStorage> storage_ = std::make_shared<testing::FakeStorage>();
  testing::FakeEngine* fake_ = nullptr;
  MailWorld world_;
  const Quota quota_;
  TestUser* ada_ = nullptr;
  TestUser* ben_ = nullptr;
};

}  // namespace letterlock::mail
