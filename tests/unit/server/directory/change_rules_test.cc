// Changes, erasures and registrars that do not fit what stands.
#include <gtest/gtest.h>

#include "rules_fixture.h"

namespace letterlock::directory {
namespace {

TEST_F(RulesTest, ChangesThatDoNotFollow) {
  using Entry = v1::DirectoryEntry;
  const StatusCode precondition = StatusCode::kFailedPrecondition;
  const std::string version = "signed_entry.entry.version",
                    hash = "signed_entry.entry.previous_entry_hash";
  ExpectNextRefused("a version too far", [](Entry& e) { e.set_version(4); },
                    {precondition, reasons::ERROR_REASON_VERSION, version});
  ExpectNextRefused("the version that stands", [](Entry& e) { e.set_version(2); },
                    {StatusCode::kAlreadyExists, reasons::ERROR_REASON_VERSION, version});
  ExpectNextRefused("an older version",
                    [](Entry& e) {
                      e.set_version(1);
                      e.clear_previous_entry_hash();
                    },
                    {kInvalid, reasons::ERROR_REASON_BAD_KEY, "signed_entry.entry.genesis_key"});
  ExpectNextRefused("another previous entry",
                    [](Entry& e) { e.set_previous_entry_hash(std::string(32, 'h')); },
                    {precondition, reasons::ERROR_REASON_VERSION, hash});
  ExpectNextRefused("no previous entry", [](Entry& e) { e.clear_previous_entry_hash(); },
                    {kInvalid, reasons::ERROR_REASON_FIELD_MISSING, hash});
  ExpectNextRefused("another genesis key", [](Entry& e) { e.set_genesis_key(e.identity_key()); },
                    {StatusCode::kAlreadyExists, reasons::ERROR_REASON_HANDLE_TAKEN, ""});
  ExpectRefused("another member", Decide(NewMember("alice").Next()),
                {StatusCode::kAlreadyExists, reasons::ERROR_REASON_HANDLE_TAKEN, ""});
  DirectoryMember bob = NewMember("bob");
  (void)bob.Next();  // never sent
  ExpectRefused("version 2 of nobody", Decide(bob.Next()),
                {precondition, reasons::ERROR_REASON_VERSION, version});
}

TEST_F(RulesTest, ChangesThatTheOwnerDidNotAuthorise) {
  const StatusCode denied = StatusCode::kPermissionDenied;
  const std::string change = "signed_entry.change_signature";
  const crypto::SigningKey thief = crypto::SigningKey::Generate();
  // The new identity signs, but nobody who may authorises.
  ExpectRefused("the new key for itself", Decide(alice_.Sign(thief, &thief, false, nullptr)),
                {denied, reasons::ERROR_REASON_NOT_AUTHORISED, change});
  ExpectRefused("a recovery key of the thief's", Decide(alice_.Sign(thief, &thief, true, nullptr)),
                {denied, reasons::ERROR_REASON_NOT_AUTHORISED, change});
  v1::SignedEntry bad = alice_.Preview();
  bad.set_change_signature(std::string(64, 's'));
  ExpectRefused("garbage", Decide(bad), {denied, reasons::ERROR_REASON_NOT_AUTHORISED, change});
  bad.set_change_signature("short");
  ExpectRefused("short", Decide(bad), {kInvalid, reasons::ERROR_REASON_FIELD_SIZE, change});
  bad = alice_.Preview();
  bad.set_change_signature(bad.signature());
  ExpectRefused("the entry's own signature", Decide(bad),
                {denied, reasons::ERROR_REASON_NOT_AUTHORISED, change});
  bad = alice_.Preview();
  bad.set_recovery_key(kZeroKey);
  ExpectRefused("a zero recovery key", Decide(bad),
                {kInvalid, reasons::ERROR_REASON_BAD_KEY, "signed_entry.recovery_key"});
  // The attack: with the stolen identity key, name a recovery key of one's own, and the owner never
  // gets back in.
  ExpectNextRefused(
      "a new recovery digest under the identity key",
      [&](v1::DirectoryEntry& e) {
        e.set_recovery_key_digest(crypto::ToString(attest::RecoveryKeyDigest(thief.public_key())));
      },
      {denied, reasons::ERROR_REASON_NOT_AUTHORISED, "signed_entry.entry.recovery_key_digest"});
}

TEST_F(RulesTest, Erasures) {
  const auto by_identity = [&](const std::string& statement) {
    return ErasureRequest{statement,
                          alice_.identity().Sign(context::kDirectoryErasure, {statement}), ""};
  };
  const auto with = [&](const std::function<void(v1::ErasureStatement&)>& change) {
    return Decide(by_identity(alice_.ErasureStatement(change)));
  };
  using Statement = v1::ErasureStatement;
  const StatusCode precondition = StatusCode::kFailedPrecondition,
                   denied = StatusCode::kPermissionDenied;
  ExpectRefused("no statement", Decide(ErasureRequest{}),
                {kInvalid, reasons::ERROR_REASON_FIELD_MISSING, "statement"});
  ExpectRefused("no protobuf", Decide(by_identity("\xff")),
                {kInvalid, reasons::ERROR_REASON_NOT_CANONICAL, "statement"});
  ExpectRefused("unknown field", Decide(by_identity(alice_.ErasureStatement() + "\x78\x01")),
                {kInvalid, reasons::ERROR_REASON_NOT_CANONICAL, "statement"});
  ExpectRefused("other deployment",
                with([](Statement& s) { s.set_deployment(std::string(16, 'x')); }),
                {kInvalid, reasons::ERROR_REASON_WRONG_DEPLOYMENT, "statement.deployment"});
  ExpectRefused("bad handle", with([](Statement& s) { s.set_handle("A"); }),
                {kInvalid, reasons::ERROR_REASON_BAD_HANDLE, "statement.handle"});
  ExpectRefused("nobody's handle", with([](Statement& s) { s.set_handle("nobody"); }),
                {StatusCode::kNotFound, reasons::ERROR_REASON_NOT_FOUND, "statement.handle"});
  ExpectRefused("version 1", with([](Statement& s) { s.set_version(1); }),
                {kInvalid, reasons::ERROR_REASON_FIELD_RANGE, "statement.version"});
  ExpectRefused("the version that stands", with([](Statement& s) { s.set_version(2); }),
                {precondition, reasons::ERROR_REASON_VERSION, "statement.version"});
  ExpectRefused("a version too far", with([](Statement& s) { s.set_version(4); }),
                {precondition, reasons::ERROR_REASON_VERSION, "statement.version"});
  ExpectRefused("another entry",
                with([](Statement& s) { s.set_previous_entry_hash(std::string(32, 'h')); }),
                {precondition, reasons::ERROR_REASON_VERSION, "statement.previous_entry_hash"});
  ExpectRefused("short hash", with([](Statement& s) { s.set_previous_entry_hash("h"); }),
                {kInvalid, reasons::ERROR_REASON_FIELD_SIZE, "statement.previous_entry_hash"});
  ExpectRefused("no time", with([](Statement& s) { s.clear_time_unix_ms(); }),
                {kInvalid, reasons::ERROR_REASON_FIELD_MISSING, "statement.time_unix_ms"});
  ErasureRequest bad = by_identity(alice_.ErasureStatement());
  bad.signature = "short";
  ExpectRefused("short signature", Decide(bad),
                {kInvalid, reasons::ERROR_REASON_FIELD_SIZE, "signature"});
  bad.signature = std::string(64, 's');
  ExpectRefused("garbage", Decide(bad),
                {denied, reasons::ERROR_REASON_NOT_AUTHORISED, "signature"});
  bad.signature = alice_.identity().Sign(context::kDirectoryEntryChange, {bad.statement});
  ExpectRefused("of another context", Decide(bad),
                {denied, reasons::ERROR_REASON_NOT_AUTHORISED, "signature"});
  const crypto::SigningKey thief = crypto::SigningKey::Generate();
  bad.signature = thief.Sign(context::kDirectoryErasure, {bad.statement});
  bad.recovery_key = std::string(thief.public_key().bytes());
  ExpectRefused("a thief's recovery key", Decide(bad),
                {denied, reasons::ERROR_REASON_NOT_AUTHORISED, "signature"});
  bad.recovery_key = kZeroKey;
  ExpectRefused("a zero recovery key", Decide(bad),
                {kInvalid, reasons::ERROR_REASON_BAD_KEY, "recovery_key"});
}

TEST_F(RulesTest, ErasedHandleIsNotGivenAgain) {
  const std::string statement = alice_.ErasureStatement();
  const ErasureRequest erasure{statement,
                               alice_.recovery().Sign(context::kDirectoryErasure, {statement}),
                               std::string(alice_.recovery().public_key().bytes())};
  ExpectErased(Decide(erasure), "alice", 3);
  before_ = store_.newest.rows;
  const Expected erased{StatusCode::kFailedPrecondition, reasons::ERROR_REASON_ERASED, ""};
  ExpectRefused("a new member", Decide(NewMember("alice").Next()), erased);
  ExpectRefused("the old one", Decide(alice_.Preview()), erased);
  ExpectErased(Decide(erasure), "alice", 3);  // the same again gets the same answer
  EXPECT_EQ(store_.newest.rows, before_);
}

class RegistrarTest : public RulesTest {
 protected:
  void SetUp() override {
    genesis_ = MakeGenesis({registrar_.public_key()});
    RegistryTest::SetUp();
    before_ = store_.newest.rows;
  }
  crypto::SigningKey registrar_ = crypto::SigningKey::Generate();
};

TEST_F(RegistrarTest, EveryVersionNeedsARegistrarsWord) {
  DirectoryMember bob = NewMember("bob");
  const std::string field = "signed_entry.registrar_attestation";
  const StatusCode denied = StatusCode::kPermissionDenied;
  ExpectRefused("nobody's word", Decide(bob.Preview()),
                {denied, reasons::ERROR_REASON_REGISTRAR_REQUIRED, field});
  bob.VouchedForBy(&registrar_);
  const v1::SignedEntry entry = bob.Next();
  const Answer answer = Decide(entry);
  ExpectShows(answer, "bob", entry);
  const auto verified = Verify(*answer, "bob");
  EXPECT_TRUE(std::get<attest::VerifiedEntry>(*verified).attested());
  const v1::SignedEntry rotated = bob.Rotate();
  ExpectShows(Decide(rotated), "bob", rotated);
  before_ = store_.newest.rows;
  bob.VouchedForBy(nullptr);
  ExpectRefused("nobody's word for a change", Decide(bob.Preview()),
                {denied, reasons::ERROR_REASON_REGISTRAR_REQUIRED, field});
}

TEST_F(RegistrarTest, WordsThatDoNotCount) {
  using Statement = v1::RegistrarStatement;
  DirectoryMember bob = NewMember("bob");
  const std::string field = "signed_entry.registrar_attestation";
  const StatusCode denied = StatusCode::kPermissionDenied;
  const auto with = [&](const v1::RegistrarAttestation& attestation) {
    v1::SignedEntry entry = bob.Preview();
    *entry.mutable_registrar_attestation() = attestation;
    return Decide(entry);
  };
  const auto vouched = [&](const std::function<void(Statement&)>& change) {
    return with(bob.Vouch(registrar_, change));
  };
  const auto invalid = reasons::ERROR_REASON_REGISTRAR_INVALID;
  ExpectRefused("an unknown registrar", with(bob.Vouch(crypto::SigningKey::Generate())),
                {denied, invalid, field + ".registrar_key"});
  ExpectRefused("another handle", vouched([](Statement& s) { s.set_handle("rob"); }),
                {denied, invalid, field + ".statement.handle"});
  ExpectRefused("another key",
                vouched([](Statement& s) { s.set_genesis_key(std::string(32, 'k')); }),
                {denied, invalid, field + ".statement.genesis_key"});
  ExpectRefused(
      "another deployment", vouched([](Statement& s) { s.set_deployment(std::string(16, 'd')); }),
      {kInvalid, reasons::ERROR_REASON_WRONG_DEPLOYMENT, field + ".statement.deployment"});
  v1::RegistrarAttestation bad = bob.Vouch(registrar_);
  bad.set_signature(std::string(64, 's'));
  ExpectRefused("garbage", with(bad), {denied, invalid, field + ".signature"});
  bad.set_signature("s");
  ExpectRefused("short", with(bad),
                {kInvalid, reasons::ERROR_REASON_FIELD_SIZE, field + ".signature"});
  bad = bob.Vouch(registrar_);
  bad.set_registrar_key("k");
  ExpectRefused("short key", with(bad),
                {kInvalid, reasons::ERROR_REASON_FIELD_SIZE, field + ".registrar_key"});
  bad = bob.Vouch(registrar_);
  bad.clear_statement();
  ExpectRefused("no statement", with(bad),
                {kInvalid, reasons::ERROR_REASON_FIELD_MISSING, field + ".statement"});
  bad.set_statement(bob.Vouch(registrar_).statement() + "\x78\x01");
  ExpectRefused("unknown field", with(bad),
                {kInvalid, reasons::ERROR_REASON_NOT_CANONICAL, field + ".statement"});
}

}  // namespace
}  // namespace letterlock::directory
