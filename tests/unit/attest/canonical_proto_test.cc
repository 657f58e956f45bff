#include "attest/canonical_proto.h"

#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "attest/leaf.h"
#include "attest/merkle.h"
#include "crypto/base/ids.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "letterlock/tlog/v1/leaf.pb.h"
#include "support/vectors.h"

namespace letterlock::attest {
namespace {

using testing::Hex;

TEST(CanonicalProto, GivenLeavesAreReadAndWrittenBackToTheByte) {
  const nlohmann::json leaves = testing::ReadVectors("letterlock/leaf.json").at("leaves");
  ASSERT_FALSE(leaves.empty());
  for (const auto& test : leaves) {
    const std::string bytes = Hex(test, "leaf");
    const auto leaf = ParseLeaf(bytes);
    ASSERT_TRUE(leaf.ok()) << test.at("name");
    EXPECT_EQ(static_cast<int>(leaf->type), test.at("type").get<int>());
    EXPECT_EQ(leaf->body, Hex(test, "body"));
    tlog::v1::Head head;
    tlog::v1::GenesisStatement genesis;
    const bool is_head = test.at("message") == "head";
    google::protobuf::Message* message = &genesis;
    if (is_head) message = &head;
    ASSERT_TRUE(ParseCanonical(leaf->body, message).ok()) << test.at("name");
    EXPECT_EQ(FrameLeaf(leaf->type, SerializeCanonical(*message)).value(), bytes);
    EXPECT_EQ(crypto::ToString(LeafHash(bytes)), Hex(test, "leaf_hash"));
  }
}

TEST(CanonicalProto, GivenRefusalsAreRefused) {
  const nlohmann::json refused = testing::ReadVectors("letterlock/leaf.json").at("refused_heads");
  ASSERT_FALSE(refused.empty());
  for (const auto& test : refused) {
    tlog::v1::Head head;
    EXPECT_EQ(ParseCanonical(Hex(test, "body"), &head).code(), absl::StatusCode::kInvalidArgument)
        << test.at("name");
  }
}

TEST(CanonicalProto, DeploymentIsTheHashOfTheGenesisStatementWithoutItsFrame) {
  const nlohmann::json test = testing::ReadVectors("letterlock/leaf.json").at("deployment");
  EXPECT_EQ(crypto::DeploymentIdOf(Hex(test, "genesis_statement")).bytes(),
            Hex(test, "deployment"));
}

directory::v1::EntryProof AnyMessage() {
  directory::v1::EntryProof proof;
  proof.mutable_signed_entry()->set_entry(*rc::gen::arbitrary<std::string>());
  if (*rc::gen::arbitrary<bool>())
    proof.mutable_signed_entry()->set_signature(std::string(64, 's'));
  proof.mutable_signed_entry()->mutable_registrar_attestation()->set_statement("s");
  if (*rc::gen::arbitrary<bool>()) proof.set_salt(std::string(32, 'x'));
  proof.set_erased_version(*rc::gen::arbitrary<uint64_t>());
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i)
    proof.mutable_head()->add_inclusion(std::string(32, 'h'));
  return proof;
}

RC_GTEST_PROP(CanonicalProto, WhatIsWrittenIsRead, ()) {
  const std::string bytes = SerializeCanonical(AnyMessage());
  directory::v1::EntryProof back;
  RC_ASSERT(ParseCanonical(bytes, &back).ok());
  RC_ASSERT(SerializeCanonical(back) == bytes);
}

// Whatever bytes are accepted, no other bytes give the same message.
RC_GTEST_PROP(CanonicalProto, ChangedBytesAreRefusedOrAnotherMessage, ()) {
  const std::string bytes = SerializeCanonical(AnyMessage());
  std::string changed = bytes;
  const auto at = *rc::gen::inRange<size_t>(0, changed.size());
  changed[at] = *rc::gen::arbitrary<char>();
  directory::v1::EntryProof back;
  if (ParseCanonical(changed, &back).ok()) RC_ASSERT(SerializeCanonical(back) == changed);
}

TEST(CanonicalProto, NestedUnknownFieldIsRefused) {
  directory::v1::EntryProof proof;
  directory::v1::SignedEntry* entry = proof.mutable_signed_entry();
  entry->GetReflection()->MutableUnknownFields(entry)->AddVarint(99, 1);
  directory::v1::EntryProof back;
  EXPECT_FALSE(ParseCanonical(proof.SerializeAsString(), &back).ok());
}

TEST(CanonicalProto, NestedDigestOfAnotherSizeIsRefused) {
  directory::v1::EntryProof proof, back;
  proof.mutable_head()->add_inclusion(std::string(32, 'x'));
  EXPECT_TRUE(ParseCanonical(proof.SerializeAsString(), &back).ok());
  proof.mutable_head()->add_inclusion(std::string(31, 'x'));
  EXPECT_FALSE(ParseCanonical(proof.SerializeAsString(), &back).ok());
}

TEST(CanonicalProto, TextThatIsNoUtf8IsRefused) {
  directory::v1::DirectoryEntry back;
  EXPECT_FALSE(ParseCanonical("\x1a\x02\xff\xfe", &back).ok());
}

// None of the signed messages has an enum yet; a descriptor stands for one that will.
TEST(CanonicalProto, EnumValueThatTheSchemaDoesNotListIsRefused) {
  google::protobuf::FieldDescriptorProto field;
  EXPECT_TRUE(ParseCanonical("\x28\x03", &field).ok());   // type = TYPE_INT64
  EXPECT_FALSE(ParseCanonical("\x28\x7f", &field).ok());  // no such type
}

TEST(CanonicalProto, EmptyMessageIsNoBytes) {
  tlog::v1::Head head;
  EXPECT_TRUE(ParseCanonical("", &head).ok());
  EXPECT_EQ(SerializeCanonical(head), "");
}

}  // namespace
}  // namespace letterlock::attest
