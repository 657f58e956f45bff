#include "attested_directory.h"

#include <algorithm>

#include "attest/canonical_proto.h"
#include "attest/entry.h"
#include "attest/leaf.h"
#include "attest/map_value.h"
#include "attest/merkle.h"
#include "attest/subtree_hashes.h"
#include "crypto/base/context.h"
#include "crypto/base/hash.h"
#include "deterministic_random.h"

namespace letterlock::testing {
namespace {

crypto::X25519PrivateKey TestEncryptionKey(std::string_view name) {
  DeterministicRandom random(name);
  return crypto::X25519PrivateKey::Generate(random);
}

std::vector<crypto::Digest> HashesOf(const std::vector<std::string>& leaves) {
  std::vector<crypto::Digest> hashes;
  for (const std::string& leaf : leaves) hashes.push_back(attest::LeafHash(leaf));
  return hashes;
}

}  // namespace

TestMember::TestMember(std::string_view name, const crypto::DeploymentId& in)
    : handle(crypto::Handle::Parse(name).value()),
      deployment(in),
      identity(TestKey(handle.str() + " identity")),
      next_identity(TestKey(handle.str() + " next identity")),
      recovery(TestKey(handle.str() + " recovery")),
      encryption(TestEncryptionKey(handle.str() + " encryption")) {}

directory::v1::DirectoryEntry TestMember::FirstEntry() const {
  directory::v1::DirectoryEntry entry;
  entry.set_deployment(std::string(deployment.bytes()));
  entry.set_suite(attest::kSuite1);
  entry.set_handle(handle.str());
  entry.set_version(1);
  entry.set_genesis_key(std::string(identity.public_key().bytes()));
  entry.set_identity_key(std::string(identity.public_key().bytes()));
  entry.set_encryption_key(std::string(encryption.public_key().bytes()));
  entry.set_recovery_key_digest(crypto::ToString(attest::RecoveryKeyDigest(recovery.public_key())));
  entry.set_time_unix_ms(1'700'000'000'000);
  return entry;
}

directory::v1::DirectoryEntry TestMember::NextEntry(const std::string& previous) {
  directory::v1::DirectoryEntry entry;
  entry.ParseFromString(previous);
  entry.set_version(entry.version() + 1);
  entry.set_previous_entry_hash(crypto::ToString(attest::EntryHash(previous)));
  return entry;
}

directory::v1::SignedEntry TestMember::Sign(const directory::v1::DirectoryEntry& entry) const {
  const bool next = entry.identity_key() == next_identity.public_key().bytes();
  const crypto::SigningKey& key = next ? next_identity : identity;
  directory::v1::SignedEntry signed_entry;
  signed_entry.set_entry(attest::SerializeCanonical(entry));
  signed_entry.set_signature(key.Sign(context::kDirectoryEntry, {signed_entry.entry()}));
  return signed_entry;
}

void TestMember::Authorise(directory::v1::SignedEntry* entry, const crypto::SigningKey& key,
                           bool recovery) {
  entry->set_change_signature(key.Sign(context::kDirectoryEntryChange, {entry->entry()}));
  if (recovery) entry->set_recovery_key(std::string(key.public_key().bytes()));
}

AttestedDirectory::AttestedDirectory(const Options& options)
    : options_(options), registrar_(TestKey("registrar")), policy_key_(TestKey("policy")) {
  tlog::v1::GenesisStatement genesis;
  genesis.set_origin(log.key().name());
  genesis.set_log_key(log.key().Format());
  if (!options.development)
    genesis.add_registrar_keys(std::string(registrar_.public_key().bytes()));
  genesis.add_policy_keys(std::string(policy_key_.public_key().bytes()));
  genesis.set_policy_threshold(1);
  genesis.set_nonce(std::string(32, 'n'));
  genesis.set_development(options.development);
  const std::string statement = attest::SerializeCanonical(genesis);
  deployment_ = crypto::DeploymentIdOf(statement);
  leaves_.push_back(attest::FrameLeaf(attest::LeafType::kGenesis, statement).value());
}

attest::TrustFields AttestedDirectory::trust_fields() const {
  attest::TrustFields fields;
  fields.entries.deployment = deployment_;
  fields.entries.development = options_.development;
  if (!options_.development) fields.entries.registrars = {registrar_.public_key()};
  fields.policy_keys = {policy_key_.public_key()};
  fields.policy_threshold = 1;
  fields.tlog_policy = "log " + log.key().Format() + "\nwitness w " + witness.key().Format() +
                       "\nquorum " + options_.quorum + "\n";
  return fields;
}

attest::TrustFile AttestedDirectory::trust() const {
  return attest::TrustFile::Parse(attest::FormatTrustFile(trust_fields()).value()).value();
}

void AttestedDirectory::Attest(directory::v1::SignedEntry* entry) const {
  directory::v1::DirectoryEntry content;
  content.ParseFromString(entry->entry());
  directory::v1::RegistrarStatement statement;
  statement.set_deployment(content.deployment());
  statement.set_handle(content.handle());
  statement.set_genesis_key(content.genesis_key());
  statement.set_time_unix_ms(1'700'000'000'000);
  directory::v1::RegistrarAttestation* attestation = entry->mutable_registrar_attestation();
  attestation->set_statement(attest::SerializeCanonical(statement));
  attestation->set_registrar_key(std::string(registrar_.public_key().bytes()));
  attestation->set_signature(
      registrar_.Sign(context::kRegistrarAttestation, {attestation->statement()}));
}

void AttestedDirectory::Put(const directory::v1::SignedEntry& entry) {
  directory::v1::DirectoryEntry content;
  content.ParseFromString(entry.entry());
  const std::string salt =
      crypto::ToString(crypto::Sha256(content.handle() + std::to_string(content.version())));
  Stored& stored = stored_[content.handle()];
  if (content.version() > 1) stored.earlier.push_back(stored.entry);
  stored.entry = entry;
  stored.salt = salt;
  stored.erased_version = 0;
  SetValue(content.handle(), content.version(), attest::DirectoryCommitment(salt, entry.entry()));
}

void AttestedDirectory::Erase(const crypto::Handle& handle, uint64_t version) {
  stored_[handle.str()] = {{}, "", version};
  SetValue(handle.str(), version, attest::kErasedCommitment);
}

void AttestedDirectory::MakeHead(absl::Time time) { AppendHead(NextHead(time), time); }

tlog::v1::Head AttestedDirectory::NextHead(absl::Time time) const {
  tlog::v1::Head head;
  head.set_deployment(std::string(deployment_.bytes()));
  head.set_sequence(heads_ + 1);
  head.set_directory_root(crypto::ToString(map_.root()));
  head.set_publication_root(crypto::ToString(attest::kEmptyMapRoot));
  head.set_time_unix_ms(static_cast<uint64_t>(absl::ToUnixMillis(time)));
  return head;
}

void AttestedDirectory::AppendHead(const tlog::v1::Head& head, absl::Time witnessed) {
  ++heads_;
  AppendLeaf(attest::FrameLeaf(attest::LeafType::kHead, attest::SerializeCanonical(head)).value(),
             witnessed);
}

void AttestedDirectory::AppendLeaf(const std::string& leaf, absl::Time witnessed) {
  head_index_ = leaves_.size();
  leaves_.push_back(leaf);
  witness.time = static_cast<uint64_t>(absl::ToUnixSeconds(witnessed));
  checkpoint_ = Checkpoint({&log, &witness});
}

directory::v1::EntryProof AttestedDirectory::Prove(const crypto::Handle& handle) {
  directory::v1::EntryProof proof;
  if (const auto found = stored_.find(handle.str()); found != stored_.end()) {
    const Stored& stored = found->second;
    if (stored.erased_version == 0) *proof.mutable_signed_entry() = stored.entry;
    proof.set_salt(stored.salt);
    proof.set_erased_version(stored.erased_version);
  }
  proof.set_map_proof(attest::EncodeMapProof(map_.Prove(PositionOf(handle.str())).value()));
  *proof.mutable_head() = ProveHead();
  return proof;
}

std::vector<directory::v1::SignedEntry> AttestedDirectory::History(const crypto::Handle& handle,
                                                                   uint64_t from) const {
  const auto found = stored_.find(handle.str());
  if (found == stored_.end() || from == 0) return {};
  const std::vector<directory::v1::SignedEntry>& all = found->second.earlier;
  return {all.begin() + static_cast<std::ptrdiff_t>(std::min<uint64_t>(from - 1, all.size())),
          all.end()};
}

directory::v1::HeadProof AttestedDirectory::ProveHead() {
  directory::v1::HeadProof proof;
  proof.set_head_leaf(leaves_[head_index_]);
  proof.set_index(head_index_);
  attest::LeafHashes hashes(HashesOf(leaves_));
  const auto inclusion = attest::ProveInclusion(hashes, head_index_, leaves_.size());
  for (const crypto::Digest& node : *inclusion) proof.add_inclusion(crypto::ToString(node));
  proof.set_checkpoint(checkpoint_);
  return proof;
}

std::vector<crypto::Digest> AttestedDirectory::ProveConsistency(uint64_t old_size,
                                                                uint64_t new_size) const {
  attest::LeafHashes hashes(HashesOf(leaves_));
  return attest::ProveConsistency(hashes, old_size, new_size).value();
}

std::string AttestedDirectory::Checkpoint(const std::vector<attest::NoteSigner*>& signers) {
  return SignedCheckpoint({log.key().name(), leaves_.size(), attest::TreeRoot(HashesOf(leaves_))},
                          signers);
}

crypto::Digest AttestedDirectory::PositionOf(const std::string& handle) const {
  return attest::DirectoryPosition(deployment_, crypto::Handle::Parse(handle).value());
}

void AttestedDirectory::SetValue(const std::string& handle, uint64_t version,
                                 const crypto::Digest& commitment) {
  const attest::MapLeaf leaf{PositionOf(handle), attest::MapValue(version, commitment)};
  map_.Update({leaf}).IgnoreError();
}

}  // namespace letterlock::testing
