// What the daemons are made of works within the confinement: gRPC over TLS with rotating
// certificates, RocksDB.
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <string>

#include "../rpc/echo_server.h"
#include "child.h"
#include "server/confine/confine.h"

namespace letterlock::confine {
namespace {

// Fills a store, flushes, compacts, opens it again and reads. Zero, or the step that failed.
int UseRocksDb(const std::string& path) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = 64 * 1024;
  rocksdb::WriteOptions durable;
  durable.sync = true;
  for (int round = 0; round < 2; ++round) {
    rocksdb::DB* raw = nullptr;
    if (!rocksdb::DB::Open(options, path, &raw).ok()) return 1;
    const std::unique_ptr<rocksdb::DB> db(raw);
    for (int i = 0; i < 500; ++i) {
      durable.sync = i % 50 == 0;
      if (!db->Put(durable, "key" + std::to_string(i), std::string(1000, 'v')).ok()) return 2;
    }
    if (!db->Flush(rocksdb::FlushOptions()).ok()) return 3;
    if (!db->CompactRange(rocksdb::CompactRangeOptions(), nullptr, nullptr).ok()) return 4;
    std::string value;
    if (!db->Get(rocksdb::ReadOptions(), "key499", &value).ok() || value.size() != 1000) return 5;
    if (!db->Close().ok()) return 6;
  }
  return 0;
}

// Goes with the test, whatever becomes of that.
class ChildProcess {
 public:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}
  ~ChildProcess() {
    if (pid_ > 0) EndWith(SIGKILL);
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // The exit code, or minus the number of the signal that ended it.
  int EndWith(int signal_number) {
    ::kill(pid_, signal_number);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t pid_;
};

TEST(ConfinedDaemon, RocksDbWorks) {
  test::TemporaryDirectory directory;
  Options options;
  options.read_write = {directory.path()};
  EXPECT_EQ(InConfinedChild(options, [&] { return UseRocksDb(directory / "db"); }), 0);
}

TEST(ConfinedDaemon, AServerServesOverTlsAndStopsOnASignal) {
  test::TemporaryDirectory directory;
  int channel[2];
  ASSERT_EQ(::pipe(channel), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    Options options;
    options.read_write = {directory.path()};
    options.listen_tcp = {0};
    ::setenv("TMPDIR", directory.path().c_str(), 1);
    auto signals = rpc::TerminationSignals::Block();
    if (!signals.ok() || !Confine(options).ok()) ::_exit(kNotConfined);
    {
      rpc::EchoServer server;
      const std::string ready = server.runner->address() + " " + server.directory.path() + "\n";
      if (::write(channel[1], ready.data(), ready.size()) < 0) ::_exit(2);
      if (!server.runner->RunUntil(**signals).ok()) ::_exit(3);
    }
    ::_exit(0);
  }
  ::close(channel[1]);
  ChildProcess server(child);
  std::string ready;
  for (char c = 0; ::read(channel[0], &c, 1) == 1 && c != '\n';) ready.push_back(c);
  ::close(channel[0]);
  const auto space = ready.find(' ');
  ASSERT_NE(space, std::string::npos) << "the server did not start";

  auto connection = tls::MakeChannel(
      {.address = ready.substr(0, space), .ca_file = ready.substr(space + 1) + "/server-ca.pem"});
  ASSERT_TRUE(connection.ok()) << connection.status();
  const auto stub = rpc::EchoService::NewStub(*connection);
  for (int i = 0; i < 100; ++i) {
    grpc::ClientContext context;
    rpc::EchoResponse response;
    ASSERT_TRUE(stub->Public(&context, rpc::Text("hello"), &response).ok());
    ASSERT_EQ(response.text(), "hello");
  }
  EXPECT_EQ(server.EndWith(SIGTERM), 0);
}

}  // namespace
}  // namespace letterlock::confine
