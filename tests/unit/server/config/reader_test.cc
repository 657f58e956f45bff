#include "server/config/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_directory.h"

namespace letterlock::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

enum class Mode { kStrict, kLoose };

struct Example {
  std::string listen = "127.0.0.1:0";
  std::string key_file;
  bool verbose = false;
  std::uint16_t port = 7;
  absl::Duration drain = absl::Seconds(10);
  std::size_t cache = 4096;
  std::vector<std::string> names = {"a"};
  std::string deployment;
  Mode mode = Mode::kStrict;
  std::vector<std::string> witnesses;
};

void Read(Reader& reader, Example* out) {
  reader.Text("listen", &out->listen, "where to listen");
  reader.Path("tls.key_file", &out->key_file, "PEM", kRequired);
  reader.Flag("verbose", &out->verbose, "says more");
  reader.Number<std::uint16_t>("port", &out->port, 1, 60'000, "a port");
  reader.Time("limits.drain", &out->drain, absl::Milliseconds(1), absl::Minutes(5), "a time");
  reader.Size("limits.cache", &out->cache, 1024, std::size_t{1} << 30, "a size");
  reader.List("names", &out->names, "some names");
  reader.Hex("deployment", &out->deployment, 4, "an id");
  reader.Choice("mode", &out->mode, {{"strict", Mode::kStrict}, {"loose", Mode::kLoose}}, "how");
  for (Reader& witness : reader.Tables("witness", "witnesses")) {
    witness.Text("url", &out->witnesses.emplace_back(), "where it is", kRequired);
  }
}

// Reads `toml` as d.toml in /etc/d; what Finish says.
absl::Status ReadText(std::string_view toml, Example* out, const Overrides& overrides = {}) {
  auto reader = Reader::Parse(toml, "d.toml", "/etc/d", overrides);
  if (!reader.ok()) return reader.status();
  Read(*reader, out);
  return reader->Finish();
}

std::string ErrorOf(std::string_view toml, const Overrides& overrides = {}) {
  Example ignored;
  const absl::Status status = ReadText(toml, &ignored, overrides);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

constexpr std::string_view kMinimal = "tls.key_file = 'k'\n";

std::string With(std::string_view more) { return std::string(kMinimal) + std::string(more); }

TEST(Reader, ReadsEachType) {
  Example e;
  const absl::Status status = ReadText(R"(
listen = "0.0.0.0:443"
verbose = true
port = 60000
names = ["x", "y"]
deployment = "00ff10ab"
mode = "loose"
[tls]
key_file = "keys/k.pem"
[limits]
drain = "1m30s"
cache = "4MiB"
[[witness]]
url = "one"
[[witness]]
url = "two"
)",
                                       &e);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(e.listen, "0.0.0.0:443");
  EXPECT_TRUE(e.verbose);
  EXPECT_EQ(e.port, 60'000);
  EXPECT_THAT(e.names, ElementsAre("x", "y"));
  EXPECT_EQ(e.deployment, std::string("\x00\xff\x10\xab", 4));
  EXPECT_EQ(e.mode, Mode::kLoose);
  EXPECT_EQ(e.key_file, "/etc/d/keys/k.pem");
  EXPECT_EQ(e.drain, absl::Seconds(90));
  EXPECT_EQ(e.cache, 4u << 20);
  EXPECT_THAT(e.witnesses, ElementsAre("one", "two"));
}

TEST(Reader, WhatIsNotSetKeepsItsDefault) {
  Example e;
  ASSERT_TRUE(ReadText(kMinimal, &e).ok());
  EXPECT_EQ(e.listen, "127.0.0.1:0");
  EXPECT_EQ(e.port, 7);
  EXPECT_EQ(e.drain, absl::Seconds(10));
  EXPECT_THAT(e.names, ElementsAre("a"));
  EXPECT_EQ(e.mode, Mode::kStrict);
  EXPECT_THAT(e.witnesses, IsEmpty());
}

TEST(Reader, AbsolutePathsStayAndEmptyOnesToo) {
  Example e;
  ASSERT_TRUE(ReadText("tls.key_file = '/k'\n", &e).ok());
  EXPECT_EQ(e.key_file, "/k");
  ASSERT_TRUE(ReadText("tls.key_file = ''\n", &e).ok());
  EXPECT_EQ(e.key_file, "");
}

TEST(Reader, AMisspeltKeyIsNamedWithItsLine) {
  EXPECT_EQ(ErrorOf(With("\nlimits.darin = '1s'\n")), "d.toml:3: limits.darin: no such option");
  EXPECT_EQ(ErrorOf(With("[limtis]\ndrain = '1s'\n")), "d.toml:2: limtis: no such option");
  EXPECT_EQ(ErrorOf(With("[[witness]]\nurl = 'u'\nkye = 'k'\n")),
            "d.toml:4: witness[0].kye: no such option");
}

TEST(Reader, AMissingRequiredKeyIsNamed) {
  EXPECT_EQ(ErrorOf(""), "d.toml: tls.key_file: must be set");
  EXPECT_EQ(ErrorOf(With("[[witness]]\n")), "d.toml: witness[0].url: must be set");
}

TEST(Reader, WrongTypesAndRangesAreNamedWithTheirLineAndWithoutTheirValue) {
  const struct {
    const char* toml;
    const char* key;
  } kCases[] = {
      {"listen = 999777", "listen"},
      {"verbose = 'x999777'", "verbose"},
      {"verbose = 1", "verbose"},
      {"port = 999777", "port"},
      {"port = 0", "port"},
      {"port = -1", "port"},
      {"port = '999777'", "port"},
      {"port = 1.5", "port"},
      {"limits.drain = 999777", "limits.drain"},
      {"limits.drain = '999777h'", "limits.drain"},
      {"limits.drain = '-1s'", "limits.drain"},
      {"limits.drain = 'inf'", "limits.drain"},
      {"limits.drain = '0s'", "limits.drain"},
      {"limits.cache = 99", "limits.cache"},
      {"limits.cache = -1", "limits.cache"},
      {"limits.cache = '999777GiB'", "limits.cache"},
      {"limits.cache = '9999999999999999GiB'", "limits.cache"},
      {"limits.cache = '4 KiB'", "limits.cache"},
      {"limits.cache = '4KB'", "limits.cache"},
      {"names = 'x999777'", "names"},
      {"names = ['a', 999777]", "names"},
      {"deployment = 'x9997777'", "deployment"},
      {"deployment = '00ff10'", "deployment"},
      {"deployment = '00FF10AB'", "deployment"},
      {"mode = 'x999777'", "mode"},
      {"mode = 3", "mode"},
      {"limits = 999777", "limits"},
      {"witness = 999777", "witness"},
      {"witness = [999777]", "witness"},
  };
  for (const auto& [toml, key] : kCases) {
    const std::string error = ErrorOf(With(toml));
    EXPECT_THAT(error, HasSubstr("d.toml:2: " + std::string(key) + ": ")) << toml;
    EXPECT_THAT(error, Not(HasSubstr("999777"))) << toml;
  }
}

TEST(Reader, AllErrorsComeAtOnce) {
  EXPECT_EQ(ErrorOf("port = 0\nextra = 1\n"),
            "d.toml: tls.key_file: must be set\n"
            "d.toml:1: port: must be between 1 and 60000\n"
            "d.toml:2: extra: no such option");
}

TEST(Reader, WhatTheCallerRefusesIsNamedWithItsLine) {
  auto reader = Reader::Parse("listen = 'x'\n", "d.toml", "/");
  ASSERT_TRUE(reader.ok());
  std::string listen;
  reader->Text("listen", &listen, "");
  reader->Refuse("listen", "must hold a port");
  EXPECT_EQ(reader->Finish().message(), "d.toml:1: listen: must hold a port");
}

TEST(Reader, KnowsWhatWasWrittenDown) {
  Overrides overrides;
  overrides.Set("c", "z");
  auto reader = Reader::Parse("a = 'x'\n", "d.toml", "/", overrides);
  ASSERT_TRUE(reader.ok());
  std::string value;
  for (const char* key : {"a", "b", "c"}) reader->Text(key, &value, "");
  EXPECT_TRUE(reader->Has("a"));
  EXPECT_FALSE(reader->Has("b"));
  EXPECT_TRUE(reader->Has("c"));
  EXPECT_TRUE(reader->Finish().ok());
}

TEST(Reader, TextThatIsNotTomlIsRefusedWithItsLine) {
  EXPECT_THAT(ErrorOf("port = 1\nport = = 2\n"), HasSubstr("d.toml:2:"));
  EXPECT_THAT(ErrorOf("port = 1\nport = 2\n"), HasSubstr("d.toml:2:"));
}

TEST(Reader, OverridesGoBeforeTheFile) {
  Overrides overrides;
  for (const char* set :
       {"listen=a=b", "tls.key_file=rel/k", "verbose=true", "port=9", "limits.drain=5s",
        "limits.cache=2KiB", "names=p,q", "deployment=01020304", "mode=loose"}) {
    ASSERT_TRUE(overrides.Add(set).ok());
  }
  overrides.Set("port", "10");
  Example e;
  const absl::Status status = ReadText(With("port = 1\nmode = 'strict'\n"), &e, overrides);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(e.listen, "a=b");
  EXPECT_EQ(e.key_file, "rel/k");
  EXPECT_TRUE(e.verbose);
  EXPECT_EQ(e.port, 10);
  EXPECT_EQ(e.drain, absl::Seconds(5));
  EXPECT_EQ(e.cache, 2048u);
  EXPECT_THAT(e.names, ElementsAre("p", "q"));
  EXPECT_EQ(e.deployment, "\x01\x02\x03\x04");
  EXPECT_EQ(e.mode, Mode::kLoose);
}

TEST(Reader, WrongOverridesAreSaidToBeOfTheCommandLine) {
  Overrides overrides;
  overrides.Set("port", "many");
  overrides.Set("prot", "1");
  overrides.Set("verbose", "yes");
  overrides.Set("witness", "x");
  EXPECT_EQ(ErrorOf(kMinimal, overrides),
            "command line: verbose: must be true or false\n"
            "command line: port: must be between 1 and 60000\n"
            "command line: witness: is written as [[witness]], in the file alone\n"
            "command line: prot: no such option");
  EXPECT_FALSE(overrides.Add("novalue").ok());
  EXPECT_FALSE(overrides.Add("=x").ok());
}

TEST(Reader, DescribesItsOptionsForHelp) {
  Reader reader = Reader::Describe();
  Example e;
  Read(reader, &e);
  EXPECT_TRUE(reader.Finish().ok());
  const std::vector<OptionInfo> options = reader.options();
  ASSERT_EQ(options.size(), 11u);
  EXPECT_EQ(options[1].key, "tls.key_file");
  EXPECT_TRUE(options[1].required);
  EXPECT_EQ(options[2].key, "verbose");
  EXPECT_EQ(options[2].type, "true|false");  // what the command line takes, and nothing else
  EXPECT_EQ(options[4].key, "limits.drain");
  EXPECT_EQ(options[4].default_value, "10s");
  EXPECT_EQ(options[4].type, "duration");
  EXPECT_EQ(options[8].type, "strict|loose");
  EXPECT_EQ(options[8].default_value, "strict");
  EXPECT_EQ(options[10].key, "witness[].url");
}

TEST(Reader, LoadsAFileAndTakesPathsAgainstItsDirectory) {
  test::TemporaryDirectory directory;
  std::ofstream(directory / "maild.toml") << kMinimal;
  auto reader = Reader::Load(directory / "maild.toml");
  ASSERT_TRUE(reader.ok()) << reader.status();
  Example e;
  Read(*reader, &e);
  ASSERT_TRUE(reader->Finish().ok());
  EXPECT_EQ(e.key_file, directory / "k");
  EXPECT_EQ(Reader::Load(directory / "none.toml").status().code(), absl::StatusCode::kNotFound);
}

TEST(Reader, APartOfAConfigurationIsReadWithoutTheRest) {
  std::string wanted;
  auto reader = Reader::Parse("wanted = 'x'\nother = 3\n[more]\nof = 'it'\n", "f", "/d");
  ASSERT_TRUE(reader.ok());
  reader->Text("wanted", &wanted, "");
  EXPECT_TRUE(reader->FinishPart().ok());
  EXPECT_FALSE(reader->Finish().ok());
  EXPECT_EQ(wanted, "x");
  bool flag = false;
  reader->Flag("other", &flag, "");
  EXPECT_FALSE(reader->FinishPart().ok());
}

}  // namespace
}  // namespace letterlock::config
