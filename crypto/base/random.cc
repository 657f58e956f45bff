#include "crypto/base/random.h"

#include <sodium.h>

#include <algorithm>

#include "sodium_ready.h"

namespace letterlock::crypto {

namespace {

class Block final : public RandomSource {
 public:
  void Fill(std::span<uint8_t> out) override {
    if (out.size() > bytes_.size()) return FillRandom(out);
    if (out.size() > left_) {
      FillRandom(bytes_);
      left_ = bytes_.size();
    }
    std::copy_n(bytes_.end() - static_cast<std::ptrdiff_t>(left_), out.size(), out.begin());
    left_ -= out.size();
  }

 private:
  std::array<uint8_t, 1024> bytes_{};
  size_t left_ = 0;
};

}  // namespace

RandomSource& PublicRandom() {
  thread_local Block block;
  return block;
}

void FillRandom(std::span<uint8_t> out) {
  internal::SodiumReady();
  randombytes_buf(out.data(), out.size());
}

}  // namespace letterlock::crypto
