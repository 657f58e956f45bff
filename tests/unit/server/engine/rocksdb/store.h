// An engine in a directory of its own, and calls on it that wait.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "engine/rocksdb/rocksdb_engine.h"

namespace letterlock::engine {

// One write that is under way.
class Writing {
 public:
  Writing(Engine& engine, const MailboxTag& tag, Generation expected, Batch batch) {
    engine.Apply(tag, expected, std::move(batch), [this](absl::StatusOr<Generation> answer) {
      answer_ = std::move(answer);
      done_.Notify();
    });
  }
  ~Writing() { done_.WaitForNotification(); }
  const absl::StatusOr<Generation>& Get() {
    done_.WaitForNotification();
    return *answer_;
  }
  absl::StatusCode Code() { return Get().status().code(); }

 private:
  std::optional<absl::StatusOr<Generation>> answer_;
  absl::Notification done_;
};

inline MailboxTag TagOf(int byte) {
  MailboxTag::Bytes bytes;
  bytes.fill(static_cast<char>(byte));
  return MailboxTag(bytes);
}

inline Batch Put(std::string key, std::string value) {
  Batch batch;
  batch.puts.push_back({{Table{1}, std::move(key)}, std::move(value)});
  return batch;
}

inline absl::StatusOr<Generation> Apply(Engine& engine, const MailboxTag& tag, Generation expected,
                                        Batch batch) {
  return Writing(engine, tag, expected, std::move(batch)).Get();
}

inline absl::StatusOr<Rows> Read(Engine& engine, const MailboxTag& tag, const std::string& key) {
  absl::StatusOr<Rows> answer;
  engine.Read(tag, {{Table{1}, key}}, [&](absl::StatusOr<Rows> rows) { answer = std::move(rows); });
  return answer;
}

inline std::optional<std::string> Value(Engine& engine, const MailboxTag& tag,
                                        const std::string& key) {
  const auto rows = Read(engine, tag, key);
  EXPECT_TRUE(rows.ok()) << rows.status();
  return rows.ok() ? rows->values[0] : std::nullopt;
}

inline RocksDbOptions OptionsFor(const std::string& directory) {
  RocksDbOptions options;
  options.directory = directory;
  options.block_cache_bytes = 1u << 20;
  return options;
}

inline absl::StatusOr<std::unique_ptr<RocksDbEngine>> Open(const std::string& directory) {
  return RocksDbEngine::Open(OptionsFor(directory));
}

inline std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

inline void WriteFile(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

// The files below `directory` that hold `bytes`, by name.
inline std::vector<std::string> FilesWith(const std::string& directory, const std::string& bytes) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file() && ReadFile(entry.path()).find(bytes) != std::string::npos) {
      found.push_back(entry.path().filename().string());
    }
  }
  return found;
}

}  // namespace letterlock::engine
