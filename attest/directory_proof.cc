#include "attest/directory_proof.h"

#include <string>

#include "attest/map_value.h"
#include "attest/sparse_map.h"
#include "letterlock/directory/v1/entry.pb.h"

namespace letterlock::attest {
namespace {

using directory::v1::EntryProof;

absl::Status Malformed() { return absl::InvalidArgumentError("malformed directory proof"); }

constexpr uint64_t kFirstErasableVersion = 2;  // a tombstone follows an entry

}  // namespace

class LookupVerifier {
 public:
  LookupVerifier(const EntryProof& proof, const TrustFile& trust,
                 const std::optional<Freshness>& freshness)
      : proof_(proof), trust_(trust), freshness_(freshness) {}

  absl::StatusOr<VerifiedLookup> Verify(const crypto::Handle& handle) const {
    if (proof_.has_signed_entry()) {
      absl::StatusOr<VerifiedEntry> entry = VerifyEntry();
      if (!entry.ok()) return entry.status();
      if (entry->content().handle != handle) {
        return absl::UnauthenticatedError("directory proof is of another handle");
      }
      return VerifiedLookup(*std::move(entry));
    }
    if (!proof_.salt().empty()) return Malformed();
    absl::StatusOr<VerifiedHead> head = VerifyHead(proof_.head(), trust_, freshness_);
    if (!head.ok()) return head.status();
    return proof_.erased_version() == 0 ? VerifyAbsence(handle, *std::move(head))
                                        : VerifyErasure(handle, *std::move(head));
  }

  absl::StatusOr<VerifiedEntry> VerifyEntry() const {
    if (proof_.salt().size() != kSaltSize || proof_.erased_version() != 0) return Malformed();
    absl::StatusOr<CheckedEntry> entry = CheckEntry(proof_.signed_entry(), trust_.entries());
    if (!entry.ok()) return entry.status();
    absl::StatusOr<VerifiedHead> head = VerifyHead(proof_.head(), trust_, freshness_);
    if (!head.ok()) return head.status();
    const EntryContent& content = entry->content();
    const crypto::Digest value =
        MapValue(content.version, DirectoryCommitment(proof_.salt(), content.bytes));
    absl::Status in_map = VerifyValue(content.handle, value, *head);
    if (!in_map.ok()) return in_map;
    return VerifiedEntry(*std::move(entry), *std::move(head));
  }

 private:
  absl::StatusOr<VerifiedLookup> VerifyAbsence(const crypto::Handle& handle,
                                               VerifiedHead head) const {
    absl::StatusOr<MapProof> map_proof = ParseMapProof(proof_.map_proof());
    if (!map_proof.ok()) return map_proof.status();
    absl::Status out = VerifyNotInMap(*map_proof, head.directory_root(), PositionOf(handle));
    if (!out.ok()) return out;
    return VerifiedLookup(VerifiedAbsence(std::move(head)));
  }

  absl::StatusOr<VerifiedLookup> VerifyErasure(const crypto::Handle& handle,
                                               VerifiedHead head) const {
    const uint64_t version = proof_.erased_version();
    if (version < kFirstErasableVersion) return Malformed();
    absl::Status in_map = VerifyValue(handle, MapValue(version, kErasedCommitment), head);
    if (!in_map.ok()) return in_map;
    return VerifiedLookup(VerifiedErasure(version, std::move(head)));
  }

  absl::Status VerifyValue(const crypto::Handle& handle, const crypto::Digest& value,
                           const VerifiedHead& head) const {
    absl::StatusOr<MapProof> map_proof = ParseMapProof(proof_.map_proof());
    if (!map_proof.ok()) return map_proof.status();
    return VerifyInMap(*map_proof, head.directory_root(), PositionOf(handle), value);
  }

  crypto::Digest PositionOf(const crypto::Handle& handle) const {
    return DirectoryPosition(trust_.deployment(), handle);
  }

  const EntryProof& proof_;
  const TrustFile& trust_;
  const std::optional<Freshness>& freshness_;
};

absl::StatusOr<VerifiedLookup> VerifyLookup(const EntryProof& proof, const crypto::Handle& handle,
                                            const TrustFile& trust,
                                            const std::optional<Freshness>& freshness) {
  return LookupVerifier(proof, trust, freshness).Verify(handle);
}

absl::StatusOr<VerifiedEntry> VerifyEntry(const EntryProof& proof, const TrustFile& trust,
                                          const std::optional<Freshness>& freshness) {
  if (!proof.has_signed_entry()) return absl::NotFoundError("directory proof without an entry");
  return LookupVerifier(proof, trust, freshness).VerifyEntry();
}

const VerifiedHead& HeadOf(const VerifiedLookup& lookup) {
  return std::visit([](const auto& verified) -> const VerifiedHead& { return verified.head(); },
                    lookup);
}

}  // namespace letterlock::attest
