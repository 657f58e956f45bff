#include "server/directory/registry.h"

#include <utility>

#include "attest/map_value.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "registry_impl.h"

namespace letterlock::directory {

Registry::Registry(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Registry::~Registry() = default;

absl::StatusOr<std::unique_ptr<Registry>> Registry::Open(const Parts& parts,
                                                         const RegistryOptions& options) {
  auto impl = std::make_unique<Impl>(parts, options);
  absl::Status started = impl->Start();
  if (!started.ok()) return started;
  return std::unique_ptr<Registry>(new Registry(std::move(impl)));
}

void Registry::Publish(const v1::SignedEntry& request, absl::Time deadline, Done done) {
  absl::StatusOr<Publication> publication = impl_->rules.CheckPublish(request);
  if (!publication.ok()) return std::move(done)(publication.status());
  impl_->Submit(*std::move(publication), deadline, std::move(done));
}

void Registry::Erase(const ErasureRequest& request, absl::Time deadline, Done done) {
  absl::StatusOr<Erasure> erasure =
      impl_->rules.CheckErase(request.statement, request.signature, request.recovery_key);
  if (!erasure.ok()) return std::move(done)(erasure.status());
  impl_->Submit(*std::move(erasure), deadline, std::move(done));
}

absl::StatusOr<v1::EntryProof> Registry::Lookup(const crypto::Handle& handle) const {
  return impl_->published()->Prove(
      attest::DirectoryPosition(impl_->parts.genesis->deployment, handle));
}

absl::StatusOr<v1::EntryProof> Registry::Lookup(const crypto::Handle& handle, uint64_t history_from,
                                                std::vector<v1::SignedEntry>* history) const {
  // Both of one head.
  const std::shared_ptr<const PublishedHead> head = impl_->published();
  const crypto::Digest position =
      attest::DirectoryPosition(impl_->parts.genesis->deployment, handle);
  if (history_from > 0) {
    absl::StatusOr<std::vector<v1::SignedEntry>> found = head->History(position, history_from);
    if (!found.ok()) return found.status();
    *history = *std::move(found);
  }
  return head->Prove(position);
}

absl::StatusOr<DeltaPage> Registry::ListDeltas(const DeltaQuery& query) const {
  return impl_->published()->ListDeltas(query);
}

absl::Status Registry::MakeHead(bool even_if_unchanged) {
  return impl_->MakeHead(even_if_unchanged);
}
bool Registry::broken() const { return impl_->broken(); }
size_t Registry::waiting() const { return impl_->waiting(); }
bool Registry::WaitForWork(absl::Time until) { return impl_->WaitForWork(until); }
void Registry::WakeUp() { impl_->WakeUp(); }
absl::Status Registry::CompactErased() { return impl_->CompactErased(); }

absl::Time Registry::head_time() const {
  return absl::FromUnixMillis(static_cast<int64_t>(impl_->published()->row().time_unix_ms));
}
uint64_t Registry::head_sequence() const { return impl_->published()->row().sequence; }

}  // namespace letterlock::directory
