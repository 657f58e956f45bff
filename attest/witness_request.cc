#include "attest/witness_request.h"

#include <optional>
#include <utility>

#include "hash_lines.h"
#include "text.h"

namespace letterlock::attest {
namespace {

constexpr std::string_view kOld = "old ";

absl::Status Malformed(const char* what) { return absl::InvalidArgumentError(what); }

}  // namespace

absl::StatusOr<AddCheckpointRequest> ParseAddCheckpoint(std::string_view body) {
  const std::optional<std::string_view> line = TakeLine(body);
  if (!line || !line->starts_with(kOld)) return Malformed("the first line is not `old` and a size");
  const std::optional<uint64_t> size = ParseDecimal(line->substr(kOld.size()));
  if (!size) return Malformed("the old size is no number");
  std::optional<std::vector<crypto::Digest>> proof = TakeHashLines(body, kMaxWitnessProofLines);
  if (!proof) return Malformed("no consistency proof and empty line before the checkpoint");
  return AddCheckpointRequest{*size, *std::move(proof), std::string(body)};
}

absl::StatusOr<std::string> FormatAddCheckpoint(const AddCheckpointRequest& request) {
  if (request.proof.size() > kMaxWitnessProofLines) return Malformed("a proof of too many hashes");
  return std::string(kOld) + std::to_string(request.old_size) + "\n" +
         FormatHashLines(request.proof) + request.note;
}

}  // namespace letterlock::attest
