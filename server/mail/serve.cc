#include "serve.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "crypto/base/encoding.h"
#include "crypto/base/random.h"
#include "operator_view.h"
#include "server/daemon/daemon.h"
#include "server/mail/api/services.h"
#include "server/mail/attachments/attachments.h"
#include "server/mail/contacts/contacts.h"
#include "server/mail/devices/device_registry.h"
#include "server/mail/enroll/enrollment.h"
#include "server/mail/mailbox/store_watch.h"
#include "server/mail/reports/reports.h"
#include "server/mail/send/importer.h"
#include "server/mail/send/sender.h"
#include "server/mail/session/sessions.h"
#include "server/mail/sync/changes.h"
#include "server/mail/sync/fetches.h"
#include "server/mail/sync/watches.h"
#include "server/metrics/operations.h"
#include "server/rpc/worker_pool.h"

namespace letterlock::mail {
namespace {

// Well above the largest request, so that who sends one that is somewhat too large is told which
// field is: an enrolment with 64 intermediate entries is below 80 KiB, a report below 66 KiB.
constexpr std::size_t kMaxRequestBytes = 256 * 1024;
// Sends that go on behind their call; small, for they mostly wait.
constexpr std::size_t kBackgroundThreads = 2;
constexpr std::size_t kBackgroundQueue = 8192;
constexpr absl::Duration kStoreInterval = absl::Seconds(1);

void Announce(const rpc::Logger& logger, const rpc::ServerRunner& runner,
              const attest::TrustFile& trust) {
  logger.Info("serving",
              {{"address", rpc::OperatorText{runner.address()}},
               {"deployment", rpc::OperatorText{crypto::HexEncode(trust.deployment().bytes())}}});
  if (trust.witness_policy().unwitnessed()) {
    logger.Warning("UNWITNESSED", {{"meaning", "nobody outside would notice a second history"}});
  }
  if (trust.development()) {
    logger.Warning("SELF-REGISTERED", {{"meaning", "nobody vouches for who holds a handle"}});
  }
}

}  // namespace

absl::Status Serve(const DaemonOptions& options, const attest::TrustFile& trust,
                   const crypto::Clock& clock, State& state, bool confined, const TestFlags& tests,
                   rpc::TerminationSignals& signals, const rpc::Logger& logger) {
  metrics::Operations operations("letterlock-maild", logger);
  auto credentials = daemon::MakeCredentials(options.common, operations, logger);
  if (!credentials.ok()) return credentials.status();

  rpc::WorkerPool background(
      {.threads = kBackgroundThreads, .queue = kBackgroundQueue, .name = "background"});
  SendTimes send_times(operations.metrics());
  Attachments attachments({.quota_bytes = options.quota.bytes}, *state.mailboxes, clock);
  Sender sender({.deployment = trust.deployment(),
                 .quota = options.quota,
                 .limits = options.limits,
                 .attachments = &attachments,
                 .points = tests.points.get(),
                 .observer = &send_times},
                *state.engine, *state.mailboxes, clock, background);
  const Changes changes({.retention = options.change_retention,
                         .attachments = &attachments,
                         .points = tests.points.get()},
                        clock);
  crypto::SystemRandom random;
  Watches watches({.most_per_member = options.max_watches_per_member}, *state.mailboxes, clock,
                  random);
  Fetches fetches({}, *state.mailboxes);
  Importer importer(
      {.deployment = trust.deployment(), .quota = options.quota, .points = tests.points.get()},
      *state.mailboxes, clock);
  Contacts contacts({.quota = options.quota,
                     .limits = options.limits,
                     .report_desk = options.desk_handle,
                     .max_watches = options.max_watches_per_member,
                     .change_retention = options.change_retention},
                    *state.mailboxes, clock);
  Reports::Options desk{.rules = options.limits.reports, .points = tests.points.get()};
  if (auto member = crypto::MemberId::FromBytes(options.desk_member); member.ok()) {
    desk.desk = *member;
  }
  Reports reports(desk, *state.mailboxes, clock);
  DeviceRegistry devices(*state.mailboxes, tests.points.get());
  Sessions sessions(trust.deployment(), options.server_names, *state.tokens, *state.mailboxes);
  TokenAuthenticator authenticator(*state.tokens);
  const EnrollmentVerifier enrollment(trust, clock);

  rpc::WorkerPool pool(
      {.threads = options.workers, .queue = options.max_queued_calls, .name = "rpc"});
  const auto services =
      MakeServices({.mailboxes = state.mailboxes.get(),
                    .sender = &sender,
                    .changes = &changes,
                    .watches = &watches,
                    .fetches = &fetches,
                    .importer = &importer,
                    .most_watches = options.max_watches,
                    .contacts = &contacts,
                    .reports = &reports,
                    .devices = &devices,
                    .sessions = &sessions,
                    .authenticator = &authenticator,
                    .enrollment = &enrollment,
                    .attachments = &attachments},
                   {.pool = &pool, .logger = logger, .observer = operations.observer()});
  std::vector<rpc::Service*> bound;
  bound.reserve(services.size() + 1);  // and the admin service
  for (const auto& service : services) bound.push_back(service.get());
  WatchStore(operations.metrics(), *state.rocksdb);
  bound.push_back(operations.Watch({.services = bound,
                                    .pools = {{"rpc", &pool}, {"background", &background}},
                                    .fill = [&](admin::v1::GetStatusResponse* response) {
                                      FillStatus({.trust = trust,
                                                  .epoch = state.epoch,
                                                  .store = *state.rocksdb,
                                                  .ring = *state.ring,
                                                  .confined = confined},
                                                 response);
                                    }}));

  auto server = daemon::MakeServerOptions(options.common, *std::move(credentials));
  server.max_request_bytes = kMaxRequestBytes;
  auto runner = rpc::ServerRunner::Start(server, bound, logger);
  if (!runner.ok()) return runner.status();
  absl::Status exposed = operations.Expose(options.common.metrics_listen, **runner);
  if (!exposed.ok()) return exposed;
  Announce(logger, **runner, trust);

  absl::Status ended;
  {
    const StoreWatch watch(*state.engine, kStoreInterval, [&](const absl::Status& why) {
      // Only a new start finds out what the disk holds.
      logger.Error("store", {{"cause", rpc::Cause{why}}});
      (*runner)->Stop();
    });
    ended = (*runner)->RunUntil(signals);
  }
  operations.Close();
  pool.Drain();
  attachments.Drain();
  background.Drain();
  // Completes what is queued, while what the answers touch is still there.
  const absl::Status writable = state.rocksdb->Writable();
  state.rocksdb.reset();
  if (!writable.ok()) {
    return absl::UnavailableError("the store takes no writes: " + std::string(writable.message()));
  }
  return ended;
}

}  // namespace letterlock::mail
