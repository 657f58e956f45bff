// A directory with its log, registrar and witness, all in memory and honest: what verifiers of
// directory proofs are tested against. Tests make it dishonest by signing other heads or changing
// its answers.
//
// Keys come from names, so everything repeats. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "attest/map_store.h"
#include "attest/trust.h"
#include "crypto/base/ids.h"
#include "crypto/base/sign.h"
#include "crypto/base/x25519.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "letterlock/tlog/v1/leaf.pb.h"
#include "note_signers.h"

namespace letterlock::testing {

// A member's keys, and entries as she signs them.
class TestMember {
 public:
  TestMember(std::string_view handle, const crypto::DeploymentId& deployment);

  directory::v1::DirectoryEntry FirstEntry() const;
  // The entry after `previous`, the same but for version and hash.
  static directory::v1::DirectoryEntry NextEntry(const std::string& previous);

  // Signs by the entry's own identity key, which must be `identity` or `next_identity`.
  directory::v1::SignedEntry Sign(const directory::v1::DirectoryEntry& entry) const;
  // Adds the signature that a change needs, by `key`; as a recovery key where `recovery`.
  static void Authorise(directory::v1::SignedEntry* entry, const crypto::SigningKey& key,
                        bool recovery);

  const crypto::Handle handle;
  const crypto::DeploymentId deployment;
  const crypto::SigningKey identity, next_identity, recovery;
  const crypto::X25519PrivateKey encryption;
};

class AttestedDirectory {
 public:
  struct Options {
    bool development = false;
    std::string quorum = "w";  // the witness's name in the policy, or "none"
  };
  AttestedDirectory() : AttestedDirectory(Options{}) {}
  explicit AttestedDirectory(const Options& options);

  const crypto::DeploymentId& deployment() const { return deployment_; }
  attest::TrustFields trust_fields() const;
  attest::TrustFile trust() const;

  // The registrar vouches for the entry's handle and genesis key.
  void Attest(directory::v1::SignedEntry* entry) const;

  // What stands in the map from the next head on.
  void Put(const directory::v1::SignedEntry& entry);
  void Erase(const crypto::Handle& handle, uint64_t version);

  // Appends a head that says `time`, and signs a checkpoint; the witness signs at the same time.
  void MakeHead(absl::Time time);
  // The same in steps, for heads that no honest directory makes.
  tlog::v1::Head NextHead(absl::Time time) const;
  void AppendHead(const tlog::v1::Head& head, absl::Time witnessed);
  void AppendLeaf(const std::string& leaf, absl::Time witnessed);

  // As of the newest head. The map must not have changed since.
  directory::v1::EntryProof Prove(const crypto::Handle& handle);
  // The entries that were Put before the newest, from this version on.
  std::vector<directory::v1::SignedEntry> History(const crypto::Handle& handle,
                                                  uint64_t from) const;
  directory::v1::HeadProof ProveHead();
  // Of the trees of these sizes.
  std::vector<crypto::Digest> ProveConsistency(uint64_t old_size, uint64_t new_size) const;

  // Signs a checkpoint over the present tree with these keys.
  std::string Checkpoint(const std::vector<attest::NoteSigner*>& signers);

  TestLog log{"log.example/main"};
  TestWitness witness{"witness.example/1"};

 private:
  struct Stored {
    directory::v1::SignedEntry entry;
    std::string salt;
    uint64_t erased_version = 0;
    std::vector<directory::v1::SignedEntry> earlier{};
  };

  crypto::Digest PositionOf(const std::string& handle) const;
  void SetValue(const std::string& handle, uint64_t version, const crypto::Digest& commitment);

  const Options options_;
  const crypto::SigningKey registrar_, policy_key_;
  crypto::DeploymentId deployment_;
  attest::MemoryMap map_;
  std::map<std::string, Stored> stored_;
  std::vector<std::string> leaves_;
  uint64_t heads_ = 0;
  uint64_t head_index_ = 0;
  std::string checkpoint_;
};

}  // namespace letterlock::testing
