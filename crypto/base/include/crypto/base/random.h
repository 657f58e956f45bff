// Randomness. Production code draws from the system; what must be reproducible (test vectors) takes
// a RandomSource, which only tests implement otherwise.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace letterlock::crypto {

// Fills `out` from the kernel's generator (libsodium's randombytes, getrandom(2)). Thread-safe.
// Never fails: the process aborts if the kernel refuses.
void FillRandom(std::span<uint8_t> out);

// Where keys, nonces and salts come from.
class RandomSource {
 public:
  virtual ~RandomSource() = default;

  // Fills all of `out`. Implementations used in production are thread-safe and unpredictable.
  virtual void Fill(std::span<uint8_t> out) = 0;
};

// FillRandom as a RandomSource. Stateless and thread-safe; construct one wherever it is needed.
class SystemRandom final : public RandomSource {
 public:
  void Fill(std::span<uint8_t> out) override { FillRandom(out); }
};

// The calling thread's own source for what is public once it is used: nonces, ids of requests.
// Draws from the kernel in blocks, so a small value costs no system call. Not for keys, for what
// comes next lies in memory. Not for a process that forks and goes on in both: both would draw the
// same. Valid on the calling thread alone, as long as it runs.
RandomSource& PublicRandom();

// `N` random bytes that are not secret: nonces, salts.
template <size_t N>
std::array<uint8_t, N> RandomArray(RandomSource& random) {
  std::array<uint8_t, N> out;
  random.Fill(out);
  return out;
}

}  // namespace letterlock::crypto
