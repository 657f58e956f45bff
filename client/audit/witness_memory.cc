#include "witness_memory.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "crypto/base/encoding.h"
#include "crypto/base/hash.h"
#include "server/config/files.h"

namespace letterlock::audit {
namespace {

// A vkey line, an empty line, and the note of at most attest::kMaxNoteSize bytes.
constexpr size_t kMaxRecordSize = attest::kMaxNoteSize + 4096;

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

absl::Status FileWitnessMemory::Add(const attest::VerifierKey& key) {
  if (key.type() != attest::NoteKeyType::kEd25519) {
    return absl::InvalidArgumentError("this is a witness's key, not a log's");
  }
  return config::CreateFileDurably(PathOf(OriginHash(key.name())), Format({key}),
                                   config::FileMode::kPublic);
}

absl::StatusOr<std::vector<WatchedLog>> FileWitnessMemory::LoadAll() const {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory_, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename();
    if (IsOriginHash(name)) names.push_back(name);
  }
  if (error) return absl::UnavailableError(directory_ + ": " + error.message());
  std::sort(names.begin(), names.end());
  std::vector<WatchedLog> logs;
  for (const std::string& name : names) {
    absl::StatusOr<WatchedLog> log = Load(name);
    if (!log.ok()) return log.status();
    logs.push_back(*std::move(log));
  }
  return logs;
}

}  // namespace letterlock::audit
