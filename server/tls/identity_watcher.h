// A server's identity as its files have it: read again and again, taken over when it is in order.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/tls/credentials.h"
#include "server/tls/identity.h"

namespace letterlock::tls {

// Thread-safe.
class IdentityWatcher {
 public:
  struct Identity {
    std::uint64_t number;  // 1, 2, ...: another one for each that was taken over
    LoadedIdentity loaded;
    std::string client_roots_pem;  // empty: clients are asked for no certificate
  };

  // Reads the files once, and fails where they are not in order; then reads them every
  // `options.refresh`.
  static absl::StatusOr<std::shared_ptr<IdentityWatcher>> Start(
      const ServerCredentialsOptions& options);
  ~IdentityWatcher();
  IdentityWatcher(const IdentityWatcher&) = delete;
  IdentityWatcher& operator=(const IdentityWatcher&) = delete;

  // The last that was in order. Never null.
  std::shared_ptr<const Identity> current() const;

 private:
  IdentityWatcher(const ServerCredentialsOptions& options, std::shared_ptr<const Identity> first);

  static absl::StatusOr<std::shared_ptr<const Identity>> Load(
      const ServerCredentialsOptions& options, std::uint64_t number);
  void Run();
  // Whether to go on after `time`.
  bool Sleep(absl::Duration time);
  // Takes over what is new; says why not.
  absl::Status Reload();
  void Report(const absl::Status& status);

  const ServerCredentialsOptions options_;
  absl::Status reported_;  // Run's alone

  mutable absl::Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::shared_ptr<const Identity> current_ ABSL_GUARDED_BY(mu_);

  std::thread thread_;
};

}  // namespace letterlock::tls
