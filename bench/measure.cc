#include "measure.h"

#include <grpcpp/grpcpp.h>

#include <utility>

#include "crypto/seal/envelope_header.h"
#include "letterlock/mail/v1/mail_service.grpc.pb.h"

namespace letterlock::bench {
namespace {

namespace pb = ::letterlock::mail::v1;

// What one call needs until it is answered.
template <typename Response>
struct Call {
  grpc::ClientContext context;
  Response response;
};

template <typename Response>
std::shared_ptr<Call<Response>> NewCall(const BenchMember& member) {
  auto call = std::make_shared<Call<Response>>();
  call->context.AddMetadata("authorization", member.token);
  return call;
}

StartCall SendsTo(const std::shared_ptr<grpc::Channel>& channel,
                  const std::vector<BenchMember>& members, const std::vector<SealedSend>& sends) {
  std::shared_ptr<pb::MailService::Stub> stub = pb::MailService::NewStub(channel);
  return [stub, &members, &sends](int64_t index, std::function<void(bool)> done) {
    const SealedSend& send = sends[static_cast<size_t>(index)];
    auto call = NewCall<pb::SendResponse>(members[send.sender]);
    stub->async()->Send(
        &call->context, &send.request, &call->response,
        [call, done = std::move(done)](const grpc::Status& status) {
          done(status.ok() && call->response.state() == pb::DELIVERY_STATE_DELIVERED);
        });
  };
}

// Requests of `batch` messages, each of one sender's own.
std::vector<pb::BatchGetRequest> BatchesOf(const std::vector<BenchMember>& members,
                                           const std::vector<SealedSend>& sent, int batch) {
  std::vector<pb::BatchGetRequest> requests(members.size());
  for (const SealedSend& send : sent) {
    pb::BatchGetRequest& request = requests[send.sender];
    if (request.references_size() == batch) continue;
    const auto header = seal::EnvelopeHeader::Parse(send.request.envelope().header());
    if (!header.ok()) continue;
    pb::MessageReference* reference = request.add_references();
    reference->set_sender(std::string(header->sender.bytes()));
    reference->set_message_id(std::string(header->message_id.bytes()));
  }
  return requests;
}

size_t StoredSize(const SealedSend& send) {
  const pb::Envelope& envelope = send.request.envelope();
  return envelope.header().size() + envelope.sender_wrap().size() + envelope.ciphertext().size();
}

StartCall BatchGetsFrom(const std::shared_ptr<grpc::Channel>& channel,
                        const std::vector<BenchMember>& members,
                        const std::vector<pb::BatchGetRequest>& requests, size_t message_bytes) {
  std::shared_ptr<pb::MailService::Stub> stub = pb::MailService::NewStub(channel);
  return [stub, &members, &requests, message_bytes](int64_t index, std::function<void(bool)> done) {
    const size_t member = static_cast<size_t>(index) % members.size();
    auto call = NewCall<pb::BatchGetResponse>(members[member]);
    call->context.AddMetadata("echo-message-bytes", std::to_string(message_bytes));
    const pb::BatchGetRequest& request = requests[member];
    stub->async()->BatchGet(&call->context, &request, &call->response,
                            [call, &request, done = std::move(done)](const grpc::Status& status) {
                              bool all = status.ok() &&
                                         call->response.results_size() == request.references_size();
                              for (const auto& result : call->response.results())
                                all = all && result.has_message();
                              done(all);
                            });
  };
}

// The rounds of one target.
struct Samples {
  std::vector<double> rate, p50, p99, cpu;

  Figure Medians() const {
    return {Median(rate), absl::Seconds(Median(p50)), absl::Seconds(Median(p99)),
            absl::Seconds(Median(cpu))};
  }
};

absl::Status RunRound(const Target& target, int outstanding, int64_t first, int64_t calls,
                      const StartCall& start, Samples* samples) {
  const auto before = CpuTimeOf(target.pid);
  if (!before.ok()) return before.status();
  const auto result = RunLoad(outstanding, first, calls, start);
  if (!result.ok()) return result.status();
  const auto after = CpuTimeOf(target.pid);
  if (!after.ok()) return after.status();
  samples->rate.push_back(result->calls_per_second);
  samples->p50.push_back(absl::ToDoubleSeconds(result->p50));
  samples->p99.push_back(absl::ToDoubleSeconds(result->p99));
  samples->cpu.push_back(absl::ToDoubleSeconds(*after - *before) / static_cast<double>(calls));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Row> Measurement::Compare(const std::string& call, int outstanding, int64_t calls,
                                         const StartCall& at_echo, const StartCall& at_mail) {
  Samples echo;
  Samples mail;
  std::vector<double> ratios;
  for (int round = 0; round < rounds_; ++round) {
    const int64_t first = round * calls;
    if (auto status = RunRound(echo_, outstanding, first, calls, at_echo, &echo); !status.ok()) {
      return status;
    }
    if (auto status = RunRound(mail_, outstanding, first, calls, at_mail, &mail); !status.ok()) {
      return status;
    }
    ratios.push_back(mail.rate.back() / echo.rate.back());
  }
  return Row{call, outstanding, echo.Medians(), mail.Medians(), Median(ratios)};
}

absl::StatusOr<Row> Measurement::Send(int outstanding, const std::vector<SealedSend>& sends) {
  const int64_t calls = static_cast<int64_t>(sends.size()) / rounds_;
  return Compare("Send", outstanding, calls, SendsTo(echo_.channel, members_, sends),
                 SendsTo(mail_.channel, members_, sends));
}

absl::StatusOr<Row> Measurement::BatchGet(int outstanding, const std::vector<SealedSend>& sent,
                                          int batch, int64_t calls) {
  const std::vector<pb::BatchGetRequest> requests = BatchesOf(members_, sent, batch);
  const size_t size = StoredSize(sent.front());
  return Compare("BatchGet of " + std::to_string(batch), outstanding, calls,
                 BatchGetsFrom(echo_.channel, members_, requests, size),
                 BatchGetsFrom(mail_.channel, members_, requests, size));
}

}  // namespace letterlock::bench
