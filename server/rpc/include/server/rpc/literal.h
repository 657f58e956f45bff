// Text that was written by a programmer, not read from a request: messages of errors, names in
// logs.
#pragma once

#include <string_view>

namespace letterlock::rpc {

// Can be made from string literals alone (the constructor runs in the compiler), so that no
// member's data gets into an error's message or a log line by accident.
class Literal {
 public:
  consteval Literal(const char* text) : text_(text) {}  // NOLINT: implicit by design

  constexpr std::string_view view() const { return text_; }

 private:
  std::string_view text_;
};

}  // namespace letterlock::rpc
