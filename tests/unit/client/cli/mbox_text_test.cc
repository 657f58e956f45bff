#include "cli/mbox_text.h"

#include <gtest/gtest.h>

#include <string>

namespace letterlock::cli {
namespace {

MboxMessage Example() {
  return {.id = "aa",
          .thread = "bb",
          .sender = "cc",
          .from_name = "alice",
          .from_local = "alice",
          .to_name = "李 明",
          .to_local = "imported",
          .sent_unix_ms = 1'741'796'723'000,
          .subject = "Hello",
          .body = "From here\r\nFrom there\n ",
          .html = false,
          .extra = {{"Letterlock-Folder", "inbox"}}};
}

TEST(Mbox, IsOneEntryOfSevenBits) {
  EXPECT_EQ(MboxEntry(Example()),
            "From alice@letterlock.invalid Wed Mar 12 16:25:23 2025\n"
            "From: <alice@letterlock.invalid>\n"
            "To: =?utf-8?B?5p2OIOaYjg==?= <imported@letterlock.invalid>\n"
            "Date: Wed, 12 Mar 2025 16:25:23 +0000\n"
            "Subject: Hello\n"
            "Message-ID: <aa.cc@letterlock.invalid>\n"
            "References: <bb.thread@letterlock.invalid>\n"
            "Letterlock-Folder: inbox\n"
            "MIME-Version: 1.0\n"
            "Content-Type: text/plain; charset=utf-8\n"
            "Content-Transfer-Encoding: base64\n"
            "\n"
            "RnJvbSBoZXJlDQpGcm9tIHRoZXJlCiA=\n"
            "\n");
}

TEST(Mbox, NoTextOfAMessageBecomesALineOfItsOwn) {
  MboxMessage message = Example();
  message.subject = "x\nBcc: eve@example.com\n\nFrom eve";
  message.from_name = "\"a\nb\" <x@y>";
  message.from_local = "a b\nc";
  message.body = std::string(1000, 'x') + "\nFrom eve\n";
  message.extra = {{"Letterlock-Archive", "a\nFrom b"}};
  const std::string entry = MboxEntry(message);
  EXPECT_EQ(entry.find("\nBcc"), std::string::npos);
  EXPECT_EQ(entry.find("From ", 1), std::string::npos);
  EXPECT_EQ(entry.find("\nb"), std::string::npos);
  for (std::size_t at = 0; at < entry.size();) {
    const std::size_t end = entry.find('\n', at);
    EXPECT_LE(end - at, 120u);
    at = end + 1;
  }
}

TEST(Mbox, LongAndForeignSubjectsAreEncodedWordsBetweenCharacters) {
  EXPECT_EQ(HeaderText("plain"), "plain");
  EXPECT_EQ(HeaderText("=?utf-8?B?eA==?="), "=?utf-8?B?PT91dGYtOD9CP2VBPT0/PQ==?=");
  std::string text;
  for (int i = 0; i < 200; ++i) text += "𐍈";
  const std::string header = HeaderText(text);
  for (std::size_t at = 0; at < header.size();) {
    const std::size_t end = std::min(header.find('\n', at), header.size());
    EXPECT_LE(end - at, 76u);
    at = end + 1;
  }
}

}  // namespace
}  // namespace letterlock::cli
