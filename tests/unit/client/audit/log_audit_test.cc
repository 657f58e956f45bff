#include "log_audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "attest/canonical_proto.h"
#include "attest/leaf.h"
#include "attest/tile_edge.h"
#include "cosigner.h"
#include "letterlock/tlog/v1/leaf.pb.h"
#include "support/manual_clock.h"
#include "support/test_log.h"

namespace letterlock::audit {
namespace {

using ::testing::HasSubstr;

class MemoryFiles final : public attest::LogFiles {
 public:
  absl::StatusOr<std::string> Read(std::string_view path) const override {
    const auto found = files.find(std::string(path));
    if (found == files.end()) return absl::NotFoundError("no such file");
    return found->second;
  }
  std::map<std::string, std::string> files;
};

// A log whose operator writes what the test says, all of it signed.
class LogAudit : public ::testing::Test {
 protected:
  LogAudit() {
    tlog::v1::GenesisStatement genesis;
    genesis.set_origin(log_.key().name());
    genesis_ = attest::SerializeCanonical(genesis);
    Add(attest::LeafType::kGenesis, genesis_);
  }

  void Add(attest::LeafType type, const std::string& body) {
    leaves_.push_back(attest::FrameLeaf(type, body).value());
  }
  void AddHead(uint64_t sequence) {
    tlog::v1::Head head;
    head.set_deployment(std::string(crypto::DeploymentIdOf(genesis_).bytes()));
    head.set_sequence(sequence);
    head.set_directory_root(std::string(32, 'd'));
    head.set_publication_root(std::string(32, 'p'));
    head.set_time_unix_ms(1'790'000'000'000 + sequence);
    Add(attest::LeafType::kHead, attest::SerializeCanonical(head));
  }

  attest::TrustFile Trust(const std::string& quorum = "quorum none\n") {
    attest::TrustFields fields;
    fields.entries.deployment = crypto::DeploymentIdOf(genesis_);
    fields.entries.development = true;
    fields.policy_keys = {crypto::SigningKey::Generate().public_key()};
    fields.policy_threshold = 1;
    fields.tlog_policy = "log " + log_.key().Format() + "\n" + quorum;
    return attest::TrustFile::Parse(attest::FormatTrustFile(fields).value()).value();
  }

  // The checkpoint of the leaves that there are, with the files that they need.
  std::string Write(std::vector<attest::NoteSigner*> witnesses = {}) {
    attest::TileEdge edge;
    for (const std::string& leaf : leaves_) edge.Append(attest::LeafHash(leaf));
    for (const auto& tile : edge.TakeChanged()) files_.files[TilePath(tile.id)] = tile.bytes;
    for (const auto& bundle : attest::BundlesToWrite(0, leaves_.size())) {
      const auto first = leaves_.begin() + static_cast<std::ptrdiff_t>(bundle.index * 256);
      const std::vector<std::string> some(first, first + static_cast<std::ptrdiff_t>(bundle.width));
      files_.files[BundlePath(bundle)] = attest::EncodeBundle(some).value();
    }
    const auto text =
        attest::FormatCheckpoint({log_.key().name(), leaves_.size(), edge.Root()}).value();
    witnesses.insert(witnesses.begin(), &log_);
    return files_.files["checkpoint"] = attest::SignNote(text, witnesses).value();
  }

  Claim Find(const std::string& id, const attest::TrustFile& trust,
             const std::optional<std::string>& earlier = std::nullopt) {
    const std::vector<Claim> claims = AuditLog(files_, trust, earlier).value();
    for (const Claim& claim : claims) {
      if (claim.id == id) return claim;
    }
    ADD_FAILURE() << "no claim " << id;
    return {};
  }

  test::TestLog log_{"log.example/a"};
  std::string genesis_;
  std::vector<std::string> leaves_;
  MemoryFiles files_;
};

TEST_F(LogAudit, LogOfSeveralTilesHolds) {
  for (uint64_t i = 1; i <= 300; ++i) AddHead(i);
  Write();
  const auto claims = AuditLog(files_, Trust(), std::nullopt).value();
  EXPECT_TRUE(Holds(claims)) << ClaimsText(claims);
  EXPECT_THAT(Find("heads", Trust()).how, HasSubstr("300 heads"));
}

TEST_F(LogAudit, GrowthIsProvedAndAForkIsNot) {
  AddHead(1);
  const std::string before = Write();
  AddHead(2);
  Write();
  EXPECT_EQ(Find("continues", Trust(), before).verdict, Verdict::kPass);
  const std::string fork = log_.Checkpoint(2, "fork");
  EXPECT_EQ(Find("continues", Trust(), fork).verdict, Verdict::kFail);
  EXPECT_THAT(Find("continues", Trust(), fork).how, HasSubstr("FORKED"));
  const auto same_size = log_.Checkpoint(3, "fork");
  EXPECT_THAT(Find("continues", Trust(), same_size).how, HasSubstr("FORKED"));
}

TEST_F(LogAudit, AnotherDeploymentsLogIsRefused) {
  AddHead(1);
  Write();
  const auto trust = Trust();
  tlog::v1::GenesisStatement other;
  other.set_origin("log.example/b");
  leaves_[0] =
      attest::FrameLeaf(attest::LeafType::kGenesis, attest::SerializeCanonical(other)).value();
  Write();
  EXPECT_EQ(Find("genesis", trust).verdict, Verdict::kFail);
}

TEST_F(LogAudit, SecondGenesisIsRefused) {
  Add(attest::LeafType::kGenesis, genesis_);
  Write();
  EXPECT_THAT(Find("genesis", Trust()).how, HasSubstr("leaf 1"));
  EXPECT_EQ(Find("genesis", Trust()).verdict, Verdict::kFail);
}

TEST_F(LogAudit, GapOrRepetitionOfHeadsIsRefused) {
  AddHead(1);
  AddHead(1);
  Write();
  EXPECT_THAT(Find("heads", Trust()).how, HasSubstr("leaf 2: head 1 follows 1"));
  leaves_.pop_back();
  Add(attest::LeafType::kExport, "x");
  AddHead(3);
  Write();
  EXPECT_THAT(Find("heads", Trust()).how, HasSubstr("leaf 3: head 3 follows 1"));
  EXPECT_EQ(Find("heads", Trust()).verdict, Verdict::kFail);
}

TEST_F(LogAudit, LeafThatIsNoneOfOursIsRefused) {
  leaves_.push_back("\x7f\x01junk");
  Write();
  EXPECT_EQ(Find("heads", Trust()).verdict, Verdict::kFail);
}

TEST_F(LogAudit, LeavesOfReservedTypesAreSaidToBeUnread) {
  AddHead(1);
  Add(attest::LeafType::kPolicy, "x");
  Write();
  EXPECT_EQ(Find("heads", Trust()).verdict, Verdict::kPass);
  EXPECT_THAT(Find("heads", Trust()).how, HasSubstr("1 leaf of types that are not read"));
}

TEST_F(LogAudit, QuorumIsTheTrustFiles) {
  const testing::ManualClock clock;
  auto one = Cosigner::Create("w1", crypto::SecretBytes<32>::Random(), &clock).value();
  auto two = Cosigner::Create("w2", crypto::SecretBytes<32>::Random(), &clock).value();
  const std::string both = "witness one " + one.key().Format() + "\nwitness two " +
                           two.key().Format() + "\ngroup both all one two\nquorum both\n";
  AddHead(1);
  Write({&one, &two});
  EXPECT_EQ(Find("witnessed", Trust(both)).verdict, Verdict::kPass);
  Write({&one});
  EXPECT_EQ(Find("witnessed", Trust(both)).verdict, Verdict::kFail);
  EXPECT_EQ(Find("witnessed", Trust()).verdict, Verdict::kNotProven);
}

}  // namespace
}  // namespace letterlock::audit
