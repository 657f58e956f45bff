// The name of one mailbox's partition: 16 random bytes, given at enrolment. It is a pseudonym:
// which member it belongs to is known only through a sealed index row (docs/formats.md, "Row
// keys").
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace letterlock::engine {

// A value type. Ordered as unsigned bytes, which is the order in which an engine walks partitions.
class MailboxTag {
 public:
  static constexpr size_t kSize = 16;
  using Bytes = std::array<char, kSize>;

  // All zeros: a tag like any other.
  constexpr MailboxTag() = default;
  explicit constexpr MailboxTag(const Bytes& bytes) : bytes_(bytes) {}

  // Nothing unless `bytes` is exactly kSize long.
  static std::optional<MailboxTag> FromBytes(std::string_view bytes);

  // Valid as long as this tag.
  std::string_view bytes() const { return std::string_view(bytes_.data(), kSize); }

  friend bool operator==(const MailboxTag& a, const MailboxTag& b) { return a.bytes_ == b.bytes_; }
  friend std::strong_ordering operator<=>(const MailboxTag& a, const MailboxTag& b) {
    return a.bytes() <=> b.bytes();
  }
  template <typename H>
  friend H AbslHashValue(H h, const MailboxTag& tag) {
    return H::combine(std::move(h), tag.bytes_);
  }

 private:
  Bytes bytes_{};
};

}  // namespace letterlock::engine
