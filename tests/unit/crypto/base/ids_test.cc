#include "crypto/base/ids.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <type_traits>

#include "absl/container/flat_hash_set.h"
#include "crypto/base/hash.h"

namespace letterlock::crypto {
namespace {

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };

static_assert(!Printable<MemberId> && !Printable<MessageId> && !Printable<Handle>);
static_assert(!std::is_convertible_v<MemberId, ThreadId> &&
                  !std::is_convertible_v<MessageId, ThreadId>,
              "one id never passes for another");
static_assert(!std::is_constructible_v<MemberId, MessageId>);
static_assert(sizeof(MemberId) == 16 && sizeof(KeyId) == 8);

TEST(FixedId, HasOneSize) {
  EXPECT_TRUE(MemberId::FromBytes(std::string(16, 'm')).ok());
  EXPECT_FALSE(MemberId::FromBytes(std::string(15, 'm')).ok());
  EXPECT_FALSE(MemberId::FromBytes(std::string(17, 'm')).ok());
  EXPECT_FALSE(KeyId::FromBytes(std::string(16, 'm')).ok());
  EXPECT_EQ(MemberId::FromBytes(std::string(16, 'm'))->bytes(), std::string(16, 'm'));
}

TEST(FixedId, ComparesAndHashesByValue) {
  SystemRandom random;
  absl::flat_hash_set<MessageId> ids;
  for (int i = 0; i < 100; ++i) ids.insert(MessageId::Random(random));
  EXPECT_EQ(ids.size(), 100u);
  const MessageId copy = *ids.begin();
  EXPECT_FALSE(ids.insert(copy).second);
  EXPECT_TRUE(MemberId().IsZero());
  EXPECT_LT(MemberId(), *MemberId::FromBytes(std::string(16, 'm')));
}

TEST(Handle, FollowsTheRule) {
  for (const std::string& text :
       {std::string("ab"), std::string("a1"), std::string("0."), std::string("a-b_c.d"),
        std::string("a--"), std::string(63, 'z'), std::string("9lives")}) {
    ASSERT_TRUE(Handle::Parse(text).ok()) << text;
    EXPECT_EQ(Handle::Parse(text)->str(), text);
  }
  for (const std::string& text :
       {std::string(), std::string("a"), std::string(64, 'z'), std::string("Ab"), std::string("aB"),
        std::string(".ab"), std::string("-ab"), std::string("_ab"), std::string("a b"),
        std::string("ab\n"), std::string("a\0b", 3), std::string("a@b"), std::string("caf\xc3\xa9"),
        std::string("\xd0\xb0\xd0\xb1")}) {
    const absl::Status status = Handle::Parse(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(status.message(), "not a handle") << "the message must not repeat the handle";
  }
}

TEST(Ids, AreMadeAsTheFormatsSay) {
  const PublicKey key = *PublicKey::FromBytes(std::string(32, 'k'));
  const DeploymentId deployment = *DeploymentId::FromBytes(std::string(16, 'd'));
  const Handle handle = *Handle::Parse("grace");
  const auto first = [](const std::string& input, size_t n) {
    return ToString(Sha256(input)).substr(0, n);
  };
  EXPECT_EQ(KeyIdOf(key).bytes(),
            first(std::string("letterlock/v1/key-id\0", 21) + std::string(32, 'k'), 8));
  EXPECT_EQ(KeyIdOf(*X25519PublicKey::FromBytes(std::string(32, 'k'))).bytes(),
            KeyIdOf(key).bytes());
  EXPECT_EQ(DeploymentIdOf("genesis").bytes(),
            first(std::string("letterlock/v1/deployment\0", 25) + "genesis", 16));
  EXPECT_EQ(MemberIdOf(deployment, key, handle).bytes(),
            first(std::string("letterlock/v1/member\0", 21) + std::string(16, 'd') +
                      std::string(32, 'k') + "grace",
                  16));
}

TEST(Ids, MemberIdChangesWithEachOfItsParts) {
  SystemRandom random;
  const SigningKey key = SigningKey::Generate();
  const DeploymentId deployment = DeploymentId::Random(random);
  const Handle handle = *Handle::Parse("grace");
  const MemberId id = MemberIdOf(deployment, key.public_key(), handle);
  EXPECT_NE(id, MemberIdOf(DeploymentId::Random(random), key.public_key(), handle));
  EXPECT_NE(id, MemberIdOf(deployment, SigningKey::Generate().public_key(), handle));
  EXPECT_NE(id, MemberIdOf(deployment, key.public_key(), *Handle::Parse("grace2")));
}

}  // namespace
}  // namespace letterlock::crypto
