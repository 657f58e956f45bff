#include "attest/note.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "support/note_signers.h"
#include "support/vectors.h"

namespace letterlock::attest {
namespace {

using testing::TestKey;
using testing::TestLog;
using testing::TestWitness;

std::vector<VerifierKey> KeysOf(const nlohmann::json& vkeys) {
  std::vector<VerifierKey> keys;
  for (const auto& vkey : vkeys)
    keys.push_back(VerifierKey::Parse(vkey.get<std::string>()).value());
  return keys;
}

TEST(Note, GivenNotesOpenWithTheGivenSignatures) {
  const nlohmann::json vectors = testing::ReadVectors("letterlock/note.json");
  ASSERT_FALSE(vectors.at("notes").empty());
  for (const auto& test : vectors.at("notes")) {
    const auto note = test.at("note").get<std::string>();
    const auto opened = OpenNote(note, KeysOf(test.at("keys")));
    ASSERT_TRUE(opened.ok()) << test.at("name") << opened.status();
    EXPECT_EQ(opened->text, test.at("text").get<std::string>()) << test.at("name");
    std::vector<VerifiedSignature> expected;
    for (const auto& signature : test.at("signatures")) {
      VerifiedSignature& one = expected.emplace_back();
      one.key = signature.at("key").get<size_t>();
      if (signature.contains("timestamp"))
        one.timestamp = signature.at("timestamp").get<uint64_t>();
    }
    EXPECT_EQ(opened->signatures, expected) << test.at("name");
    EXPECT_EQ(FormatNote(ParseNote(note).value()).value(), note) << test.at("name");
  }
}

TEST(Note, GivenRefusalsAreRefused) {
  const nlohmann::json vectors = testing::ReadVectors("letterlock/note.json");
  ASSERT_FALSE(vectors.at("refused").empty());
  for (const auto& test : vectors.at("refused")) {
    EXPECT_FALSE(OpenNote(test.at("note").get<std::string>(), KeysOf(test.at("keys"))).ok())
        << test.at("name");
  }
}

TEST(VerifierKey, GivenKeysComeBackAsTheyWereWritten) {
  const nlohmann::json vectors = testing::ReadVectors("letterlock/note.json").at("vkeys");
  ASSERT_FALSE(vectors.at("accepted").empty());
  for (const auto& test : vectors.at("accepted")) {
    const auto key = VerifierKey::Parse(test.at("vkey").get<std::string>());
    ASSERT_TRUE(key.ok()) << test;
    EXPECT_EQ(key->Format(), test.at("vkey").get<std::string>());
    EXPECT_EQ(key->name(), test.at("name").get<std::string>());
    EXPECT_EQ(std::to_string(static_cast<int>(key->type())), test.at("type").get<std::string>());
  }
}

TEST(VerifierKey, GivenRefusalsAreRefused) {
  const nlohmann::json vectors = testing::ReadVectors("letterlock/note.json").at("vkeys");
  ASSERT_FALSE(vectors.at("refused").empty());
  for (const auto& test : vectors.at("refused")) {
    EXPECT_FALSE(VerifierKey::Parse(test.at("vkey").get<std::string>()).ok()) << test.at("name");
  }
}

RC_GTEST_PROP(VerifierKey, AnyBitFlippedIsRefusedOrAnotherKey, ()) {
  const TestLog log("log.example/main");
  std::string vkey = log.key().Format();
  const auto bit = *rc::gen::inRange<size_t>(0, vkey.size() * 8);
  vkey[bit / 8] = static_cast<char>(vkey[bit / 8] ^ (1 << (bit % 8)));
  const auto key = VerifierKey::Parse(vkey);
  const bool same_key = key.ok() && *key == log.key();
  RC_ASSERT(!same_key);
}

// With one signer, no bit of a note can change: neither text, nor name, nor id, nor signature.
RC_GTEST_PROP(Note, AnyBitFlippedInANoteOfOneSignerIsRefused, ()) {
  TestLog log("log.example/main");
  std::string note = SignNote("first line\nsecond line\n", {&log}).value();
  RC_ASSERT(OpenNote(note, {log.key()}).ok());
  const auto bit = *rc::gen::inRange<size_t>(0, note.size() * 8);
  note[bit / 8] = static_cast<char>(note[bit / 8] ^ (1 << (bit % 8)));
  RC_ASSERT(!OpenNote(note, {log.key()}).ok());
}

// With several, a flipped name or id makes a line unknown: then it does not count, and the text is
// as signed.
RC_GTEST_PROP(Note, AnyBitFlippedInANoteOfManySignersIsRefusedOrLosesTheSigner, ()) {
  TestLog log("log.example/main");
  TestWitness first("witness.example/1", 1000), second("witness.example/2", 2000);
  const std::vector<VerifierKey> keys = {log.key(), first.key(), second.key()};
  const std::string text = "first line\nsecond line\n";
  std::string note = SignNote(text, {&log, &first, &second}).value();
  const size_t signatures = OpenNote(note, keys)->signatures.size();
  RC_ASSERT(signatures == 3u);
  const auto bit = *rc::gen::inRange<size_t>(0, note.size() * 8);
  note[bit / 8] = static_cast<char>(note[bit / 8] ^ (1 << (bit % 8)));
  const auto opened = OpenNote(note, keys);
  if (opened.ok()) {
    RC_ASSERT(opened->text == text);
    RC_ASSERT(opened->signatures.size() == signatures - 1);
  }
}

RC_GTEST_PROP(Note, WhatIsSignedOpens, ()) {
  TestLog log("log.example/main");
  const auto lines = *rc::gen::container<std::vector<std::string>>(
      rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~')));
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  if (text.empty()) text = "\n";
  const auto note = SignNote(text, {&log});
  RC_ASSERT(note.ok());
  RC_ASSERT(OpenNote(*note, {log.key()})->text == text);
}

TEST(Note, TextThatIsNoNoteIsNotSigned) {
  TestLog log("log.example/main");
  for (const char* text : {"", "no newline", "tab\there\n", "\xff\n", "\xed\xa0\x80\n",
                           "\xc0\x80\n", "\xf4\x90\x80\x80\n", "cut \xe2\x80\n"}) {
    EXPECT_FALSE(SignNote(text, {&log}).ok()) << text;
  }
  EXPECT_FALSE(SignNote("text\n", {}).ok());
}

TEST(Note, SignatureThatWouldForgeALineIsNotFormatted) {
  UnverifiedNote note{"text\n", {{"a name", 1, "signature"}}};
  EXPECT_FALSE(FormatNote(note).ok());
  note.signatures[0].name = "name\n\xe2\x80\x94 x";
  EXPECT_FALSE(FormatNote(note).ok());
  note.signatures[0] = {"name", 1, ""};
  EXPECT_FALSE(FormatNote(note).ok());
}

TEST(Note, BeyondOneMebibyteIsRefused) {
  TestLog log("log.example/main");
  const std::string note = SignNote("text\n", {&log}).value();
  const std::string fits = std::string(kMaxNoteSize - note.size(), 'x') + note;
  EXPECT_TRUE(ParseNote(fits).ok());
  EXPECT_FALSE(ParseNote("x" + fits).ok());
}

TEST(Note, ErrorsTellAForgeryFromAMistake) {
  TestLog log("log.example/main"), other("log.example/other");
  const std::string note = SignNote("text\n", {&log}).value();
  EXPECT_EQ(OpenNote(note, {other.key()}).status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(OpenNote("nonsense", {log.key()}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(VerifierKey, TheSameKeyInTwoRolesHasTwoIds) {
  const crypto::PublicKey key = TestKey("one key").public_key();
  const auto log = VerifierKey::Make(NoteKeyType::kEd25519, "name", key).value();
  const auto witness = VerifierKey::Make(NoteKeyType::kCosignature, "name", key).value();
  EXPECT_NE(log.id(), witness.id());
}

}  // namespace
}  // namespace letterlock::attest
