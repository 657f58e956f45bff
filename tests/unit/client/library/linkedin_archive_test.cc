#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "client/archive.h"
#include "client/failure.h"
#include "support/temporary_directory.h"

namespace letterlock::client {
namespace {

// The nine columns of the oldest layout.
constexpr char kHeader[] =
    "CONVERSATION ID,CONVERSATION TITLE,FROM,SENDER PROFILE URL,TO,DATE,SUBJECT,CONTENT,FOLDER\n";

class LinkedInArchive : public ::testing::Test {
 protected:
  absl::StatusOr<Archive> Read(const std::string& text) {
    const std::string path = directory_.path() + "/messages.csv";
    std::ofstream(path) << text;
    return ReadLinkedInArchive(path);
  }
  static std::string Row(const std::string& content,
                         const std::string& date = "2025-03-12 16:25:23 UTC") {
    return "c1,,Amara,https://x,Li," + date + ",Subject," + content + ",INBOX\n";
  }

  test::TemporaryDirectory directory_;
};

TEST_F(LinkedInArchive, IsReadAsTheDemonstrationsIs) {
  const auto archive = ReadLinkedInArchive(std::string(LETTERLOCK_DEMO) + "/messages.csv");
  ASSERT_TRUE(archive.ok()) << archive.status();
  EXPECT_EQ(archive->messages.size() + archive->bad.size(), 55u);
  EXPECT_EQ(archive->bad.size(), 0u);
  for (std::size_t i = 1; i < archive->messages.size(); ++i) {
    EXPECT_LE(archive->messages[i - 1].sent_unix_ms, archive->messages[i].sent_unix_ms);
  }
}

TEST_F(LinkedInArchive, KeepsTextsToTheByte) {
  const auto archive =
      Read(std::string(kHeader) + Row("\"a \"\"quoted\"\"\r\nline, and\n\nmore \"") + Row(" ") +
           Row("\"<p class=\"\"x\"\">H</p>\"") + Row("<pre>") + Row("Ünï 李 👍"));
  ASSERT_TRUE(archive.ok()) << archive.status();
  ASSERT_EQ(archive->messages.size(), 5u);
  // Of equal dates the later row is the older message.
  const auto& m = archive->messages;
  EXPECT_EQ(m[4].content, "a \"quoted\"\r\nline, and\n\nmore ");
  EXPECT_EQ(m[4].line, 2u);
  EXPECT_EQ(m[3].content, " ");
  EXPECT_EQ(m[3].line, 6u);
  EXPECT_EQ(m[2].content, "<p class=\"x\">H</p>");
  EXPECT_TRUE(m[2].html);
  EXPECT_FALSE(m[1].html);
  EXPECT_EQ(m[0].content, "Ünï 李 👍");
  EXPECT_EQ(m[0].sent_unix_ms, 1'741'796'723'000u);
  EXPECT_EQ(m[0].from, "Amara");
  EXPECT_EQ(m[0].to, "Li");
  EXPECT_EQ(m[0].folder, "INBOX");
}

TEST_F(LinkedInArchive, FindsColumnsByTheirNames) {
  const auto archive = Read(
      "\xef\xbb\xbf"
      "folder, Content ,SUBJECT,DATE,TO,FROM,Conversation ID,A,B,C,D,IS MESSAGE DRAFT\r\n"
      "SENT,text,sub,2025-03-12,Li,Amara,c9,1,2,3,4,No\r\n");
  ASSERT_TRUE(archive.ok()) << archive.status();
  ASSERT_EQ(archive->messages.size(), 1u);
  EXPECT_EQ(archive->messages[0].conversation, "c9");
  EXPECT_EQ(archive->messages[0].content, "text");
  EXPECT_EQ(archive->messages[0].folder, "SENT");
  EXPECT_EQ(archive->messages[0].line, 2u);
}

TEST_F(LinkedInArchive, BadRowsAreNamedByTheirLineAndLeftOut) {
  const auto archive =
      Read(std::string(kHeader) + Row("good") + "too,few\n" + Row("x", "yesterday") + Row("\xff") +
           Row(std::string(8001, 'x')) + Row(std::string("a\0b", 3)) +
           ",,Amara,,Li,2025-03-12 16:25:23 UTC,,no conversation,INBOX\n" +
           "c1,,,,Li,2025-03-12 16:25:23 UTC,,nobody,INBOX\n" +
           "c1,,A,,Li,2025-03-12 16:25:23 UTC," + std::string(201, 's') + ",x,INBOX\n" +
           "c1,,A,,Li,1960-01-01 00:00:00 UTC,,x,INBOX\n" + Row("good too"));
  ASSERT_TRUE(archive.ok()) << archive.status();
  EXPECT_EQ(archive->messages.size(), 2u);
  ASSERT_EQ(archive->bad.size(), 9u);
  for (std::size_t i = 0; i < archive->bad.size(); ++i) EXPECT_EQ(archive->bad[i].line, i + 3);
}

TEST_F(LinkedInArchive, WhatIsNoArchiveIsRefusedAsAWhole) {
  for (const std::string& text :
       {std::string(), std::string("a,b,c\n1,2,3\n"), kHeader + Row("\"never closed"),
        kHeader + Row("a\"stray"), kHeader + std::string("\"x\"y,,,,,,,,\n"),
        std::string("FROM,FROM,TO,DATE,SUBJECT,CONTENT,FOLDER,CONVERSATION ID\n")}) {
    EXPECT_EQ(ProblemOf(Read(text).status()), Problem::kUsage) << text;
  }
  EXPECT_EQ(ProblemOf(ReadLinkedInArchive(directory_.path() + "/none").status()), Problem::kUsage);
  EXPECT_EQ(ProblemOf(ReadLinkedInArchive(directory_.path()).status()), Problem::kUsage);
}

TEST_F(LinkedInArchive, WithoutRowsIsEmpty) {
  const auto archive = Read(kHeader);
  ASSERT_TRUE(archive.ok());
  EXPECT_TRUE(archive->messages.empty());
}

}  // namespace
}  // namespace letterlock::client
