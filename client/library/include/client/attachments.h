// Files that go with messages: what a member attaches, and where what came is saved.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace letterlock::client {

// Told how far a file has come, in bytes of what is sent or fetched. Must not block for long.
using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// A file in the directory that was asked for.
struct SavedFile {
  std::string path;
  std::uint64_t size = 0;
  // The sender's name for it was taken, or is none for a file: it has another one.
  bool renamed = false;
};

// A stranger's name for a file, as a name that is safe to make one of: one line without control
// and reordering characters, without what shells and systems read otherwise, neither hidden nor an
// option, at most 200 bytes of UTF-8. Never empty.
std::string SafeFileName(std::string_view name);

}  // namespace letterlock::client
