// A member's devices over the wire: Watch, Fetch, Import.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "attest/canonical_proto.h"
#include "letterlock/common/v1/errors.pb.h"
#include "served_mail.h"
#include "server/rpc/status.h"
#include "support/note_signers.h"

namespace letterlock::mail {
namespace {

using testing::EnvelopeOf;
using WatchStream = testing::ReadStream<v1::WatchResponse>;

class Devices : public ::testing::Test {
 protected:
  void Serve(const Watches::Options& watches = {}) {
    served_ = std::make_unique<ServedMail>(watches);
    ann_ = &served_->world.AddMember("ann");
    bob_ = &served_->world.AddMember("bob");
    bob_token_ = served_->TokenOf(*bob_);
  }
  testing::MailClient& client() { return served_->client(); }
  void Send(std::uint32_t padded_length = 256) {
    ASSERT_TRUE(
        served_->world
            .Send(*ann_, EnvelopeOf(*ann_, *bob_, FreshMessageId(), "sealed", padded_length))
            .ok());
  }
  std::string SyncToken() {
    v1::SyncRequest request;
    v1::SyncResponse response;
    do {
      response = client().Call(request, bob_token_).value();
      request.set_token(response.token());
    } while (response.more());
    return response.token();
  }
  std::unique_ptr<WatchStream> Watch(const std::string& sync_token) {
    v1::WatchRequest request;
    request.set_token(sync_token);
    return client().Open(request, bob_token_);
  }
  static bool Noticed(WatchStream& stream) {
    v1::WatchResponse notice;
    return stream.Next(&notice);
  }
  // Bob's second entry has another identity key, which certifies another device.
  void Rotate() {
    const auto first = bob_->member.Sign(bob_->member.FirstEntry());
    auto next = testing::TestMember::NextEntry(first.entry());
    next.set_identity_key(std::string(bob_->member.next_identity.public_key().bytes()));
    auto entry = bob_->member.Sign(next);
    testing::TestMember::Authorise(&entry, bob_->member.identity, false);
    served_->world.directory.Attest(&entry);
    served_->world.directory.Put(entry);
    served_->world.directory.MakeHead(served_->world.clock.Now());
    v1::DeviceCertificate certificate = bob_->Certificate();
    certificate.set_device_key(
        std::string(testing::TestKey("another device").public_key().bytes()));
    auto enrolled = served_->world.Enroll(EnrollRequestWith(
        served_->world.directory, *bob_, attest::SerializeCanonical(certificate)));
    ASSERT_TRUE(enrolled.ok()) << enrolled.status();
  }
  std::vector<v1::FetchResponse> Fetch(const v1::FetchRequest& request) {
    auto stream = client().Open(request, bob_token_);
    std::vector<v1::FetchResponse> all;
    v1::FetchResponse response;
    while (stream->Next(&response)) all.push_back(std::move(response));
    const absl::Status end = stream->Finish();
    EXPECT_TRUE(end.ok()) << end;
    return all;
  }

  std::unique_ptr<ServedMail> served_;
  TestUser* ann_ = nullptr;
  TestUser* bob_ = nullptr;
  std::string bob_token_;
};

TEST_F(Devices, AWatchNoticesWhatHappens) {
  Serve();
  std::string token = SyncToken();
  for (int i = 0; i < 5; ++i) {
    auto watch = Watch(token);
    Send();
    EXPECT_TRUE(Noticed(*watch));
    const std::string now = SyncToken();
    EXPECT_NE(now, token);
    token = now;
  }
}

TEST_F(Devices, AWatchFromAnOldTokenNoticesAtOnce) {
  Serve();
  const std::string token = SyncToken();
  Send();
  EXPECT_TRUE(Noticed(*Watch(token)));
}

TEST_F(Devices, ManyChangesAreNoMoreNoticesThanChangesAndTheLastIsNotMissed) {
  Serve();
  const std::string token = SyncToken();
  auto watch = Watch(token);
  constexpr int kSent = 40;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this] {
      for (int i = 0; i < kSent / 4; ++i) Send();
    });
  }
  for (std::thread& thread : threads) thread.join();
  served_->WaitUntilSettled();
  EXPECT_TRUE(Noticed(*watch));
  // Whatever is noticed now was written before this Sync.
  v1::SyncRequest sync;
  sync.set_token(token);
  EXPECT_EQ(client().Call(sync, bob_token_)->changes_size(), kSent);
  std::thread stopping([this] { served_->StopServing(); });
  int notices = 1;
  while (Noticed(*watch)) ++notices;
  EXPECT_TRUE(watch->Finish().ok());
  stopping.join();
  EXPECT_LE(notices, kSent + 1);
}

TEST_F(Devices, AWatchEndsWithOkAfterItsTime) {
  Serve({.life = absl::Milliseconds(100)});
  const absl::Time start = absl::Now();
  EXPECT_TRUE(Watch(SyncToken())->Finish().ok());
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(80));
}

TEST_F(Devices, AWatchEndsWithItsSession) {
  Serve();
  const std::string token = SyncToken();
  served_->world.clock.Advance(kTokenLife - absl::Milliseconds(100));
  const absl::Status end = Watch(token)->Finish();
  EXPECT_EQ(end.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(rpc::ReasonOf(end), common::v1::ERROR_REASON_TOKEN_EXPIRED);
}

TEST_F(Devices, AWatchEndsWithItsDevice) {
  Serve();
  // From an old token, so that the notice says when it watches.
  const std::string token = SyncToken();
  Send();
  auto watch = Watch(token);
  ASSERT_TRUE(Noticed(*watch));
  Rotate();
  const absl::Status end = watch->Finish();
  EXPECT_EQ(end.code(), absl::StatusCode::kUnauthenticated) << end;
  EXPECT_EQ(rpc::ReasonOf(end), common::v1::ERROR_REASON_UNKNOWN_DEVICE);
}

TEST_F(Devices, SoManyWatchAndNoMoreUntilOneLeaves) {
  Serve({.most_per_member = 2});
  const std::string token = SyncToken();
  Send();
  auto first = Watch(token);
  auto second = Watch(token);
  ASSERT_TRUE(Noticed(*first));
  ASSERT_TRUE(Noticed(*second));
  const absl::Status refused = Watch(token)->Finish();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(rpc::ReasonOf(refused), common::v1::ERROR_REASON_TOO_MANY);
  EXPECT_TRUE(rpc::RetryAfterOf(refused).has_value());
  // Others are not in the way.
  v1::SyncRequest sync;
  v1::WatchRequest request;
  const std::string ann_token = served_->TokenOf(*ann_);
  request.set_token(client().Call(sync, ann_token)->token());
  auto anns = client().Open(request, ann_token);
  ASSERT_TRUE(served_->world.Send(*ann_, EnvelopeOf(*ann_, *bob_, FreshMessageId())).ok());
  EXPECT_TRUE(Noticed(*anns));
  first->Cancel();
  EXPECT_EQ(first->Finish().code(), absl::StatusCode::kCancelled);
  // The server hears of it a little later.
  while (!Noticed(*Watch(token))) {
  }
}

TEST_F(Devices, WatchesEndWithOkWhenTheServerStops) {
  Serve();
  const std::string token = SyncToken();
  Send();
  auto watch = Watch(token);
  ASSERT_TRUE(Noticed(*watch));
  std::thread stopping([this] { served_->StopServing(); });
  EXPECT_TRUE(watch->Finish().ok());
  stopping.join();
}

TEST_F(Devices, FetchGivesTheWholeMailboxOldestFirstInPiecesOf64KiB) {
  Serve();
  for (int i = 0; i < 40; ++i) Send(i % 4 == 0 ? 32'768 : 1024);
  const auto responses = Fetch({});
  std::vector<std::string> fetched;
  std::uint64_t last = 0;
  for (const v1::FetchResponse& response : responses) {
    EXPECT_LE(response.ByteSizeLong(), kFetchBytes + 34'000);
    for (const v1::MailboxMessage& message : response.messages()) {
      EXPECT_GT(message.state().sequence(), last);
      last = message.state().sequence();
      EXPECT_FALSE(message.ciphertext().empty());
      fetched.push_back(message.header());
    }
  }
  EXPECT_GE(responses.size(), 4u);
  EXPECT_LE(responses.size(), 12u);
  const auto listed = served_->world.ListAll(*bob_);
  ASSERT_EQ(fetched.size(), listed.size());
  for (std::size_t i = 0; i < listed.size(); ++i) {
    EXPECT_EQ(fetched[i], listed[listed.size() - 1 - i].header());
  }
  // And goes on behind any of them.
  v1::FetchRequest rest;
  rest.set_after_sequence(responses[0].messages().rbegin()->state().sequence());
  EXPECT_EQ(Fetch(rest).at(0).messages(0).header(), responses[1].messages(0).header());
  rest.set_after_sequence(UINT64_MAX);
  EXPECT_TRUE(Fetch(rest).empty());
}

TEST_F(Devices, FetchOfAFolderGivesWhatListShows) {
  Serve();
  for (int i = 0; i < 3; ++i) Send();
  ASSERT_TRUE(served_->world.Send(*bob_, EnvelopeOf(*bob_, *ann_, FreshMessageId())).ok());
  served_->WaitUntilSettled();
  for (const v1::Folder folder : {v1::FOLDER_INBOX, v1::FOLDER_SENT, v1::FOLDER_ARCHIVE}) {
    v1::FetchRequest request;
    request.set_folder(folder);
    std::size_t fetched = 0;
    for (const auto& response : Fetch(request)) {
      fetched += static_cast<std::size_t>(response.messages_size());
    }
    EXPECT_EQ(fetched, served_->world.ListAll(*bob_, folder).size());
  }
}

TEST_F(Devices, AFetchThatIsNotReadEndsWithTheServerAndHoldsNobodyUp) {
  Serve();
  for (int i = 0; i < 100; ++i) Send(32'768);
  auto fetch = client().Open(v1::FetchRequest(), bob_token_);
  v1::FetchResponse response;
  ASSERT_TRUE(fetch->Next(&response));
  EXPECT_TRUE(client().Call(v1::ListRequest(), bob_token_).ok());
  std::thread stopping([this] { served_->StopServing(); });
  const absl::Status end = fetch->Finish();
  stopping.join();
  EXPECT_EQ(end.code(), absl::StatusCode::kUnavailable) << end;
}

TEST_F(Devices, CancelledFetchesGiveTheirPlacesBack) {
  Serve();
  for (int i = 0; i < 20; ++i) Send(32'768);
  for (int i = 0; i < 20; ++i) {
    auto fetch = client().Open(v1::FetchRequest(), bob_token_);
    v1::FetchResponse response;
    for (int n = 0; n < i % 3; ++n) fetch->Next(&response);
    fetch->Cancel();
    (void)fetch->Finish();
  }
  // The server hears of the last ones a little later.
  while (true) {
    auto fetch = client().Open(v1::FetchRequest(), bob_token_);
    const absl::Status end = fetch->Finish();
    if (end.ok()) break;
    ASSERT_EQ(rpc::ReasonOf(end), common::v1::ERROR_REASON_TOO_MANY) << end;
  }
}

TEST_F(Devices, AnImportIsThereOnceHoweverOftenItComes) {
  Serve();
  v1::ImportRequest request;
  *request.mutable_envelope() = EnvelopeOf(*bob_, *bob_, FreshMessageId(), "brought along");
  auto first = client().Call(request, bob_token_);
  ASSERT_TRUE(first.ok()) << first.status();
  served_->world.clock.Advance(absl::Minutes(1));
  EXPECT_EQ(client().Call(request, bob_token_)->accepted_unix_ms(), first->accepted_unix_ms());
  const auto imported = served_->world.ListAll(*bob_, v1::FOLDER_IMPORTED);
  ASSERT_EQ(imported.size(), 1u);
  EXPECT_EQ(imported[0].header(), request.envelope().header());
  EXPECT_EQ(served_->world.ListAll(*bob_).size(), 1u);

  v1::ImportRequest other = request;
  other.mutable_envelope()->set_recipient_wrap(std::string(80, 'o'));
  EXPECT_EQ(rpc::ReasonOf(client().Call(other, bob_token_).status()),
            common::v1::ERROR_REASON_ID_REUSED);

  v1::DeleteRequest gone;
  v1::MessageReference* reference = gone.add_references();
  v1::EnvelopeHeader header;
  header.ParseFromString(request.envelope().header());
  reference->set_sender(header.sender());
  reference->set_message_id(header.message_id());
  EXPECT_TRUE(client().Call(gone, bob_token_)->results(0).deleted());
  EXPECT_EQ(client().Call(request, bob_token_)->accepted_unix_ms(), first->accepted_unix_ms());
  EXPECT_TRUE(served_->world.ListAll(*bob_).empty());
}

TEST_F(Devices, ParallelImportsOfOneMessageAddOne) {
  Serve();
  v1::ImportRequest request;
  *request.mutable_envelope() = EnvelopeOf(*bob_, *bob_, FreshMessageId());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] { EXPECT_TRUE(client().Call(request, bob_token_).ok()); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(served_->world.ListAll(*bob_).size(), 1u);
}

}  // namespace
}  // namespace letterlock::mail
