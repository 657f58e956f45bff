// What the tests of the log share: a signer, a log in memory, and the checks that hold of any log.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "attest/merkle.h"
#include "server/log/fault_points.h"
#include "server/log/reader.h"
#include "server/log/sequencer.h"
#include "server/log/tree_signer.h"
#include "support/memory_log.h"

namespace letterlock::log {

inline TreeSigner MakeSigner(uint8_t seed = 7, const std::string& origin = "example.com/log") {
  auto bytes = crypto::SecretBytes<32>::Zero();
  bytes.RevealMutable(crypto::KeyAccess{})[0] = seed;
  return *TreeSigner::Create(origin, std::move(bytes));
}

inline std::string Leaf(uint64_t i) {
  return "leaf " + std::to_string(i) + std::string(i % 50, '.');
}

inline std::vector<std::string> Leaves(uint64_t first, uint64_t count) {
  std::vector<std::string> leaves;
  for (uint64_t i = first; i < first + count; ++i) leaves.push_back(Leaf(i));
  return leaves;
}

// Thrown where a process would be killed.
struct Killed {};

// Ends the "process" when it comes to `at` for the `nth` time.
class KillAt final : public FaultPoints {
 public:
  void Reached(std::string_view point) override {
    if (point == at && --nth == 0) throw Killed{};
  }
  std::string at;
  int nth = 1;
};

class LogTest : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<Sequencer>> Open(StartCheck check = StartCheck::kAll) {
    return Sequencer::Open(&storage_, &lock_, &signer_, &points_, check);
  }
  // A log of so many leaves, `step` at a time.
  void Fill(uint64_t size, uint64_t step = 100) {
    auto sequencer = Open();
    ASSERT_TRUE(sequencer.ok()) << sequencer.status();
    while ((*sequencer)->tree()->size < size) {
      const uint64_t first = (*sequencer)->tree()->size;
      ASSERT_TRUE((*sequencer)->Append(Leaves(first, std::min(step, size - first))).ok());
    }
  }
  LogReader ReaderOf(const std::shared_ptr<const SignedTree>& tree) { return {&storage_, tree}; }

  // Every leaf of `tree` is Leaf(i) and has an inclusion proof; what is beyond is not served.
  void ExpectServes(const std::shared_ptr<const SignedTree>& tree) {
    const LogReader reader = ReaderOf(tree);
    for (uint64_t i = 0; i < tree->size; i += 1 + tree->size / 40) {
      const auto entries = reader.ReadEntries(i, 1);
      ASSERT_TRUE(entries.ok()) << entries.status();
      EXPECT_EQ(entries->at(0), Leaf(i));
      const auto proof = reader.ProveInclusion(i, tree->size);
      ASSERT_TRUE(proof.ok()) << proof.status();
      EXPECT_TRUE(
          attest::VerifyInclusion(i, tree->size, attest::LeafHash(Leaf(i)), *proof, tree->root)
              .ok());
    }
    EXPECT_EQ(reader.ReadEntries(tree->size, 1).status().code(), absl::StatusCode::kOutOfRange);
  }
  // `newer` has `older` as its prefix.
  void ExpectExtends(const std::shared_ptr<const SignedTree>& older,
                     const std::shared_ptr<const SignedTree>& newer) {
    ASSERT_LE(older->size, newer->size);
    if (older->size == 0) return;
    const auto proof = ReaderOf(newer).ProveConsistency(older->size, newer->size);
    ASSERT_TRUE(proof.ok()) << proof.status();
    EXPECT_TRUE(
        attest::VerifyConsistency(older->size, newer->size, older->root, newer->root, *proof).ok());
  }

  test::MemoryLogStorage storage_;
  test::MemoryLock lock_;
  TreeSigner signer_ = MakeSigner();
  KillAt points_;
};

}  // namespace letterlock::log
