#include <gtest/gtest.h>

#include <string>

#include "people.h"

namespace letterlock::seal {
namespace {

std::string Times(size_t n, std::string_view text) {
  std::string out;
  for (size_t i = 0; i < n; ++i) out += text;
  return out;
}

bool Allowed(std::string_view subject, std::string_view body) {
  return CheckContent(MakeMessage(subject, body).content).ok();
}

TEST(Content, LimitsCountCharactersNotBytes) {
  EXPECT_TRUE(Allowed(Times(200, "s"), Times(2000, "b")));
  EXPECT_TRUE(Allowed(Times(200, "\U00010348"), Times(2000, "\U00010348")));
  EXPECT_FALSE(Allowed(Times(201, "s"), ""));
  EXPECT_FALSE(Allowed("", Times(2001, "b")));
  EXPECT_FALSE(Allowed("", Times(2001, "\U00010348")));
  EXPECT_TRUE(Allowed("", ""));
  EXPECT_TRUE(Allowed(" ", " "));
}

TEST(Content, TextMustBeUtf8) {
  EXPECT_FALSE(Allowed("\xff", ""));
  EXPECT_FALSE(Allowed("", "\xed\xa0\x80"));
}

TEST(Content, BodyFormatMustBeKnown) {
  Content content;
  content.body_format = static_cast<BodyFormat>(0);
  EXPECT_FALSE(CheckContent(content).ok());
  content.body_format = static_cast<BodyFormat>(3);
  EXPECT_FALSE(CheckContent(content).ok());
  content.body_format = BodyFormat::kHtml;
  EXPECT_TRUE(CheckContent(content).ok());
}

bool FileNameAllowed(std::string name) {
  Content content;
  content.attachments.push_back({.file_name = std::move(name),
                                 .key = crypto::SecretBytes<32>::Random(),
                                 .ciphertext_hash = {},
                                 .size = 1,
                                 .chunk_count = 1});
  return CheckContent(content).ok();
}

TEST(Content, FileNameCannotLeaveItsFolder) {
  EXPECT_TRUE(FileNameAllowed("plan.pdf"));
  EXPECT_TRUE(FileNameAllowed("..."));
  EXPECT_TRUE(FileNameAllowed(std::string(255, 'f')));
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("../x"), std::string("/x"),
        std::string("a/b"), std::string("a\0b", 3), std::string(256, 'f'), std::string("\xff")}) {
    EXPECT_FALSE(FileNameAllowed(name)) << name;
  }
}

TEST(Content, AtMostSixteenAttachments) {
  Content content;
  for (int i = 0; i < 17; ++i) {
    EXPECT_TRUE(CheckContent(content).ok());
    content.attachments.push_back({.file_name = "f",
                                   .key = crypto::SecretBytes<32>::Random(),
                                   .ciphertext_hash = {},
                                   .size = 1,
                                   .chunk_count = 1});
  }
  EXPECT_FALSE(CheckContent(content).ok());
}

TEST(Content, IsCheckedBeforeItIsSealed) {
  const crypto::DeploymentId deployment = MakeDeployment();
  OutgoingMessage message = MakeMessage(Times(200, "\U00010348"), Times(2000, "\U00010348"));
  crypto::SystemRandom random;
  EXPECT_TRUE(SealEnvelope(MakeMember(deployment, "ada"), EntryOf(MakeMember(deployment, "ben")),
                           message, random)
                  .ok());
  message.content.body_format = static_cast<BodyFormat>(7);
  EXPECT_EQ(SealEnvelope(MakeMember(deployment, "ada"), EntryOf(MakeMember(deployment, "ben")),
                         message, random)
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace letterlock::seal
