#include "identity_watcher.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "server/config/files.h"

namespace letterlock::tls {
namespace {

constexpr std::size_t kMaxPem = 256 * 1024;
// Certificate and key are two files: between the two renames of a rotation they don't belong
// together, which is no fault.
constexpr absl::Duration kHalfRotated = absl::Milliseconds(500);

}  // namespace

absl::StatusOr<std::shared_ptr<const IdentityWatcher::Identity>> IdentityWatcher::Load(
    const ServerCredentialsOptions& options, std::uint64_t number) {
  auto loaded = LoadIdentity(options.certificate_file, options.key_file, absl::Now());
  if (!loaded.ok()) return loaded.status();
  std::string roots;
  if (!options.client_ca_file.empty()) {
    if (auto facts = ReadCertificateFacts(options.client_ca_file); !facts.ok()) {
      return facts.status();
    }
    auto read = config::ReadTrustedFile(options.client_ca_file, kMaxPem);
    if (!read.ok()) return read.status();
    roots = *std::move(read);
  }
  return std::make_shared<const Identity>(Identity{number, *std::move(loaded), std::move(roots)});
}

absl::StatusOr<std::shared_ptr<IdentityWatcher>> IdentityWatcher::Start(
    const ServerCredentialsOptions& options) {
  auto first = Load(options, 1);
  if (!first.ok()) return first.status();
  return std::shared_ptr<IdentityWatcher>(new IdentityWatcher(options, *std::move(first)));
}

IdentityWatcher::IdentityWatcher(const ServerCredentialsOptions& options,
                                 std::shared_ptr<const Identity> first)
    : options_(options), current_(std::move(first)), thread_([this] { Run(); }) {}

IdentityWatcher::~IdentityWatcher() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  thread_.join();
}

std::shared_ptr<const IdentityWatcher::Identity> IdentityWatcher::current() const {
  absl::MutexLock lock(&mu_);
  return current_;
}

bool IdentityWatcher::Sleep(absl::Duration time) {
  absl::MutexLock lock(&mu_);
  return !mu_.AwaitWithTimeout(absl::Condition(&stopping_), time);
}

void IdentityWatcher::Run() {
  while (Sleep(options_.refresh)) {
    absl::Status status = Reload();
    if (!status.ok()) {
      if (!Sleep(std::min(kHalfRotated, options_.refresh))) return;
      status = Reload();
    }
    Report(status);
  }
}

absl::Status IdentityWatcher::Reload() {
  const std::shared_ptr<const Identity> old = current();
  auto fresh = Load(options_, old->number + 1);
  if (!fresh.ok()) return fresh.status();
  // The key belongs to the certificate: the same certificate is the same identity.
  if ((*fresh)->loaded.chain_pem == old->loaded.chain_pem &&
      (*fresh)->client_roots_pem == old->client_roots_pem) {
    return absl::OkStatus();
  }
  const absl::Time not_after = (*fresh)->loaded.not_after;
  {
    absl::MutexLock lock(&mu_);
    current_ = *std::move(fresh);
  }
  if (options_.on_rotation) options_.on_rotation(not_after);
  return absl::OkStatus();
}

void IdentityWatcher::Report(const absl::Status& status) {
  if (status == reported_) return;
  reported_ = status;
  if (!status.ok() && options_.on_refusal) options_.on_refusal(status);
}

}  // namespace letterlock::tls
