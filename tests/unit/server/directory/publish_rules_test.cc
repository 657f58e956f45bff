// Entries that are wrong in themselves.
#include <gtest/gtest.h>

#include "rules_fixture.h"

namespace letterlock::directory {
namespace {

TEST_F(RulesTest, FieldsOfAFirstEntry) {
  using Entry = v1::DirectoryEntry;
  const std::string in = "signed_entry.entry.";
  const struct {
    const char* what;
    std::function<void(Entry&)> change;
    Expected expected;
  } cases[] = {
      {"no deployment",
       [](Entry& e) { e.clear_deployment(); },
       {kInvalid, reasons::ERROR_REASON_FIELD_MISSING, in + "deployment"}},
      {"short deployment",
       [](Entry& e) { e.set_deployment("short"); },
       {kInvalid, reasons::ERROR_REASON_FIELD_SIZE, in + "deployment"}},
      {"other deployment",
       [](Entry& e) { e.set_deployment(std::string(16, 'x')); },
       {kInvalid, reasons::ERROR_REASON_WRONG_DEPLOYMENT, in + "deployment"}},
      {"no suite",
       [](Entry& e) { e.clear_suite(); },
       {kInvalid, reasons::ERROR_REASON_UNKNOWN_SUITE, in + "suite"}},
      {"suite 2",
       [](Entry& e) { e.set_suite(2); },
       {kInvalid, reasons::ERROR_REASON_UNKNOWN_SUITE, in + "suite"}},
      {"no handle",
       [](Entry& e) { e.clear_handle(); },
       {kInvalid, reasons::ERROR_REASON_FIELD_MISSING, in + "handle"}},
      {"handle of one letter",
       [](Entry& e) { e.set_handle("b"); },
       {kInvalid, reasons::ERROR_REASON_BAD_HANDLE, in + "handle"}},
      {"handle in upper case",
       [](Entry& e) { e.set_handle("Bob"); },
       {kInvalid, reasons::ERROR_REASON_BAD_HANDLE, in + "handle"}},
      {"handle with a space",
       [](Entry& e) { e.set_handle("bo b"); },
       {kInvalid, reasons::ERROR_REASON_BAD_HANDLE, in + "handle"}},
      {"handle that starts with a dot",
       [](Entry& e) { e.set_handle(".bob"); },
       {kInvalid, reasons::ERROR_REASON_BAD_HANDLE, in + "handle"}},
      {"handle of 64",
       [](Entry& e) { e.set_handle(std::string(64, 'b')); },
       {kInvalid, reasons::ERROR_REASON_BAD_HANDLE, in + "handle"}},
      {"version 0",
       [](Entry& e) { e.clear_version(); },
       {kInvalid, reasons::ERROR_REASON_FIELD_RANGE, in + "version"}},
      {"no genesis key",
       [](Entry& e) { e.clear_genesis_key(); },
       {kInvalid, reasons::ERROR_REASON_FIELD_MISSING, in + "genesis_key"}},
      {"zero genesis key",
       [](Entry& e) { e.set_genesis_key(kZeroKey); },
       {kInvalid, reasons::ERROR_REASON_BAD_KEY, in + "genesis_key"}},
      {"another genesis key",
       [](Entry& e) {
         e.set_genesis_key(std::string(crypto::SigningKey::Generate().public_key().bytes()));
       },
       {kInvalid, reasons::ERROR_REASON_BAD_KEY, in + "genesis_key"}},
      {"short identity key",
       [](Entry& e) { e.set_identity_key(std::string(31, 'k')); },
       {kInvalid, reasons::ERROR_REASON_FIELD_SIZE, in + "identity_key"}},
      {"low-order identity key",
       [](Entry& e) { e.set_identity_key(std::string(1, '\1') + std::string(31, '\0')); },
       {kInvalid, reasons::ERROR_REASON_BAD_KEY, in + "identity_key"}},
      {"identity key above the prime",
       [](Entry& e) { e.set_identity_key(kLowOrderKey); },
       {kInvalid, reasons::ERROR_REASON_BAD_KEY, in + "identity_key"}},
      {"no encryption key",
       [](Entry& e) { e.clear_encryption_key(); },
       {kInvalid, reasons::ERROR_REASON_FIELD_MISSING, in + "encryption_key"}},
      {"zero encryption key",
       [](Entry& e) { e.set_encryption_key(kZeroKey); },
       {kInvalid, reasons::ERROR_REASON_BAD_KEY, in + "encryption_key"}},
      {"low-order encryption key",
       [](Entry& e) { e.set_encryption_key(kLowOrderKey); },
       {kInvalid, reasons::ERROR_REASON_BAD_KEY, in + "encryption_key"}},
      {"no recovery digest",
       [](Entry& e) { e.clear_recovery_key_digest(); },
       {kInvalid, reasons::ERROR_REASON_FIELD_MISSING, in + "recovery_key_digest"}},
      {"long recovery digest",
       [](Entry& e) { e.set_recovery_key_digest(std::string(33, 'd')); },
       {kInvalid, reasons::ERROR_REASON_FIELD_SIZE, in + "recovery_key_digest"}},
      {"short keyring hash",
       [](Entry& e) { e.set_keyring_hash("h"); },
       {kInvalid, reasons::ERROR_REASON_FIELD_SIZE, in + "keyring_hash"}},
      {"previous hash in version 1",
       [](Entry& e) { e.set_previous_entry_hash(std::string(32, 'h')); },
       {kInvalid, reasons::ERROR_REASON_FIELD_FORMAT, in + "previous_entry_hash"}},
      {"no time",
       [](Entry& e) { e.clear_time_unix_ms(); },
       {kInvalid, reasons::ERROR_REASON_FIELD_MISSING, in + "time_unix_ms"}},
      {"time in the future",
       [this](Entry& e) {
         e.set_time_unix_ms(
             static_cast<uint64_t>(absl::ToUnixMillis(clock_.Now() + absl::Minutes(11))));
       },
       {kInvalid, reasons::ERROR_REASON_CLOCK, in + "time_unix_ms"}},
      {"time beyond all",
       [](Entry& e) { e.set_time_unix_ms(UINT64_MAX); },
       {kInvalid, reasons::ERROR_REASON_CLOCK, in + "time_unix_ms"}},
      {"version 2 of nobody",
       [](Entry& e) {
         e.set_version(2);
         e.set_previous_entry_hash(std::string(32, 'h'));
       },
       {kInvalid, reasons::ERROR_REASON_FIELD_MISSING, "signed_entry.change_signature"}},
  };
  for (const auto& one : cases) ExpectFirstRefused(one.what, one.change, one.expected);
}

TEST_F(RulesTest, FormOfTheSignedBytes) {
  DirectoryMember bob = NewMember("bob");
  const v1::SignedEntry good = bob.Preview();
  const auto resigned = [&](const std::string& bytes) {
    return bob.SignBytes(bytes, bob.identity(), nullptr, false);
  };
  const std::string entry = "signed_entry.entry";
  const Expected not_canonical{kInvalid, reasons::ERROR_REASON_NOT_CANONICAL, entry};
  ExpectRefused("no entry", Decide(v1::SignedEntry()),
                {kInvalid, reasons::ERROR_REASON_FIELD_MISSING, entry});
  ExpectRefused("too long", Decide(resigned(std::string(1025, 'x'))),
                {kInvalid, reasons::ERROR_REASON_FIELD_SIZE, entry});
  ExpectRefused("no protobuf", Decide(resigned("\xff\xff")), not_canonical);
  // Field 15, varint 1: unknown.
  ExpectRefused("unknown field", Decide(resigned(good.entry() + "\x78\x01")), not_canonical);
  // Suite once more, out of order.
  ExpectRefused("field twice", Decide(resigned(good.entry() + "\x10\x01")), not_canonical);
  // A default written out.
  ExpectRefused("default", Decide(resigned(good.entry() + std::string("\x4a\x00", 2))),
                not_canonical);
  std::string bad_utf8 = good.entry();
  bad_utf8[bad_utf8.find("bob")] = '\xff';
  ExpectRefused("bad UTF-8", Decide(resigned(bad_utf8)), not_canonical);
}

TEST_F(RulesTest, SignaturesOfAFirstEntry) {
  DirectoryMember bob = NewMember("bob");
  const v1::SignedEntry good = bob.Preview();
  v1::SignedEntry bad = good;
  bad.clear_signature();
  ExpectRefused("none", Decide(bad),
                {kInvalid, reasons::ERROR_REASON_FIELD_MISSING, "signed_entry.signature"});
  bad.set_signature("short");
  ExpectRefused("short", Decide(bad),
                {kInvalid, reasons::ERROR_REASON_FIELD_SIZE, "signed_entry.signature"});
  bad.set_signature(std::string(64, 's'));
  ExpectRefused("garbage", Decide(bad),
                {kInvalid, reasons::ERROR_REASON_BAD_SIGNATURE, "signed_entry.signature"});
  bad.set_signature(alice_.identity().Sign(context::kDirectoryEntry, {good.entry()}));
  ExpectRefused("another's", Decide(bad),
                {kInvalid, reasons::ERROR_REASON_BAD_SIGNATURE, "signed_entry.signature"});
  bad.set_signature(bob.identity().Sign(context::kDirectoryEntryChange, {good.entry()}));
  ExpectRefused("of another context", Decide(bad),
                {kInvalid, reasons::ERROR_REASON_BAD_SIGNATURE, "signed_entry.signature"});
  bad = good;
  bad.set_change_signature(std::string(64, 's'));
  ExpectRefused("change signature in version 1", Decide(bad),
                {kInvalid, reasons::ERROR_REASON_FIELD_FORMAT, "signed_entry.change_signature"});
  bad = good;
  bad.set_recovery_key(std::string(bob.recovery().public_key().bytes()));
  ExpectRefused("recovery key in version 1", Decide(bad),
                {kInvalid, reasons::ERROR_REASON_FIELD_FORMAT, "signed_entry.recovery_key"});
  bad = good;
  *bad.mutable_registrar_attestation() = bob.Vouch(crypto::SigningKey::Generate());
  ExpectRefused(
      "a registrar in development", Decide(bad),
      {kInvalid, reasons::ERROR_REASON_REGISTRAR_INVALID, "signed_entry.registrar_attestation"});
}

TEST_F(RulesTest, OneFlippedBitAnywhereInASignedEntryIsRefused) {
  const std::string good = NewMember("bob").Preview().entry();
  DirectoryMember bob = NewMember("bob");
  const v1::SignedEntry entry = bob.Preview();
  for (size_t bit = 0; bit < entry.entry().size() * 8; ++bit) {
    v1::SignedEntry flipped = entry;
    (*flipped.mutable_entry())[bit / 8] =
        static_cast<char>(entry.entry()[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(Decide(flipped).status().code(), kInvalid) << bit;
  }
  EXPECT_EQ(store_.newest.rows, before_);
}

}  // namespace
}  // namespace letterlock::directory
