#include "server/log/sequencer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "attest/merkle.h"
#include "attest/stored_log.h"
#include "attest/tiles.h"
#include "check.h"
#include "crypto/base/strings.h"

namespace letterlock::log {
namespace {

constexpr size_t kMaxLeavesPerAppend = 1024;

const std::string& CheckpointFile() {
  static const std::string path(attest::kCheckpointPath);
  return path;
}

TreeHead HeadOf(const SignedTree& tree) { return {tree.size, tree.root}; }

absl::Status CheckLeaves(absl::Span<const std::string> leaves) {
  if (leaves.empty() || leaves.size() > kMaxLeavesPerAppend) {
    return absl::InvalidArgumentError("an append takes 1 to 1,024 leaves");
  }
  for (const std::string& leaf : leaves) {
    if (leaf.empty() || leaf.size() > attest::kMaxLeafSize) {
      return absl::InvalidArgumentError("a leaf has 1 to 65,535 bytes");
    }
  }
  return absl::OkStatus();
}

// The tree of the lock, as signed by this log's key; size 0 where nothing was signed yet.
absl::StatusOr<SignedTree> LoadSigned(const CheckpointLock& lock, const TreeSigner& signer) {
  absl::StatusOr<std::string> note = lock.Load();
  if (!note.ok()) return note.status();
  if (note->empty()) return SignedTree{0, attest::EmptyTreeRoot(), ""};
  absl::StatusOr<SignedTree> tree = signer.Open(*note);
  if (!tree.ok()) {
    return absl::DataLossError(
        absl::StrCat("the checkpoint in the lock is not this log's: ", tree.status().message()));
  }
  return tree;
}

// OK where `checkpoint` on disk is `tree`'s, older, or not there yet: then it may be replaced by
// `tree`'s.
absl::Status CheckPublished(const LogStorage& storage, const TreeSigner& signer,
                            const SignedTree& tree) {
  absl::StatusOr<std::string> note = storage.Read(CheckpointFile());
  if (absl::IsNotFound(note.status())) return absl::OkStatus();
  if (!note.ok()) return note.status();
  if (*note == tree.note) return absl::OkStatus();
  absl::StatusOr<SignedTree> published = signer.Open(*note);
  if (!published.ok()) {
    return absl::DataLossError(
        absl::StrCat("`checkpoint` is damaged or not this log's: ", published.status().message()));
  }
  if (published->size > tree.size) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the lock is behind `checkpoint` (", tree.size, " of ", published->size,
        " leaves): somebody signed without this lock, or it was restored from a backup"));
  }
  absl::StatusOr<crypto::Digest> root = RootAt(storage, HeadOf(tree), published->size);
  if (!root.ok()) return root.status();
  if (*root != published->root) {
    return absl::FailedPreconditionError("`checkpoint` is of another tree than the lock: a fork");
  }
  return absl::OkStatus();
}

}  // namespace

Sequencer::Sequencer(LogStorage* storage, CheckpointLock* lock, const TreeSigner* signer,
                     FaultPoints* points, SignedTree tree, Edge edge)
    : storage_(storage),
      lock_(lock),
      signer_(signer),
      points_(points),
      edge_(std::move(edge)),
      tree_(std::make_shared<const SignedTree>(std::move(tree))) {}

absl::StatusOr<std::unique_ptr<Sequencer>> Sequencer::Open(LogStorage* storage,
                                                           CheckpointLock* lock,
                                                           const TreeSigner* signer,
                                                           FaultPoints* points, StartCheck check) {
  absl::StatusOr<SignedTree> tree = LoadSigned(*lock, *signer);
  if (!tree.ok()) return tree.status();
  absl::Status good = CheckEdge(*storage, HeadOf(*tree));
  if (good.ok() && check == StartCheck::kAll) good = CheckAll(*storage, HeadOf(*tree));
  if (good.ok()) good = CheckPublished(*storage, *signer, *tree);
  if (!good.ok()) return good;
  absl::StatusOr<Edge> edge = LoadEdge(*storage, *tree);
  if (!edge.ok()) return edge.status();

  std::unique_ptr<Sequencer> sequencer(
      new Sequencer(storage, lock, signer, points, *tree, *std::move(edge)));
  absl::Status published = sequencer->Publish(*tree);
  if (!published.ok()) return published;
  return sequencer;
}

// REQUIRES: CheckEdge.
absl::StatusOr<Sequencer::Edge> Sequencer::LoadEdge(const LogStorage& storage,
                                                    const SignedTree& tree) {
  Edge edge;
  attest::StoredTiles tiles(&storage, tree.size);
  if (tree.size == 0) return edge;
  absl::StatusOr<attest::TileEdge> loaded = attest::TileEdge::Load(tiles, tree.size, tree.root);
  if (!loaded.ok()) return loaded.status();
  edge.tiles = *std::move(loaded);
  const uint64_t width = tree.size % attest::kTileWidth;
  if (width == 0) return edge;
  absl::StatusOr<std::vector<std::string>> leaves =
      tiles.ReadBundle({tree.size / attest::kTileWidth, width});
  if (!leaves.ok()) return leaves.status();
  edge.leaves = *std::move(leaves);
  return edge;
}

absl::StatusOr<std::shared_ptr<const SignedTree>> Sequencer::Append(
    absl::Span<const std::string> leaves) {
  if (closed()) return absl::FailedPreconditionError("the log is closed after an error");
  absl::Status good = CheckLeaves(leaves);
  if (!good.ok()) return good;

  const std::shared_ptr<const SignedTree> before = tree();
  Edge edge = edge_;  // until all of it is signed and published, the old one stays the truth
  good = StoreLeaves(leaves, &edge);
  if (!good.ok()) return good;
  points_->Reached(kPointLeavesWritten);

  const TreeHead after{edge.tiles.size(), edge.tiles.Root()};
  good = CheckGrowth(*storage_, HeadOf(*before), after);
  if (!good.ok()) return good;
  points_->Reached(kPointLeavesChecked);

  absl::StatusOr<SignedTree> next = signer_->Sign(after.size, after.root);
  if (!next.ok()) return next.status();
  points_->Reached(kPointSigned);

  // From here on an error leaves open what the next start will find: only a new start may go on.
  good = MoveLock(*before, *next);
  if (good.ok()) good = Publish(*next);
  if (!good.ok()) {
    absl::MutexLock hold(&mu_);
    closed_ = true;
    return good;
  }
  edge_ = std::move(edge);
  RemovePartials(before->size, next->size);
  absl::MutexLock hold(&mu_);
  tree_ = std::make_shared<const SignedTree>(*std::move(next));
  return tree_;
}

absl::Status Sequencer::StoreLeaves(absl::Span<const std::string> leaves, Edge* edge) {
  std::vector<LogFile> files;
  uint64_t bundle = edge->tiles.size() / attest::kTileWidth;
  const auto store_bundle = [&] {
    absl::StatusOr<std::string> bytes = attest::EncodeBundle(edge->leaves);
    if (!bytes.ok()) return bytes.status();
    files.push_back({attest::BundlePath({bundle, edge->leaves.size()}), *std::move(bytes)});
    return absl::OkStatus();
  };
  for (const std::string& leaf : leaves) {
    edge->leaves.push_back(leaf);
    edge->tiles.Append(attest::LeafHash(leaf));
    if (edge->leaves.size() < attest::kTileWidth) continue;
    absl::Status full = store_bundle();
    if (!full.ok()) return full;
    edge->leaves.clear();
    ++bundle;
  }
  if (!edge->leaves.empty()) {
    absl::Status rest = store_bundle();
    if (!rest.ok()) return rest;
  }
  for (attest::TileBytes& tile : edge->tiles.TakeChanged()) {
    files.push_back({attest::TilePath(tile.id), std::move(tile.bytes)});
  }
  return storage_->Put(files);
}

absl::Status Sequencer::MoveLock(const SignedTree& from, const SignedTree& to) {
  absl::Status moved = lock_->CompareAndSwap(from.note, to.note);
  if (moved.ok()) points_->Reached(kPointLockMoved);
  return moved;
}

absl::Status Sequencer::Publish(const SignedTree& to) {
  if (to.size == 0) return absl::OkStatus();
  absl::StatusOr<std::string> published = storage_->Read(CheckpointFile());
  if (published.ok() && *published == to.note) return absl::OkStatus();
  const LogFile file{CheckpointFile(), to.note};
  absl::Status put = storage_->Put({&file, 1});
  if (put.ok()) points_->Reached(kPointPublished);
  return put;
}

void Sequencer::RemovePartials(uint64_t old_size, uint64_t new_size) {
  const auto remove = [this](const std::string& full_path) {
    // Best effort: a partial tile that stays is a true one.
    storage_->RemoveDirectory(full_path + ".p").IgnoreError();
  };
  for (const attest::TileId& id : attest::TilesToWrite(old_size, new_size)) {
    if (id.partial() || id.index == 0) continue;
    remove(attest::TilePath({id.level, id.index - 1, attest::kTileWidth}));
    if (id.level == 0) remove(attest::BundlePath({id.index - 1, attest::kTileWidth}));
  }
}

std::shared_ptr<const SignedTree> Sequencer::tree() const {
  absl::MutexLock hold(&mu_);
  return tree_;
}

bool Sequencer::closed() const {
  absl::MutexLock hold(&mu_);
  return closed_;
}

}  // namespace letterlock::log
