#include "witness_memory.h"

#include <algorithm>
#include <utility>

#include "crypto/base/encoding.h"
#include "crypto/base/hash.h"
#include "server/config/files.h"

namespace letterlock::audit {
namespace {

// A vkey line, an empty line, and the note of at most attest::kMaxNoteSize bytes.
constexpr size_t kMaxRecordSize = attest::kMaxNoteSize + 4096;

// A hash a line.
constexpr char kEverWatched[] = "watched";
constexpr size_t kListLine = 2 * sizeof(crypto::Digest) + 1;
constexpr size_t kMaxList = 1 << 20;

absl::Status Gone(std::string_view origin_hash) {
  return absl::FailedPreconditionError(
      "the record " + std::string(origin_hash) +
      " of a watched log is gone: this witness can't know what it cosigned; make a new one");
}

absl::Status Damaged(std::string_view origin_hash) {
  return absl::DataLossError("the record " + std::string(origin_hash) + " is damaged");
}

std::string Format(const WatchedLog& log) { return log.key.Format() + "\n\n" + log.note; }

}  // namespace

std::string OriginHash(std::string_view origin) {
  return crypto::HexEncode(crypto::ToString(crypto::Sha256(origin)));
}

bool IsOriginHash(std::string_view text) {
  return text.size() == 2 * sizeof(crypto::Digest) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string FileWitnessMemory::PathOf(std::string_view origin_hash) const {
  return directory_ + "/" + std::string(origin_hash);
}

absl::StatusOr<WatchedLog> FileWitnessMemory::Load(std::string_view origin_hash) const {
  if (!IsOriginHash(origin_hash)) return absl::NotFoundError("no such log");
  absl::StatusOr<std::string> text = config::ReadFile(PathOf(origin_hash), kMaxRecordSize);
  if (!text.ok()) return text.status();
  const size_t end = text->find("\n\n");
  if (end == std::string::npos) return Damaged(origin_hash);
  absl::StatusOr<attest::VerifierKey> key = attest::VerifierKey::Parse(text->substr(0, end));
  // A file under another's name would let one log's history stand for another's.
  if (!key.ok() || OriginHash(key->name()) != origin_hash) return Damaged(origin_hash);
  return WatchedLog{*std::move(key), text->substr(end + 2)};
}

absl::Status FileWitnessMemory::Replace(const WatchedLog& log) {
  return config::WriteFileDurably(PathOf(OriginHash(log.key.name())), Format(log),
                                  config::FileMode::kPublic);
}

absl::StatusOr<std::set<std::string>> FileWitnessMemory::EverWatched() const {
  absl::StatusOr<std::string> text = config::ReadFile(directory_ + "/" + kEverWatched, kMaxList);
  if (absl::IsNotFound(text.status())) return std::set<std::string>();
  if (!text.ok()) return text.status();
  std::set<std::string> hashes;
  for (size_t at = 0; at < text->size(); at += kListLine) {
    const std::string hash = text->substr(at, kListLine - 1);
    if (!IsOriginHash(hash) || text->size() < at + kListLine ||
        (*text)[at + kListLine - 1] != '\n') {
      return absl::DataLossError("the list of watched logs is damaged");
    }
    hashes.insert(hash);
  }
  return hashes;
}

absl::Status FileWitnessMemory::Add(const attest::VerifierKey& key) {
  if (key.type() != attest::NoteKeyType::kEd25519) {
    return absl::InvalidArgumentError("this is a witness's key, not a log's");
  }
  const std::string hash = OriginHash(key.name());
  absl::StatusOr<std::set<std::string>> ever = EverWatched();
  if (!ever.ok()) return ever.status();
  if (ever->contains(hash) && absl::IsNotFound(Load(hash).status())) return Gone(hash);
  absl::Status created =
      config::CreateFileDurably(PathOf(hash), Format({key}), config::FileMode::kPublic);
  // A record that a kill kept from being listed is listed now.
  if ((!created.ok() && !absl::IsAlreadyExists(created)) || !ever->insert(hash).second)
    return created;
  std::string list;
  for (const std::string& one : *ever) list += one + "\n";
  absl::Status listed =
      config::WriteFileDurably(directory_ + "/" + kEverWatched, list, config::FileMode::kPublic);
  return listed.ok() ? created : listed;
}

absl::StatusOr<std::vector<WatchedLog>> FileWitnessMemory::LoadAll() const {
  absl::StatusOr<std::set<std::string>> names = EverWatched();
  if (!names.ok()) return names.status();
  std::vector<WatchedLog> logs;
  for (const std::string& name : *names) {
    absl::StatusOr<WatchedLog> log = Load(name);
    if (absl::IsNotFound(log.status())) return Gone(name);
    if (!log.ok()) return log.status();
    logs.push_back(*std::move(log));
  }
  return logs;
}

}  // namespace letterlock::audit
