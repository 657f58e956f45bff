// What the tests of the directory share: a deployment in memory, and a verifier that trusts it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "attest/canonical_proto.h"
#include "attest/directory_proof.h"
#include "attest/merkle.h"
#include "attest/trust.h"
#include "crypto/base/random.h"
#include "letterlock/common/v1/errors.pb.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "letterlock/tlog/v1/leaf.pb.h"
#include "server/directory/genesis.h"
#include "server/directory/registry.h"
#include "server/log/reader.h"
#include "server/log/sequencer.h"
#include "server/rpc/status.h"
#include "support/directory_member.h"
#include "support/manual_clock.h"
#include "support/memory_log.h"
#include "support/memory_ordered_store.h"

namespace letterlock::directory {

using Answer = absl::StatusOr<v1::EntryProof>;

struct Killed {};

// Ends the "process" at a point, or looks at the state there.
class WatchedPoints final : public log::FaultPoints {
 public:
  void Reached(std::string_view point) override {
    if (at_point) at_point(point);
    if (point == kill_at && --nth == 0) throw Killed{};
  }
  std::string kill_at;
  int nth = 1;
  std::function<void(std::string_view)> at_point;
};

inline crypto::SecretBytes<32> LogSeed() {
  return *crypto::SecretBytes<32>::FromBytes(std::string(32, 's'));
}

// A deployment with these registrars; none: development.
inline Genesis MakeGenesis(const std::vector<crypto::PublicKey>& registrars = {},
                           char nonce = 'n') {
  const log::TreeSigner signer = *log::TreeSigner::Create("example.com/log", LogSeed());
  tlog::v1::GenesisStatement statement;
  statement.set_origin(signer.origin());
  statement.set_log_key(signer.vkey());
  for (const crypto::PublicKey& key : registrars) {
    statement.add_registrar_keys(std::string(key.bytes()));
  }
  statement.add_policy_keys(
      std::string(crypto::SigningKey::FromSeed(LogSeed()).public_key().bytes()));
  statement.set_policy_threshold(1);
  statement.set_created_unix_ms(1'700'000'000'000);
  statement.set_nonce(std::string(32, nonce));
  statement.set_development(registrars.empty());
  return *Genesis::Parse(attest::SerializeCanonical(statement));
}

inline attest::TrustFile TrustIn(const Genesis& genesis) {
  attest::TrustFields fields;
  fields.entries = genesis.entry_trust();
  fields.policy_keys = {crypto::SigningKey::FromSeed(LogSeed()).public_key()};
  fields.policy_threshold = 1;
  fields.tlog_policy = "log " + genesis.log_vkey + "\nquorum none\n";
  return *attest::TrustFile::Parse(*attest::FormatTrustFile(fields));
}

class RegistryTest : public ::testing::Test {
 protected:
  void SetUp() override { Start(); }

  // (Re)starts the "process" over what is stored.
  absl::Status TryStart() {
    Stop();
    auto sequencer =
        log::Sequencer::Open(&log_files_, &lock_, &signer_, &points_, log::StartCheck::kAll);
    if (!sequencer.ok()) return sequencer.status();
    log_ = *std::move(sequencer);
    auto registry = Registry::Open({.genesis = &genesis_,
                                    .store = &store_,
                                    .log = log_.get(),
                                    .log_storage = &log_files_,
                                    .clock = &clock_,
                                    .random = &random_,
                                    .points = &points_},
                                   options_);
    if (!registry.ok()) return registry.status();
    registry_ = *std::move(registry);
    return absl::OkStatus();
  }
  void Start() {
    const absl::Status started = TryStart();
    ASSERT_TRUE(started.ok()) << started;
  }
  void Stop() {
    registry_.reset();
    log_.reset();
  }

  // Queues a request; the answer comes with a head, or at once.
  std::shared_ptr<std::optional<Answer>> Submit(const v1::SignedEntry& entry,
                                                absl::Time deadline = absl::InfiniteFuture()) {
    auto answer = std::make_shared<std::optional<Answer>>();
    registry_->Publish(entry, deadline, [answer](Answer got) { *answer = std::move(got); });
    return answer;
  }
  std::shared_ptr<std::optional<Answer>> Submit(const ErasureRequest& erasure) {
    auto answer = std::make_shared<std::optional<Answer>>();
    registry_->Erase(erasure, absl::InfiniteFuture(),
                     [answer](Answer got) { *answer = std::move(got); });
    return answer;
  }
  // Queues it, makes a head, and gives the answer.
  template <class Request>
  Answer Decide(const Request& request) {
    const auto answer = Submit(request);
    if (!answer->has_value()) {
      const absl::Status made = registry_->MakeHead(false);
      EXPECT_TRUE(made.ok()) << made;
    }
    if (!answer->has_value()) return absl::InternalError("no answer");
    return **answer;
  }

  test::DirectoryMember NewMember(const std::string& handle) {
    return {genesis_.deployment, handle};
  }

  // What a verifier makes of a proof; each checkpoint must extend the newest one seen before.
  absl::StatusOr<attest::VerifiedLookup> Verify(const v1::EntryProof& proof,
                                                const std::string& handle) {
    auto lookup = attest::VerifyLookup(proof, *crypto::Handle::Parse(handle), TrustIn(genesis_),
                                       std::nullopt);
    if (!lookup.ok()) return lookup;
    const attest::Checkpoint& checkpoint = attest::HeadOf(*lookup).checkpoint();
    ExpectExtends(newest_, checkpoint);
    newest_ = checkpoint;
    return lookup;
  }
  void ExpectExtends(const std::optional<attest::Checkpoint>& older,
                     const attest::Checkpoint& newer) {
    if (!older) return;
    ASSERT_LE(older->size, newer.size);
    const auto proof =
        log::LogReader(&log_files_, log_->tree()).ProveConsistency(older->size, newer.size);
    ASSERT_TRUE(proof.ok()) << proof.status();
    EXPECT_TRUE(
        attest::VerifyConsistency(older->size, newer.size, older->root, newer.root, *proof).ok());
  }
  // The proof holds, and shows exactly these bytes.
  void ExpectShows(const Answer& proof, const std::string& handle, const v1::SignedEntry& entry) {
    ASSERT_TRUE(proof.ok()) << proof.status();
    const auto lookup = Verify(*proof, handle);
    ASSERT_TRUE(lookup.ok()) << lookup.status();
    ASSERT_TRUE(std::holds_alternative<attest::VerifiedEntry>(*lookup));
    EXPECT_EQ(std::get<attest::VerifiedEntry>(*lookup).content().bytes, entry.entry());
  }
  void ExpectErased(const Answer& proof, const std::string& handle, uint64_t version) {
    ASSERT_TRUE(proof.ok()) << proof.status();
    const auto lookup = Verify(*proof, handle);
    ASSERT_TRUE(lookup.ok()) << lookup.status();
    ASSERT_TRUE(std::holds_alternative<attest::VerifiedErasure>(*lookup));
    EXPECT_EQ(std::get<attest::VerifiedErasure>(*lookup).version(), version);
  }
  void ExpectAbsent(const Answer& proof, const std::string& handle) {
    ASSERT_TRUE(proof.ok()) << proof.status();
    const auto lookup = Verify(*proof, handle);
    ASSERT_TRUE(lookup.ok()) << lookup.status();
    EXPECT_TRUE(std::holds_alternative<attest::VerifiedAbsence>(*lookup));
  }
  Answer Lookup(const std::string& handle) {
    return registry_->Lookup(*crypto::Handle::Parse(handle));
  }

  Genesis genesis_ = MakeGenesis();
  log::TreeSigner signer_ = *log::TreeSigner::Create("example.com/log", LogSeed());
  RegistryOptions options_;
  letterlock::testing::ManualClock clock_;
  crypto::SystemRandom random_;
  WatchedPoints points_;
  test::MemoryOrderedStore store_;
  test::MemoryLogStorage log_files_;
  test::MemoryLock lock_;
  std::unique_ptr<log::Sequencer> log_;
  std::unique_ptr<Registry> registry_;
  std::optional<attest::Checkpoint> newest_;  // that a verifier has seen
};

}  // namespace letterlock::directory
