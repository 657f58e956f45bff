// The directory of a store: who may own it, which process has it, and which software may open it
// (docs/engine.md, "FORMAT").
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace letterlock::engine {

// Holds the directory, and with it the exclusive right to use the store, until it is destroyed.
class StoreDirectory {
 public:
  // Makes the directory where it is missing, with mode 0700, and locks it. FAILED_PRECONDITION when
  // it belongs to somebody else, is open to others, is used by another process, or when FORMAT is
  // of another kind or asks for newer software. Paths are in messages; they are the operator's.
  static absl::StatusOr<std::unique_ptr<StoreDirectory>> Open(const std::string& path,
                                                              std::string_view kind);
  ~StoreDirectory();
  StoreDirectory(const StoreDirectory&) = delete;
  StoreDirectory& operator=(const StoreDirectory&) = delete;

  // Whether FORMAT is there: the store was made to the end.
  bool complete() const { return complete_; }

  // Durably writes FORMAT. Call when the new store's database exists.
  absl::Status Complete();

  // Makes a new directory, which must not exist yet, for a copy of this store. Complete it when its
  // database is there.
  absl::StatusOr<std::unique_ptr<StoreDirectory>> NewCopy(const std::string& path) const;

  std::string database_path() const { return path_ + "/db"; }
  const std::string& path() const { return path_; }

 private:
  StoreDirectory(std::string path, std::string kind, int fd);
  static absl::StatusOr<std::unique_ptr<StoreDirectory>> Lock(const std::string& path,
                                                              std::string_view kind);
  absl::Status CheckFormat();

  const std::string path_;
  const std::string kind_;
  const int fd_;
  bool complete_ = false;
};

}  // namespace letterlock::engine
