#include "client/attachments.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>

#include "attachment_files.h"
#include "client/failure.h"
#include "crypto/base/clock.h"
#include "crypto/base/hash.h"
#include "letterlock/common/v1/errors.pb.h"
#include "letterlock/mail/v1/attachment_service.pb.h"
#include "letterlock/mail/v1/session_service.pb.h"
#include "server/rpc/status.h"
#include "support/temporary_directory.h"

namespace letterlock::client {
namespace {

namespace fs = std::filesystem;

class NoSleep final : public Sleeper {
 public:
  void Sleep(absl::Duration) override {}
};

// Gives sessions and nothing else.
class SessionsOnly final : public MailTransport {
 public:
  absl::Status Enroll(const mail::v1::EnrollRequest&, mail::v1::EnrollResponse*) override {
    return absl::UnimplementedError("");
  }
  absl::Status CreateChallenge(const mail::v1::CreateChallengeRequest&,
                               mail::v1::CreateChallengeResponse*) override {
    return absl::OkStatus();
  }
  absl::Status CreateSession(const mail::v1::CreateSessionRequest&,
                             mail::v1::CreateSessionResponse* response) override {
    response->set_token("token");
    response->set_expires_unix_ms(~std::uint64_t{0} >> 1);
    return absl::OkStatus();
  }
  absl::Status Send(std::string_view, const mail::v1::SendRequest&,
                    mail::v1::SendResponse*) override {
    return absl::UnimplementedError("");
  }
  absl::Status BatchGet(std::string_view, const mail::v1::BatchGetRequest&,
                        mail::v1::BatchGetResponse*) override {
    return absl::UnimplementedError("");
  }
  absl::Status Sync(std::string_view, const mail::v1::SyncRequest&,
                    mail::v1::SyncResponse*) override {
    return absl::UnimplementedError("");
  }
  const std::string& server_name() const override { return name_; }

 private:
  const std::string name_ = "localhost";
};

// Keeps uploads in memory. Breaks off after so many bytes of each call where a test says so.
class FakeAttachments final : public AttachmentTransport {
 public:
  absl::Status GetUpload(std::string_view, const mail::v1::GetUploadRequest& request,
                         mail::v1::GetUploadResponse* response) override {
    const auto found = stored.find(request.ciphertext_hash());
    if (found == stored.end()) return absl::NotFoundError("");
    response->set_offset(found->second.size());
    response->set_complete(complete.contains(request.ciphertext_hash()));
    return absl::OkStatus();
  }
  absl::Status Upload(std::string_view, const mail::v1::UploadStart& start,
                      absl::FunctionRef<absl::StatusOr<std::string>()> next,
                      mail::v1::UploadResponse*) override {
    ++calls;
    std::string& bytes = stored[start.ciphertext_hash()];
    if (start.offset() != bytes.size()) return absl::OutOfRangeError("");
    for (std::size_t came = 0;;) {
      auto piece = next();
      if (!piece.ok()) return piece.status();
      EXPECT_LE(piece->size(), 65'536u);
      if (piece->empty()) break;
      came += piece->size();
      if (came > break_after) return break_with;
      bytes += *piece;
    }
    EXPECT_EQ(bytes.size(), start.size());
    if (crypto::ToString(crypto::Sha256(bytes)) != start.ciphertext_hash()) {
      return rpc::Fail(absl::StatusCode::kDataLoss, common::v1::ERROR_REASON_UPLOAD_HASH, "other");
    }
    complete[start.ciphertext_hash()] = true;
    return absl::OkStatus();
  }
  absl::Status Download(std::string_view, const mail::v1::DownloadRequest& request,
                        absl::FunctionRef<absl::Status(std::string_view)> take) override {
    ++calls;
    const auto found = stored.find(request.ciphertext_hash());
    if (found == stored.end()) return absl::NotFoundError("");
    std::size_t sent = 0;
    for (std::size_t at = request.offset(); at < found->second.size(); at += 50'000) {
      const std::string_view piece = std::string_view(found->second).substr(at, 50'000);
      sent += piece.size();
      if (sent > break_after) return absl::UnavailableError("");
      if (absl::Status taken = take(piece); !taken.ok()) return taken;
    }
    return absl::OkStatus();
  }

  std::map<std::string, std::string> stored;
  std::map<std::string, bool> complete;
  std::size_t break_after = ~std::size_t{0};
  absl::Status break_with = absl::UnavailableError("");  // uploads
  int calls = 0;
};

class AttachmentFiles : public ::testing::Test {
 protected:
  AttachmentFiles() { fs::create_directory(saved_); }

  std::string MakeFile(const std::string& name, std::size_t size, char fill = 'f') {
    const std::string path = directory_.path() + "/" + name;
    std::ofstream(path) << std::string(size, fill);
    return path;
  }
  absl::StatusOr<seal::Attachment> Up(const std::string& path) {
    return UploadFile({&mail_, &transport_, &random_}, path, {});
  }
  absl::StatusOr<SavedFile> Down(const seal::Attachment& reference) {
    return DownloadFile({&mail_, &transport_, &random_}, reference, saved_, {});
  }
  static std::string ReadAll(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  std::size_t FilesSaved() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(saved_), {}));
  }

  test::TemporaryDirectory directory_;
  const std::string saved_ = directory_.path() + "/saved";
  SessionsOnly sessions_;
  NoSleep sleeper_;
  crypto::SystemRandom random_;
  crypto::SystemClock clock_;
  FakeAttachments transport_;
  MailClient mail_{
      {.transport = &sessions_,
       .sleeper = &sleeper_,
       .random = &random_,
       .clock = &clock_,
       .member = {},
       .device_key = {},
       .sign = [](std::string_view,
                  std::string_view) { return absl::StatusOr<std::string>("signature"); },
       .retry = {.attempts = 30}}};
};

TEST_F(AttachmentFiles, ComeBackAsTheyWere) {
  for (const std::size_t size : {0, 1, 100, 65'536, 300'000}) {
    const std::string path = MakeFile("file" + std::to_string(size), size);
    const auto reference = Up(path);
    ASSERT_TRUE(reference.ok()) << reference.status();
    EXPECT_EQ(reference->size, size);
    const auto saved = Down(*reference);
    ASSERT_TRUE(saved.ok()) << saved.status();
    EXPECT_EQ(ReadAll(saved->path), ReadAll(path));
    EXPECT_EQ(fs::status(saved->path).permissions(),
              fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_FALSE(saved->renamed);
  }
  EXPECT_EQ(FilesSaved(), 5u);
}

TEST_F(AttachmentFiles, GoOnWhereTheyBroke) {
  transport_.break_after = 200'000;
  const std::string path = MakeFile("large", 1'500'000);
  const auto reference = Up(path);
  ASSERT_TRUE(reference.ok()) << reference.status();
  EXPECT_GE(transport_.calls, 8);
  EXPECT_LE(transport_.calls, 12);  // no byte goes twice, but for those that broke
  transport_.calls = 0;
  const auto saved = Down(*reference);
  ASSERT_TRUE(saved.ok()) << saved.status();
  EXPECT_GE(transport_.calls, 7);
  EXPECT_EQ(ReadAll(saved->path), ReadAll(path));
}

// As gRPC tells it where a server ends a call whose client still writes.
TEST_F(AttachmentFiles, GoOnWhereTheServerEndedTheUploadWithoutAWord) {
  transport_.break_after = 200'000;
  transport_.break_with = absl::CancelledError("CANCELLED");
  const std::string path = MakeFile("large", 600'000);
  const auto reference = Up(path);
  ASSERT_TRUE(reference.ok()) << reference.status();
  EXPECT_EQ(ReadAll(Down(*reference)->path), ReadAll(path));
}

TEST_F(AttachmentFiles, AreSealedAnewEachTime) {
  const std::string path = MakeFile("file", 1000);
  EXPECT_NE(Up(path)->ciphertext_hash, Up(path)->ciphertext_hash);
}

TEST_F(AttachmentFiles, NeverReplaceWhatIsThere) {
  const auto reference = Up(MakeFile("report.pdf", 10, 'n'));
  std::ofstream(saved_ + "/report.pdf") << "mine";
  fs::create_symlink("/dev/null", saved_ + "/report (2).pdf");
  const auto saved = Down(*reference);
  ASSERT_TRUE(saved.ok());
  EXPECT_EQ(fs::path(saved->path).filename(), "report (3).pdf");
  EXPECT_TRUE(saved->renamed);
  EXPECT_EQ(ReadAll(saved_ + "/report.pdf"), "mine");
  EXPECT_EQ(ReadAll(saved->path), std::string(10, 'n'));
}

TEST_F(AttachmentFiles, AnotherServersBytesAreNeverSaved) {
  const auto reference = Up(MakeFile("file", 100'000));
  ASSERT_TRUE(reference.ok());
  const std::string hash = crypto::ToString(reference->ciphertext_hash);
  const std::string good = transport_.stored[hash];
  std::string flipped = good;
  flipped[70'000] ^= 1;
  for (const std::string& bad : {flipped, good.substr(1), good + "x", std::string()}) {
    transport_.stored[hash] = bad;
    EXPECT_EQ(ProblemOf(Down(*reference).status()), Problem::kVerification);
    EXPECT_EQ(FilesSaved(), 0u);
  }
  transport_.stored.clear();
  EXPECT_EQ(ProblemOf(Down(*reference).status()), Problem::kNotFound);
  EXPECT_EQ(FilesSaved(), 0u);
}

TEST_F(AttachmentFiles, AReferenceThatCannotBeIsRefusedBeforeAnythingIsFetched) {
  auto reference = Up(MakeFile("file", 100'000));
  transport_.calls = 0;
  reference->chunk_count += 1;
  EXPECT_EQ(ProblemOf(Down(*reference).status()), Problem::kVerification);
  reference->size = std::uint64_t{1} << 40;
  EXPECT_EQ(ProblemOf(Down(*reference).status()), Problem::kVerification);
  EXPECT_EQ(transport_.calls, 0);
}

TEST_F(AttachmentFiles, OnlyFilesOfAtMost25MiBAreSent) {
  EXPECT_EQ(ProblemOf(Up(directory_.path() + "/nothing").status()), Problem::kUsage);
  EXPECT_EQ(ProblemOf(Up(directory_.path()).status()), Problem::kUsage);
  EXPECT_EQ(ProblemOf(Up("/dev/null").status()), Problem::kUsage);
  EXPECT_EQ(ProblemOf(Up(MakeFile("\xff", 1)).status()), Problem::kUsage);
  const std::string large = MakeFile("large", 0);
  fs::resize_file(large, 26'214'401);
  EXPECT_EQ(ProblemOf(Up(large).status()), Problem::kUsage);
  EXPECT_EQ(transport_.calls, 0);
}

TEST(SafeFileName, LeavesOrdinaryNamesAlone) {
  for (const char* name : {"report.pdf", "Übersicht 2025.xlsx", "写真.jpg", "a", "no-dots_here"}) {
    EXPECT_EQ(SafeFileName(name), name);
  }
}

TEST(SafeFileName, IsOneLineInItsFolderWhateverTheSenderSays) {
  EXPECT_EQ(SafeFileName("a\nb\x1b[2Jc"), "a_b_[2Jc");
  EXPECT_EQ(SafeFileName("invoice\u202efdp.exe"), "invoice_fdp.exe");
  EXPECT_EQ(SafeFileName("..\\..\\x:y*?\"<>|"), "_.._.._x_y______");
  EXPECT_EQ(SafeFileName("../../etc/passwd"), "_.._.._etc_passwd");
  EXPECT_EQ(SafeFileName(".bashrc"), "_.bashrc");
  EXPECT_EQ(SafeFileName("-rf"), "_-rf");
  EXPECT_EQ(SafeFileName("name. . "), "name");
  for (const char* nothing : {"", ".", "..", " ", "..."}) {
    EXPECT_EQ(SafeFileName(nothing), "attachment");
  }
  EXPECT_EQ(SafeFileName(std::string("a\0b", 3)), "a_b");
  EXPECT_EQ(SafeFileName("\xff\xc3"), "__");
  EXPECT_LE(SafeFileName(std::string(1000, 'x')).size(), 201u);
  const std::string cut = SafeFileName("x" + std::string(300, '\xc3'));
  EXPECT_LE(cut.size(), 201u);
}

}  // namespace
}  // namespace letterlock::client
