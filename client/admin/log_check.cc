#include "log_check.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "attest/canonical_proto.h"
#include "attest/checkpoint.h"
#include "attest/leaf.h"
#include "attest/merkle.h"
#include "attest/stored_log.h"
#include "attest/tile_hashes.h"
#include "attest/tiles.h"
#include "crypto/base/strings.h"
#include "letterlock/tlog/v1/leaf.pb.h"
#include "log_files/folder_files.h"
#include "server/config/files.h"

namespace letterlock::admin {
namespace {

using attest::Checkpoint;
using doctor::Report;

// The checkpoint in a file; `*missing` where there is none.
absl::StatusOr<Checkpoint> ReadCheckpoint(const std::string& path, const attest::VerifierKey& key,
                                          bool* missing) {
  const auto note = config::ReadFile(path, attest::kMaxNoteSize);
  *missing = absl::IsNotFound(note.status());
  if (!note.ok()) return note.status();
  auto opened = attest::OpenCheckpoint(*note, {&key, 1}, {});
  if (!opened.ok()) return opened.status();
  return opened->checkpoint;
}

// Both files agree as docs/log.md says that they must. Nothing where there is nothing to go on
// with; `checkpoint` is read first: it is never ahead.
std::optional<Checkpoint> CheckSigned(const LogPlace& place, Report* report) {
  const std::string checkpoint = place.log_directory + "/checkpoint";
  const std::string lock = place.lock_directory + "/signed";
  const std::string restore = absl::StrCat(
      "stop the daemon; restore ", doctor::Quoted(place.log_directory),
      " from a copy that has all of ", doctor::Quoted(lock), "; never the lock from a backup");
  bool nothing_published = false;
  bool nothing_signed = false;
  const auto published = ReadCheckpoint(checkpoint, place.key, &nothing_published);
  const auto last = ReadCheckpoint(lock, place.key, &nothing_signed);
  if (nothing_published && nothing_signed) {
    report->Ok("log.checkpoint", "nothing was signed yet");
    return std::nullopt;
  }
  const auto unreadable = [&](const char* check, const std::string& path, const absl::Status& why) {
    if (absl::IsUnauthenticated(why) || absl::IsInvalidArgument(why)) {
      report->Wrong(check,
                    absl::StrCat(path, ": is damaged, or not signed by this deployment's log: ",
                                 why.message()),
                    restore);
    } else {
      report->Skip(check, absl::StrCat(path, ": ", why.message()));
    }
  };
  if (nothing_published) {
    report->Note("log.checkpoint",
                 checkpoint + ": is not there; the daemon writes it when it starts");
  } else if (!published.ok()) {
    unreadable("log.checkpoint", checkpoint, published.status());
  } else {
    report->Ok("log.checkpoint", absl::StrCat(checkpoint, ": ", published->size, " leaves"));
  }

  if (nothing_signed) {
    report->Wrong(
        "log.lock",
        absl::StrCat(lock,
                     ": is not there, but the log is: the daemon would sign a second history"),
        absl::StrCat(
            "put back the lock directory that was here; if it is lost and nothing newer than ",
            checkpoint, " was ever shown: cp ", doctor::Quoted(checkpoint), " ",
            doctor::Quoted(lock)));
  } else if (!last.ok()) {
    unreadable("log.lock", lock, last.status());
  } else if (published.ok() && last->size < published->size) {
    report->Wrong(
        "log.lock",
        absl::StrCat(lock, ": is behind, ", last->size, " of ", published->size,
                     " leaves: somebody signed without it, or it was restored from a backup"),
        absl::StrCat("do not start the daemon; if nothing newer than ", checkpoint,
                     " was ever shown: cp ", doctor::Quoted(checkpoint), " ",
                     doctor::Quoted(lock)));
  } else if (published.ok() && last->size == published->size && last->root != published->root) {
    report->Wrong("log.lock", absl::StrCat(lock, " and ", checkpoint, " are of two histories"),
                  restore);
  } else {
    report->Ok("log.lock", absl::StrCat(lock, ": ", last->size, " leaves"));
  }
  if (published.ok()) return *published;
  return last.ok() ? std::optional(*last) : std::nullopt;
}

// The last leaf, where the tree's right edge is what was signed.
absl::StatusOr<std::string> LastLeaf(const LogPlace& place, const Checkpoint& checkpoint) {
  const log_files::FolderFiles files(place.log_directory);
  attest::StoredTiles tiles(&files, checkpoint.size);
  auto hashes = attest::TileHashes::Open(tiles, checkpoint.size, checkpoint.root);
  if (!hashes.ok()) return hashes.status();
  const std::uint64_t last = (checkpoint.size - 1) / attest::kTileWidth;
  const auto stored = hashes->ReadWholeTile(0, last);
  if (!stored.ok()) return stored.status();
  auto leaves = tiles.ReadBundle({last, attest::TileWidthAt(checkpoint.size, 0, last)});
  if (!leaves.ok()) return leaves.status();
  for (std::size_t i = 0; i < leaves->size(); ++i) {
    if (i >= stored->size() || attest::LeafHash((*leaves)[i]) != (*stored)[i]) {
      return absl::UnauthenticatedError("a stored leaf has another hash");
    }
  }
  return std::move(leaves->back());
}

void CheckGenesis(const LogPlace& place, const Checkpoint& checkpoint, Report* report) {
  constexpr char kCheck[] = "log.genesis";
  const log_files::FolderFiles files(place.log_directory);
  const auto leaves = attest::StoredTiles(&files, checkpoint.size).ReadBundle({0, 1});
  const auto leaf = leaves.ok() ? attest::ParseLeaf(leaves->front()) : leaves.status();
  if (leaf.ok() && leaf->type == attest::LeafType::kGenesis && leaf->body == place.genesis) {
    return report->Ok(kCheck, "leaf 0 is this deployment's genesis statement");
  }
  report->Wrong(kCheck, place.log_directory + ": leaf 0 is not this deployment's genesis statement",
                "name the log_directory of this deployment, or its genesis_file");
}

std::optional<NewestHead> HeadIn(const std::string& leaf, const LogPlace& place) {
  const auto parsed = attest::ParseLeaf(leaf);
  if (!parsed.ok() || parsed->type != attest::LeafType::kHead) return std::nullopt;
  tlog::v1::Head head;
  if (!attest::ParseCanonical(parsed->body, &head).ok() || head.deployment() != place.deployment) {
    return std::nullopt;
  }
  return NewestHead{head.sequence(),
                    absl::FromUnixMillis(static_cast<std::int64_t>(head.time_unix_ms()))};
}

}  // namespace

std::optional<NewestHead> CheckLog(const LogPlace& place, Report* report) {
  const std::optional<Checkpoint> checkpoint = CheckSigned(place, report);
  if (!checkpoint || checkpoint->size == 0) return std::nullopt;
  const auto leaf = LastLeaf(place, *checkpoint);
  if (!leaf.ok()) {
    report->Wrong("log.tree",
                  absl::StrCat(place.log_directory, ": is not what was signed, or not all of it: ",
                               leaf.status().message()),
                  absl::StrCat("stop the daemon; restore ", doctor::Quoted(place.log_directory),
                               " from a copy; any mirror of the log has the same files"));
    return std::nullopt;
  }
  CheckGenesis(place, *checkpoint, report);
  const std::optional<NewestHead> head = HeadIn(*leaf, place);
  report->Ok("log.tree",
             absl::StrCat("the newest of ", checkpoint->size, " leaves are what was signed",
                          head ? absl::StrCat("; head ", head->sequence) : ""));
  return head;
}

}  // namespace letterlock::admin
