// A deployment made by letterlock-admin and served by letterlock-directoryd: the real programs, and
// a client that believes nothing it has not verified.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "attest/checkpoint.h"
#include "attest/directory_proof.h"
#include "attest/trust.h"
#include "letterlock/directory/v1/directory_service.pb.h"
#include "letterlock/tlog/v1/tlog_service.pb.h"
#include "support/daemon.h"
#include "support/temporary_directory.h"

namespace letterlock::test {

class DirectoryStubs;

// Not thread-safe, but for Publish, Erase and Lookup.
class ServedDirectory {
 public:
  // Runs `letterlock-admin init`; `registrars` are base64 keys, none: development. Aborts where
  // that fails.
  explicit ServedDirectory(const std::vector<std::string>& registrars = {});
  ~ServedDirectory();

  // Starts the daemon with these flags besides its configuration; what Daemon::Start says.
  absl::Status Start(const std::vector<std::string>& flags = {});
  // Starts it without waiting until it serves.
  absl::StatusOr<std::unique_ptr<testing::Daemon>> Spawn(
      const std::vector<std::string>& flags = {}) const;
  // Connects to the daemon's port. Start does it, too.
  void Connect();
  testing::Daemon& daemon() { return *daemon_; }
  // Hangs up, and then ends the daemon by SIGTERM: its exit code.
  absl::StatusOr<int> Stop();

  // Single calls; errors as rpc::FromGrpc reads them (server/rpc/status.h).
  absl::StatusOr<directory::v1::EntryProof> Publish(const directory::v1::SignedEntry& entry,
                                                    absl::Duration patience = absl::Seconds(30));
  absl::StatusOr<directory::v1::PublishResponse> Call(const directory::v1::PublishRequest& request);
  absl::StatusOr<directory::v1::LookupResponse> Call(const directory::v1::LookupRequest& request);
  absl::StatusOr<directory::v1::EraseResponse> Call(const directory::v1::EraseRequest& request);
  absl::StatusOr<directory::v1::ListDeltasResponse> Call(
      const directory::v1::ListDeltasRequest& request);
  absl::StatusOr<tlog::v1::GetCheckpointResponse> Call(
      const tlog::v1::GetCheckpointRequest& request);
  absl::StatusOr<tlog::v1::GetTileResponse> Call(const tlog::v1::GetTileRequest& request);
  absl::StatusOr<tlog::v1::GetEntriesResponse> Call(const tlog::v1::GetEntriesRequest& request);
  absl::StatusOr<tlog::v1::GetInclusionProofResponse> Call(
      const tlog::v1::GetInclusionProofRequest& request);
  absl::StatusOr<tlog::v1::GetConsistencyProofResponse> Call(
      const tlog::v1::GetConsistencyProofRequest& request);

  // Looks `handle` up and verifies the answer; then that its checkpoint extends every one that was
  // shown before.
  absl::StatusOr<attest::VerifiedLookup> VerifiedLookup(const std::string& handle);
  // Verifies an answer to `handle` that somebody got, and remembers its checkpoint.
  absl::StatusOr<attest::VerifiedLookup> Verify(const directory::v1::EntryProof& proof,
                                                const std::string& handle);
  // Remembers a checkpoint that was handed out: OK if it is consistent with the newest one
  // remembered, by a proof of the daemon's that verifies.
  absl::Status Remember(const attest::Checkpoint& checkpoint);

  const attest::TrustFile& trust() const { return *trust_; }
  const std::string& directory() const { return deployment_; }
  std::string PathOf(const std::string& name) const { return deployment_ + "/" + name; }
  std::string log_vkey() const { return trust_->witness_policy().log_keys().front().Format(); }
  std::string LogText() const;  // what the daemon has written so far

 private:
  testing::DaemonOptions OptionsFor(const std::vector<std::string>& flags,
                                    const std::string& name) const;

  TemporaryDirectory temporary_;
  std::string deployment_;
  std::optional<attest::TrustFile> trust_;
  std::unique_ptr<testing::Daemon> daemon_;
  std::unique_ptr<DirectoryStubs> stubs_;
  std::optional<attest::Checkpoint> newest_;
};

}  // namespace letterlock::test
