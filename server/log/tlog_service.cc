#include "server/log/tlog_service.h"

#include <string>
#include <utility>
#include <vector>

#include "letterlock/common/v1/errors.pb.h"
#include "letterlock/tlog/v1/tlog_service.pb.h"
#include "server/log/reader.h"
#include "server/rpc/status.h"

namespace letterlock::log {
namespace {

using rpc::CallContext;
using rpc::InvalidField;

// What a reader's error means for the caller, with the field that is to blame.
absl::Status ForCaller(const absl::Status& status, rpc::Literal field,
                       common::v1::ErrorReason reason) {
  if (absl::IsOutOfRange(status)) {
    return rpc::FailField(absl::StatusCode::kNotFound, rpc::FieldPath(field),
                          common::v1::ERROR_REASON_BEYOND_CHECKPOINT,
                          "beyond the signed checkpoint");
  }
  if (absl::IsInvalidArgument(status)) return InvalidField(field, reason, "is in no tree");
  return status;
}

template <class Hashes>
void AddHashes(const std::vector<crypto::Digest>& from, Hashes* to) {
  for (const crypto::Digest& hash : from) to->Add(crypto::ToString(hash));
}

class Handlers {
 public:
  Handlers(const Sequencer* log, const LogStorage* storage) : log_(log), storage_(storage) {}

  absl::Status GetCheckpoint(tlog::v1::GetCheckpointResponse* response) const {
    response->set_checkpoint(log_->tree()->note);
    return absl::OkStatus();
  }

  absl::Status GetTile(const tlog::v1::GetTileRequest& request,
                       tlog::v1::GetTileResponse* response) const {
    if (request.path().empty()) {
      return InvalidField("path", common::v1::ERROR_REASON_FIELD_MISSING, "is missing");
    }
    absl::StatusOr<std::string> tile = Reader().ReadTile(request.path());
    if (!tile.ok()) {
      return ForCaller(tile.status(), "path", common::v1::ERROR_REASON_FIELD_FORMAT);
    }
    response->set_tile(*std::move(tile));
    return absl::OkStatus();
  }

  absl::Status GetEntries(const tlog::v1::GetEntriesRequest& request,
                          tlog::v1::GetEntriesResponse* response) const {
    if (request.count() < 1 || request.count() > kMaxEntriesPerRead) {
      return InvalidField("count", common::v1::ERROR_REASON_FIELD_RANGE, "is not 1 to 256");
    }
    absl::StatusOr<std::vector<std::string>> entries =
        Reader().ReadEntries(request.first(), request.count());
    if (!entries.ok()) {
      return ForCaller(entries.status(), "first", common::v1::ERROR_REASON_FIELD_RANGE);
    }
    for (std::string& entry : *entries) response->add_entries(std::move(entry));
    return absl::OkStatus();
  }

  absl::Status GetInclusionProof(const tlog::v1::GetInclusionProofRequest& request,
                                 tlog::v1::GetInclusionProofResponse* response) const {
    if (request.index() >= request.tree_size()) {
      return InvalidField("index", common::v1::ERROR_REASON_FIELD_RANGE, "is not below tree_size");
    }
    absl::StatusOr<std::vector<crypto::Digest>> proof =
        Reader().ProveInclusion(request.index(), request.tree_size());
    if (!proof.ok()) {
      return ForCaller(proof.status(), "tree_size", common::v1::ERROR_REASON_FIELD_RANGE);
    }
    AddHashes(*proof, response->mutable_hashes());
    return absl::OkStatus();
  }

  absl::Status GetConsistencyProof(const tlog::v1::GetConsistencyProofRequest& request,
                                   tlog::v1::GetConsistencyProofResponse* response) const {
    if (request.old_size() < 1 || request.old_size() > request.new_size()) {
      return InvalidField("old_size", common::v1::ERROR_REASON_FIELD_RANGE, "is not 1 to new_size");
    }
    absl::StatusOr<std::vector<crypto::Digest>> proof =
        Reader().ProveConsistency(request.old_size(), request.new_size());
    if (!proof.ok()) {
      return ForCaller(proof.status(), "new_size", common::v1::ERROR_REASON_FIELD_RANGE);
    }
    AddHashes(*proof, response->mutable_hashes());
    return absl::OkStatus();
  }

 private:
  LogReader Reader() const { return {storage_, log_->tree()}; }

  const Sequencer* const log_;
  const LogStorage* const storage_;
};

}  // namespace

std::unique_ptr<rpc::Service> MakeTlogService(const Sequencer* log, const LogStorage* storage,
                                              rpc::Service::Options options) {
  using namespace tlog::v1;  // NOLINT(google-build-using-namespace): messages of one service
  const Handlers handlers(log, storage);
  auto service =
      std::make_unique<rpc::Service>("letterlock.tlog.v1.TlogService", std::move(options));
  service->Public<GetCheckpointRequest, GetCheckpointResponse>(
      "GetCheckpoint",
      [handlers](CallContext&, const GetCheckpointRequest&, GetCheckpointResponse* response) {
        return handlers.GetCheckpoint(response);
      });
  service->Public<GetTileRequest, GetTileResponse>(
      "GetTile",
      [handlers](CallContext&, const GetTileRequest& request, GetTileResponse* response) {
        return handlers.GetTile(request, response);
      });
  service->Public<GetEntriesRequest, GetEntriesResponse>(
      "GetEntries",
      [handlers](CallContext&, const GetEntriesRequest& request, GetEntriesResponse* response) {
        return handlers.GetEntries(request, response);
      });
  service->Public<GetInclusionProofRequest, GetInclusionProofResponse>(
      "GetInclusionProof", [handlers](CallContext&, const GetInclusionProofRequest& request,
                                      GetInclusionProofResponse* response) {
        return handlers.GetInclusionProof(request, response);
      });
  service->Public<GetConsistencyProofRequest, GetConsistencyProofResponse>(
      "GetConsistencyProof", [handlers](CallContext&, const GetConsistencyProofRequest& request,
                                        GetConsistencyProofResponse* response) {
        return handlers.GetConsistencyProof(request, response);
      });
  return service;
}

}  // namespace letterlock::log
