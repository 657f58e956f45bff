#include "server/directory/directory_service.h"

#include <string>
#include <utility>
#include <vector>

#include "crypto/base/ids.h"
#include "field_checks.h"
#include "letterlock/common/v1/errors.pb.h"
#include "letterlock/directory/v1/directory_service.pb.h"
#include "server/rpc/status.h"

namespace letterlock::directory {
namespace {

using rpc::CallContext;
using rpc::InvalidField;

constexpr uint32_t kMaxDeltas = 1000;

// Answers a call with the proof that a registry gives for it.
template <class Response>
Registry::Done AnswerWithProof(Response* response, rpc::Done done) {
  return [response, done = std::move(done)](absl::StatusOr<v1::EntryProof> proof) {
    if (proof.ok()) *response->mutable_proof() = *std::move(proof);
    done(proof.status());
  };
}

absl::Status Lookup(const Registry& registry, const v1::LookupRequest& request,
                    v1::LookupResponse* response) {
  absl::Status good = CheckHandle(rpc::FieldPath("handle"), request.handle());
  if (!good.ok()) return good;
  std::vector<v1::SignedEntry> history;
  absl::StatusOr<v1::EntryProof> proof =
      registry.Lookup(*crypto::Handle::Parse(request.handle()), request.history_from(), &history);
  if (!proof.ok()) return proof.status();
  *response->mutable_proof() = *std::move(proof);
  for (v1::SignedEntry& entry : history) *response->add_history() = std::move(entry);
  return absl::OkStatus();
}

absl::Status ListDeltas(const Registry& registry, const v1::ListDeltasRequest& request,
                        v1::ListDeltasResponse* response) {
  if (request.page_size() > kMaxDeltas) {
    return InvalidField("page_size", common::v1::ERROR_REASON_FIELD_RANGE, "is over 1,000");
  }
  absl::StatusOr<DeltaPage> page =
      registry.ListDeltas({.after_head = request.after_head(),
                           .page_size = request.page_size() == 0 ? kMaxDeltas : request.page_size(),
                           .page_token = request.page_token()});
  if (!page.ok()) return page.status();
  for (const MapDelta& delta : page->deltas) {
    v1::Delta* added = response->add_deltas();
    added->set_head_sequence(delta.head_sequence);
    added->set_position(crypto::ToString(delta.position));
    added->set_version(delta.version);
    added->set_commitment(crypto::ToString(delta.commitment));
  }
  response->set_next_page_token(std::move(page->next_page_token));
  return absl::OkStatus();
}

}  // namespace

std::unique_ptr<rpc::Service> MakeDirectoryService(Registry* registry,
                                                   rpc::Service::Options options) {
  auto service = std::make_unique<rpc::Service>("letterlock.directory.v1.DirectoryService",
                                                std::move(options));
  service->Proof<v1::PublishRequest, v1::PublishResponse>(
      "Publish", [registry](CallContext& call, const v1::PublishRequest& request,
                            v1::PublishResponse* response, rpc::Done done) {
        if (!request.has_signed_entry()) {
          return done(
              InvalidField("signed_entry", common::v1::ERROR_REASON_FIELD_MISSING, "is missing"));
        }
        registry->Publish(request.signed_entry(), call.deadline(),
                          AnswerWithProof(response, std::move(done)));
      });
  service->Public<v1::LookupRequest, v1::LookupResponse>(
      "Lookup",
      [registry](CallContext&, const v1::LookupRequest& request, v1::LookupResponse* response) {
        return Lookup(*registry, request, response);
      });
  service->Proof<v1::EraseRequest, v1::EraseResponse>(
      "Erase", [registry](CallContext& call, const v1::EraseRequest& request,
                          v1::EraseResponse* response, rpc::Done done) {
        registry->Erase({.statement = request.statement(),
                         .signature = request.signature(),
                         .recovery_key = request.recovery_key()},
                        call.deadline(), AnswerWithProof(response, std::move(done)));
      });
  service->Public<v1::ListDeltasRequest, v1::ListDeltasResponse>(
      "ListDeltas", [registry](CallContext&, const v1::ListDeltasRequest& request,
                               v1::ListDeltasResponse* response) {
        return ListDeltas(*registry, request, response);
      });
  return service;
}

}  // namespace letterlock::directory
