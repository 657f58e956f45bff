#include "support/served_directory.h"

#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

#include "attest/merkle.h"
#include "crypto/base/ids.h"
#include "letterlock/directory/v1/directory_service.grpc.pb.h"
#include "letterlock/tlog/v1/tlog_service.grpc.pb.h"
#include "server/rpc/grpc_status.h"
#include "server/tls/credentials.h"

namespace letterlock::test {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(30);

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

[[noreturn]] void Give(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::abort();
}

template <class Response, class Method>
absl::StatusOr<Response> CallWithin(absl::Duration patience, Method method) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + patience));
  Response response;
  const grpc::Status status = method(&context, &response);
  if (!status.ok()) return rpc::FromGrpc(status);
  return response;
}

}  // namespace

class DirectoryStubs {
 public:
  explicit DirectoryStubs(const std::shared_ptr<grpc::Channel>& channel)
      : directory(directory::v1::DirectoryService::NewStub(channel)),
        tlog(tlog::v1::TlogService::NewStub(channel)) {}

  const std::unique_ptr<directory::v1::DirectoryService::Stub> directory;
  const std::unique_ptr<tlog::v1::TlogService::Stub> tlog;
};

ServedDirectory::ServedDirectory(const std::vector<std::string>& registrars)
    : deployment_(temporary_ / "deployment") {
  std::vector<std::string> arguments = {"init", "--dir", deployment_, "--origin",
                                        "test.example/log"};
  if (registrars.empty()) arguments.push_back("--development");
  for (const std::string& key : registrars) {
    arguments.push_back("--registrar");
    arguments.push_back(key);
  }
  const auto made = testing::RunProgram(LETTERLOCK_BIN "/letterlock-admin", arguments);
  if (!made.ok() || made->exit_code != 0) Give(made.ok() ? made->output : made.status().ToString());
  auto trust = attest::TrustFile::Parse(Contents(PathOf("trust.txt")));
  if (!trust.ok()) Give(trust.status().ToString());
  trust_ = *std::move(trust);
}

ServedDirectory::~ServedDirectory() = default;

testing::DaemonOptions ServedDirectory::OptionsFor(const std::vector<std::string>& flags,
                                                   const std::string& name) const {
  testing::DaemonOptions options;
  options.binary = LETTERLOCK_BIN "/letterlock-directoryd";
  options.arguments = {"--config", PathOf("directoryd.toml"), "--listen", "127.0.0.1:0"};
  options.arguments.insert(options.arguments.end(), flags.begin(), flags.end());
  options.port_file = PathOf("data/" + name + ".port");
  options.log_file = PathOf(name + ".log");
  return options;
}

absl::Status ServedDirectory::Start(const std::vector<std::string>& flags) {
  daemon_.reset();
  auto daemon = testing::Daemon::Start(OptionsFor(flags, "directoryd"));
  if (!daemon.ok()) return daemon.status();
  daemon_ = *std::move(daemon);
  Connect();
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<testing::Daemon>> ServedDirectory::Spawn(
    const std::vector<std::string>& flags) const {
  return testing::Daemon::Spawn(OptionsFor(flags, "spawned"));
}

void ServedDirectory::Connect() {
  auto channel = tls::MakeChannel({.address = daemon_->address(), .ca_file = PathOf("ca.pem")});
  if (!channel.ok()) Give(channel.status().ToString());
  stubs_ = std::make_unique<DirectoryStubs>(*channel);
}

absl::StatusOr<int> ServedDirectory::Stop() {
  stubs_.reset();  // a client that nobody drives holds its connection open until the drain is over
  return daemon_->Stop();
}

std::string ServedDirectory::LogText() const { return Contents(PathOf("directoryd.log")); }

absl::StatusOr<directory::v1::EntryProof> ServedDirectory::Publish(
    const directory::v1::SignedEntry& entry, absl::Duration patience) {
  directory::v1::PublishRequest request;
  *request.mutable_signed_entry() = entry;
  auto response =
      CallWithin<directory::v1::PublishResponse>(patience, [&](auto* context, auto* answer) {
        return stubs_->directory->Publish(context, request, answer);
      });
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_proof());
}

// One Call for each method.
#define LETTERLOCK_CALL(package, stub, method)                                                  \
  absl::StatusOr<package::v1::method##Response> ServedDirectory::Call(                          \
      const package::v1::method##Request& request) {                                            \
    return CallWithin<package::v1::method##Response>(kPatience, [&](auto* context, auto* out) { \
      return stubs_->stub->method(context, request, out);                                       \
    });                                                                                         \
  }
LETTERLOCK_CALL(directory, directory, Publish)
LETTERLOCK_CALL(directory, directory, Lookup)
LETTERLOCK_CALL(directory, directory, Erase)
LETTERLOCK_CALL(directory, directory, ListDeltas)
LETTERLOCK_CALL(tlog, tlog, GetCheckpoint)
LETTERLOCK_CALL(tlog, tlog, GetTile)
LETTERLOCK_CALL(tlog, tlog, GetEntries)
LETTERLOCK_CALL(tlog, tlog, GetInclusionProof)
LETTERLOCK_CALL(tlog, tlog, GetConsistencyProof)
#undef LETTERLOCK_CALL

absl::StatusOr<attest::VerifiedLookup> ServedDirectory::VerifiedLookup(const std::string& handle) {
  directory::v1::LookupRequest request;
  request.set_handle(handle);
  auto response = Call(request);
  if (!response.ok()) return response.status();
  return Verify(response->proof(), handle);
}

absl::StatusOr<attest::VerifiedLookup> ServedDirectory::Verify(
    const directory::v1::EntryProof& proof, const std::string& handle) {
  const attest::Freshness fresh{.now = absl::Now(), .max_age = absl::Minutes(10)};
  auto lookup = attest::VerifyLookup(proof, *crypto::Handle::Parse(handle), *trust_, fresh);
  if (!lookup.ok()) return lookup.status();
  absl::Status consistent = Remember(attest::HeadOf(*lookup).checkpoint());
  if (!consistent.ok()) return consistent;
  return lookup;
}

absl::Status ServedDirectory::Remember(const attest::Checkpoint& checkpoint) {
  if (!newest_) {
    newest_ = checkpoint;
    return absl::OkStatus();
  }
  // Answers of several calls may be looked at in another order than they were made.
  const auto& [older, newer] = checkpoint.size < newest_->size ? std::pair(checkpoint, *newest_)
                                                               : std::pair(*newest_, checkpoint);
  tlog::v1::GetConsistencyProofRequest request;
  request.set_old_size(older.size);
  request.set_new_size(newer.size);
  auto response = Call(request);
  if (!response.ok()) return response.status();
  std::vector<crypto::Digest> proof;
  for (const std::string& hash : response->hashes())
    proof.push_back(*crypto::DigestFromBytes(hash));
  absl::Status consistent =
      attest::VerifyConsistency(older.size, newer.size, older.root, newer.root, proof);
  if (consistent.ok()) newest_ = newer;
  return consistent;
}

}  // namespace letterlock::test
