// Secrets are wiped, move-only and hard to print.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

#include "crypto/base/locked_secret.h"
#include "crypto/base/secret_buffer.h"
#include "crypto/base/secret_bytes.h"
#include "crypto/base/sign.h"
#include "crypto/base/strings.h"
#include "crypto/base/x25519.h"

namespace letterlock::crypto {
namespace {

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };
template <typename T>
concept ReadableWithoutToken = requires(const T& value) { value.Reveal({}); };
template <typename T>
concept ConvertsToBytes = std::is_convertible_v<const T&, std::string_view> ||
                          std::is_convertible_v<const T&, std::string> ||
                          std::is_convertible_v<const T&, std::span<const uint8_t>>;

template <typename T>
constexpr bool IsGuarded() {
  return !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T> && !Printable<T> &&
         !ReadableWithoutToken<T> && !ConvertsToBytes<T>;
}
static_assert(IsGuarded<SecretBytes<32>>());
static_assert(IsGuarded<SecretBuffer>());
static_assert(IsGuarded<LockedSecret<32>>());
static_assert(IsGuarded<SigningKey>());
static_assert(IsGuarded<X25519PrivateKey>());
static_assert(std::is_nothrow_move_constructible_v<SecretBytes<32>>);
static_assert(sizeof(SecretBytes<32>) == 32, "inline storage, nothing besides");

constexpr std::string_view kPattern = "0123456789abcdef0123456789ABCDEF";

// Whether any eight bytes in a row of the pattern are still in `storage`.
bool HoldsPattern(std::string_view storage) {
  for (size_t i = 0; i + 8 <= kPattern.size(); ++i) {
    if (storage.find(kPattern.substr(i, 8)) != std::string_view::npos) return true;
  }
  return false;
}

// Storage of a T that the test can read after the object is gone.
template <typename T>
class Storage {
 public:
  template <typename... Args>
  explicit Storage(Args&&... args) : object_(::new(bytes_.data()) T(std::forward<Args>(args)...)) {}

  T& object() { return *object_; }
  void Destroy() { object_->~T(); }
  std::string_view bytes() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }

 private:
  alignas(T) std::array<uint8_t, sizeof(T)> bytes_;
  T* object_;
};

TEST(SecretBytes, IsWipedWhenDestroyed) {
  Storage<SecretBytes<32>> storage(*SecretBytes<32>::FromBytes(kPattern));
  ASSERT_TRUE(HoldsPattern(storage.bytes()));
  storage.Destroy();
  EXPECT_FALSE(HoldsPattern(storage.bytes()));
}

TEST(SecretBytes, MoveConstructionWipesTheSource) {
  Storage<SecretBytes<32>> source(*SecretBytes<32>::FromBytes(kPattern));
  SecretBytes<32> target(std::move(source.object()));
  EXPECT_FALSE(HoldsPattern(source.bytes()));
  EXPECT_EQ(AsView(target.Reveal(KeyAccess{})), kPattern);
  source.Destroy();
}

TEST(SecretBytes, MoveAssignmentWipesTheSourceAndReplacesTheTarget) {
  Storage<SecretBytes<32>> source(*SecretBytes<32>::FromBytes(kPattern));
  SecretBytes<32> target = SecretBytes<32>::Random();
  target = std::move(source.object());
  EXPECT_FALSE(HoldsPattern(source.bytes()));
  EXPECT_EQ(AsView(target.Reveal(KeyAccess{})), kPattern);
  source.Destroy();
}

TEST(SecretBytes, SelfAssignmentKeepsTheSecret) {
  SecretBytes<32> secret = *SecretBytes<32>::FromBytes(kPattern);
  SecretBytes<32>& alias = secret;
  secret = std::move(alias);
  EXPECT_EQ(AsView(secret.Reveal(KeyAccess{})), kPattern);
}

TEST(SecretBytes, TakesExactlyItsSize) {
  EXPECT_FALSE(SecretBytes<32>::FromBytes(kPattern.substr(1)).ok());
  EXPECT_FALSE(SecretBytes<32>::FromBytes(std::string(kPattern) + "x").ok());
  EXPECT_FALSE(SecretBytes<32>::FromBytes(std::string_view()).ok());
  EXPECT_TRUE(SecretBytes<32>::FromBytes(kPattern).ok());
}

TEST(SecretBytes, EqualityComparesEveryByte) {
  const SecretBytes<32> secret = *SecretBytes<32>::FromBytes(kPattern);
  EXPECT_TRUE(secret == *SecretBytes<32>::FromBytes(kPattern));
  EXPECT_TRUE(secret == secret.Clone(KeyAccess{}));
  for (size_t i = 0; i < 32; ++i) {
    SecretBytes<32> other = secret.Clone(KeyAccess{});
    other.RevealMutable(KeyAccess{})[i] ^= 1;
    EXPECT_FALSE(secret == other) << i;
  }
}

TEST(SecretBytes, RandomOnesDiffer) {
  EXPECT_FALSE(SecretBytes<32>::Random() == SecretBytes<32>::Random());
  EXPECT_FALSE(SecretBytes<32>::Random() == SecretBytes<32>::Zero());
}

TEST(ConstantTimeEqual, SizesCount) {
  EXPECT_TRUE(ConstantTimeEqual(std::string_view(), std::string_view()));
  EXPECT_TRUE(ConstantTimeEqual(std::string_view("ab"), std::string_view("ab")));
  EXPECT_FALSE(ConstantTimeEqual(std::string_view("ab"), std::string_view("a")));
  EXPECT_FALSE(ConstantTimeEqual(std::string_view("ab"), std::string_view("ac")));
}

// SecretBuffer frees what it wiped, so the test shrinks to see the wiping.
TEST(SecretBuffer, ShrinkingWipesTheRest) {
  SecretBuffer buffer = SecretBuffer::Copy(kPattern);
  const uint8_t* const data = buffer.Reveal(KeyAccess{}).data();
  buffer.ShrinkTo(4);
  EXPECT_EQ(buffer.RevealView(KeyAccess{}), kPattern.substr(0, 4));
  EXPECT_EQ(AsView({data + 4, kPattern.size() - 4}), std::string(kPattern.size() - 4, '\0'));
}

TEST(SecretBuffer, MoveTakesTheBytesWithoutCopyingThem) {
  SecretBuffer source = SecretBuffer::Copy(kPattern);
  const uint8_t* const data = source.Reveal(KeyAccess{}).data();
  SecretBuffer target = std::move(source);
  EXPECT_EQ(target.Reveal(KeyAccess{}).data(), data);
  EXPECT_TRUE(source.empty());  // NOLINT(bugprone-use-after-move): moved from means empty
  SecretBuffer assigned = SecretBuffer::Copy("other");
  assigned = std::move(target);
  EXPECT_EQ(assigned.RevealView(KeyAccess{}), kPattern);
}

TEST(SecretBuffer, EmptyOnesWork) {
  EXPECT_TRUE(SecretBuffer::Copy("").empty());
  EXPECT_EQ(SecretBuffer::OfSize(0).RevealView(KeyAccess{}), "");
  SecretBuffer buffer = SecretBuffer::Copy("x");
  buffer.ShrinkTo(0);
  EXPECT_TRUE(buffer.empty());
}

TEST(LockedSecret, HoldsTheSecretThroughMoves) {
  absl::StatusOr<LockedSecret<32>> locked =
      LockedSecret<32>::Create(*SecretBytes<32>::FromBytes(kPattern));
  ASSERT_TRUE(locked.ok());
  LockedSecret<32> moved = *std::move(locked);
  EXPECT_EQ(AsView(moved.secret().Reveal(KeyAccess{})), kPattern);
  LockedSecret<32> assigned = *LockedSecret<32>::Create(SecretBytes<32>::Random());
  assigned = std::move(moved);
  EXPECT_EQ(AsView(assigned.secret().Reveal(KeyAccess{})), kPattern);
}

TEST(LockedSecretDeathTest, WritingToItEndsTheProcess) {
  const LockedSecret<32> locked = *LockedSecret<32>::Create(SecretBytes<32>::Random());
  auto& writable = const_cast<SecretBytes<32>&>(locked.secret());
  EXPECT_DEATH(writable.RevealMutable(KeyAccess{})[0] ^= 1, "");
}

}  // namespace
}  // namespace letterlock::crypto
