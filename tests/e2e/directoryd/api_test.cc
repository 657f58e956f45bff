// The directory and the log over gRPC: what they answer, and how they refuse.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "attest/leaf.h"
#include "attest/map_store.h"
#include "attest/map_value.h"
#include "attest/merkle.h"
#include "attest/tiles.h"
#include "crypto/base/context.h"
#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"
#include "support/directory_member.h"
#include "support/served_directory.h"

namespace letterlock {
namespace {

using absl::StatusCode;
using test::DirectoryMember;
using test::ServedDirectory;
namespace reasons = common::v1;
namespace api = directory::v1;

// One deployment for all of these tests: each uses handles of its own.
class DirectoryApi : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    served_ = new ServedDirectory();
    ASSERT_TRUE(served_->Start({"--head_interval", "10ms"}).ok()) << served_->LogText();
  }
  static void TearDownTestSuite() {
    EXPECT_EQ(served_->Stop().value_or(-1), 0);
    delete served_;
  }
  static DirectoryMember NewMember(const std::string& handle) {
    return {served_->trust().deployment(), handle};
  }
  static api::EraseRequest ErasureOf(const DirectoryMember& member) {
    api::EraseRequest request;
    request.set_statement(member.ErasureStatement());
    request.set_signature(
        member.identity().Sign(context::kDirectoryErasure, {request.statement()}));
    return request;
  }
  static uint64_t LogSize() {
    auto checkpoint = served_->Call(tlog::v1::GetCheckpointRequest());
    auto opened = attest::OpenCheckpoint(checkpoint->checkpoint(),
                                         served_->trust().witness_policy().log_keys(), {});
    EXPECT_TRUE(opened.ok()) << opened.status();
    EXPECT_TRUE(served_->Remember(opened->checkpoint).ok());
    return opened->checkpoint.size;
  }

  template <class Request>
  static void ExpectRefused(const Request& request, StatusCode code, reasons::ErrorReason reason,
                            const std::string& field) {
    const auto answer = served_->Call(request);
    EXPECT_EQ(answer.status().code(), code) << answer.status();
    EXPECT_EQ(rpc::ReasonOf(answer.status()), reason) << answer.status();
    EXPECT_EQ(rpc::FieldOf(answer.status()).value_or(""), field);
    EXPECT_TRUE(rpc::RequestIdOf(answer.status()).has_value());
  }

  static ServedDirectory* served_;
};

ServedDirectory* DirectoryApi::served_ = nullptr;

TEST_F(DirectoryApi, RegistersRotatesRecoversAndErases) {
  DirectoryMember alice = NewMember("alice");
  for (const auto& entry : {alice.Next(), alice.Rotate(), alice.Recover(), alice.Next()}) {
    const auto proof = served_->Publish(entry);
    ASSERT_TRUE(proof.ok()) << proof.status();
    const auto shown = served_->Verify(*proof, "alice");
    ASSERT_TRUE(shown.ok()) << shown.status();
    EXPECT_EQ(std::get<attest::VerifiedEntry>(*shown).content().bytes, entry.entry());
  }
  const auto erased = served_->Call(ErasureOf(alice));
  ASSERT_TRUE(erased.ok()) << erased.status();
  const auto shown = served_->Verify(erased->proof(), "alice");
  ASSERT_TRUE(shown.ok()) << shown.status();
  EXPECT_EQ(std::get<attest::VerifiedErasure>(*shown).version(), 5u);
  const auto looked_up = served_->VerifiedLookup("alice");
  ASSERT_TRUE(looked_up.ok()) << looked_up.status();
  EXPECT_TRUE(std::holds_alternative<attest::VerifiedErasure>(*looked_up));
}

TEST_F(DirectoryApi, UnknownHandleIsAProofToo) {
  const auto nobody = served_->VerifiedLookup("nobody");
  ASSERT_TRUE(nobody.ok()) << nobody.status();
  EXPECT_TRUE(std::holds_alternative<attest::VerifiedAbsence>(*nobody));
}

TEST_F(DirectoryApi, PublishRefusalsNameTheField) {
  api::PublishRequest request;
  const auto refused = [&](StatusCode code, reasons::ErrorReason reason, const std::string& field) {
    ExpectRefused(request, code, reason, field);
  };
  const auto set = [&](const api::SignedEntry& entry) { *request.mutable_signed_entry() = entry; };
  const StatusCode invalid = StatusCode::kInvalidArgument;
  refused(invalid, reasons::ERROR_REASON_FIELD_MISSING, "signed_entry");
  request.mutable_signed_entry();
  refused(invalid, reasons::ERROR_REASON_FIELD_MISSING, "signed_entry.entry");

  DirectoryMember bob = NewMember("bob");
  const auto with = [&](const DirectoryMember::Change& change) { set(bob.Preview(change)); };
  with([](auto& e) { e.set_deployment(std::string(16, 'x')); });
  refused(invalid, reasons::ERROR_REASON_WRONG_DEPLOYMENT, "signed_entry.entry.deployment");
  with([](auto& e) { e.set_suite(7); });
  refused(invalid, reasons::ERROR_REASON_UNKNOWN_SUITE, "signed_entry.entry.suite");
  with([](auto& e) { e.set_handle("UPPER"); });
  refused(invalid, reasons::ERROR_REASON_BAD_HANDLE, "signed_entry.entry.handle");
  with([](auto& e) { e.set_encryption_key(std::string(32, '\0')); });
  refused(invalid, reasons::ERROR_REASON_BAD_KEY, "signed_entry.entry.encryption_key");
  with([](auto& e) { e.set_identity_key("short"); });
  refused(invalid, reasons::ERROR_REASON_FIELD_SIZE, "signed_entry.entry.identity_key");
  api::SignedEntry entry = bob.Preview();
  entry.set_signature(std::string(64, 's'));
  set(entry);
  refused(invalid, reasons::ERROR_REASON_BAD_SIGNATURE, "signed_entry.signature");
  entry = bob.Preview();
  entry.set_entry(entry.entry() + "\x78\x01");
  set(entry);
  refused(invalid, reasons::ERROR_REASON_NOT_CANONICAL, "signed_entry.entry");

  ASSERT_TRUE(served_->Publish(bob.Next()).ok());
  set(NewMember("bob").Next());
  refused(StatusCode::kAlreadyExists, reasons::ERROR_REASON_HANDLE_TAKEN, "");
  set(bob.Preview([](auto& e) { e.set_version(9); }));
  refused(StatusCode::kFailedPrecondition, reasons::ERROR_REASON_VERSION,
          "signed_entry.entry.version");
  const crypto::SigningKey thief = crypto::SigningKey::Generate();
  set(bob.Sign(thief, &thief, false, nullptr));
  refused(StatusCode::kPermissionDenied, reasons::ERROR_REASON_NOT_AUTHORISED,
          "signed_entry.change_signature");
}

TEST_F(DirectoryApi, RequestThatIsTooLargeIsRefused) {
  api::PublishRequest request;
  request.mutable_signed_entry()->set_entry(std::string(64 * 1024, 'x'));
  EXPECT_EQ(served_->Call(request).status().code(), StatusCode::kResourceExhausted);
}

TEST_F(DirectoryApi, LookupRefusalsNameTheField) {
  api::LookupRequest request;
  ExpectRefused(request, StatusCode::kInvalidArgument, reasons::ERROR_REASON_FIELD_MISSING,
                "handle");
  for (const char* handle : {"x", "Alice", "-alice", "al ice", "alice\n"}) {
    request.set_handle(handle);
    ExpectRefused(request, StatusCode::kInvalidArgument, reasons::ERROR_REASON_BAD_HANDLE,
                  "handle");
  }
  request.set_handle(std::string(64, 'a'));
  ExpectRefused(request, StatusCode::kInvalidArgument, reasons::ERROR_REASON_BAD_HANDLE, "handle");
  request.set_handle("bad \xff utf-8");
  EXPECT_EQ(served_->Call(request).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(DirectoryApi, EraseRefusalsNameTheField) {
  DirectoryMember carol = NewMember("carol");
  ASSERT_TRUE(served_->Publish(carol.Next()).ok());
  api::EraseRequest request;
  ExpectRefused(request, StatusCode::kInvalidArgument, reasons::ERROR_REASON_FIELD_MISSING,
                "statement");
  request = ErasureOf(carol);
  request.set_signature("short");
  ExpectRefused(request, StatusCode::kInvalidArgument, reasons::ERROR_REASON_FIELD_SIZE,
                "signature");
  request.set_signature(std::string(64, 's'));
  ExpectRefused(request, StatusCode::kPermissionDenied, reasons::ERROR_REASON_NOT_AUTHORISED,
                "signature");
  ExpectRefused(ErasureOf(NewMember("nobody")), StatusCode::kInvalidArgument,
                reasons::ERROR_REASON_FIELD_RANGE, "statement.version");
  DirectoryMember never = NewMember("never-registered");
  (void)never.Next();
  ExpectRefused(ErasureOf(never), StatusCode::kNotFound, reasons::ERROR_REASON_NOT_FOUND,
                "statement.handle");
}

TEST_F(DirectoryApi, DeltasRebuildTheRootOfTheHead) {
  for (int i = 0; i < 7; ++i) {
    ASSERT_TRUE(served_->Publish(NewMember("delta" + std::to_string(i)).Next()).ok());
  }
  api::LookupRequest lookup;
  lookup.set_handle("nobody");
  const auto now = served_->VerifiedLookup("nobody");
  ASSERT_TRUE(now.ok()) << now.status();
  attest::MemoryMap map;
  api::ListDeltasRequest request;
  request.set_page_size(3);
  std::map<std::string, uint64_t> versions;
  do {
    const auto page = served_->Call(request);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const api::Delta& delta : page->deltas()) {
      if (delta.head_sequence() > attest::HeadOf(*now).sequence()) continue;
      EXPECT_EQ(delta.version(), ++versions[delta.position()]);
      const attest::MapLeaf leaf{
          *crypto::DigestFromBytes(delta.position()),
          attest::MapValue(delta.version(), *crypto::DigestFromBytes(delta.commitment()))};
      ASSERT_TRUE(map.Update({{leaf}}).ok());
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(map.root(), attest::HeadOf(*now).directory_root());
}

TEST_F(DirectoryApi, ListDeltasRefusalsNameTheField) {
  api::ListDeltasRequest request;
  request.set_page_size(1001);
  ExpectRefused(request, StatusCode::kInvalidArgument, reasons::ERROR_REASON_FIELD_RANGE,
                "page_size");
  request.set_page_size(1);
  request.set_page_token("not a token");
  ExpectRefused(request, StatusCode::kInvalidArgument, reasons::ERROR_REASON_PAGE_TOKEN,
                "page_token");
}

TEST_F(DirectoryApi, LogServesWhatItSigned) {
  const uint64_t size = LogSize();
  ASSERT_GE(size, 2u);
  tlog::v1::GetEntriesRequest entries;
  entries.set_count(2);
  const auto leaves = served_->Call(entries);
  ASSERT_TRUE(leaves.ok()) << leaves.status();
  ASSERT_EQ(leaves->entries_size(), 2);
  EXPECT_EQ(attest::ParseLeaf(leaves->entries(0))->type, attest::LeafType::kGenesis);
  EXPECT_EQ(crypto::DeploymentIdOf(attest::ParseLeaf(leaves->entries(0))->body),
            served_->trust().deployment());
  EXPECT_EQ(attest::ParseLeaf(leaves->entries(1))->type, attest::LeafType::kHead);

  tlog::v1::GetTileRequest tile;
  tile.set_path("tile/0/000.p/2");
  EXPECT_EQ(served_->Call(tile)->tile(),
            crypto::ToString(attest::LeafHash(leaves->entries(0))) +
                crypto::ToString(attest::LeafHash(leaves->entries(1))));
  tile.set_path("tile/entries/000.p/2");
  EXPECT_EQ(attest::ParseBundle(served_->Call(tile)->tile(), 2)->at(1), leaves->entries(1));

  tlog::v1::GetInclusionProofRequest inclusion;
  inclusion.set_index(1);
  inclusion.set_tree_size(2);
  const auto proof = served_->Call(inclusion);
  ASSERT_TRUE(proof.ok()) << proof.status();
  ASSERT_EQ(proof->hashes_size(), 1);
  EXPECT_EQ(proof->hashes(0), crypto::ToString(attest::LeafHash(leaves->entries(0))));
}

TEST_F(DirectoryApi, LogRefusalsNameTheField) {
  const StatusCode invalid = StatusCode::kInvalidArgument, not_found = StatusCode::kNotFound;
  const uint64_t beyond = LogSize() + 1'000'000;
  tlog::v1::GetTileRequest tile;
  ExpectRefused(tile, invalid, reasons::ERROR_REASON_FIELD_MISSING, "path");
  for (const char* path : {"checkpoint", "../log-lock/signed", "tile/0/000.p/256", "tile/0/1"}) {
    tile.set_path(path);
    ExpectRefused(tile, invalid, reasons::ERROR_REASON_FIELD_FORMAT, "path");
  }
  for (const char* path : {"tile/0/x001/000", "tile/7/000", "tile/entries/x001/000"}) {
    tile.set_path(path);
    ExpectRefused(tile, not_found, reasons::ERROR_REASON_BEYOND_CHECKPOINT, "path");
  }
  tlog::v1::GetEntriesRequest entries;
  ExpectRefused(entries, invalid, reasons::ERROR_REASON_FIELD_RANGE, "count");
  entries.set_count(257);
  ExpectRefused(entries, invalid, reasons::ERROR_REASON_FIELD_RANGE, "count");
  entries.set_count(1);
  entries.set_first(beyond);
  ExpectRefused(entries, not_found, reasons::ERROR_REASON_BEYOND_CHECKPOINT, "first");
  entries.set_first(UINT64_MAX);
  ExpectRefused(entries, not_found, reasons::ERROR_REASON_BEYOND_CHECKPOINT, "first");
  tlog::v1::GetInclusionProofRequest inclusion;
  ExpectRefused(inclusion, invalid, reasons::ERROR_REASON_FIELD_RANGE, "index");
  inclusion.set_index(2);
  inclusion.set_tree_size(2);
  ExpectRefused(inclusion, invalid, reasons::ERROR_REASON_FIELD_RANGE, "index");
  inclusion.set_tree_size(beyond);
  ExpectRefused(inclusion, not_found, reasons::ERROR_REASON_BEYOND_CHECKPOINT, "tree_size");
  tlog::v1::GetConsistencyProofRequest consistency;
  ExpectRefused(consistency, invalid, reasons::ERROR_REASON_FIELD_RANGE, "old_size");
  consistency.set_old_size(2);
  consistency.set_new_size(1);
  ExpectRefused(consistency, invalid, reasons::ERROR_REASON_FIELD_RANGE, "old_size");
  consistency.set_new_size(beyond);
  ExpectRefused(consistency, not_found, reasons::ERROR_REASON_BEYOND_CHECKPOINT, "new_size");
}

}  // namespace
}  // namespace letterlock
