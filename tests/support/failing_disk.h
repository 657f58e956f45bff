// Makes the write-ahead logs (*.log) below a directory fail or wait, for whatever in this process
// writes them: it takes the place of the C library's write and fdatasync. Linux; one at a time.
//
// The two failures are the pair that every store must survive: one after which the bytes are on
// disk, and one after which they are not.
#pragma once

#include <string>

namespace letterlock::test {

class FailingDisk {
 public:
  // Does nothing yet.
  explicit FailingDisk(const std::string& directory);
  ~FailingDisk();
  FailingDisk(const FailingDisk&) = delete;
  FailingDisk& operator=(const FailingDisk&) = delete;

  // What was written reaches the file, and then fdatasync fails with this error: failed, but
  // persisted. The first `after` syncs that end from now on still succeed.
  void FailSyncs(int error, int after = 0);
  // Nothing is written, and write fails with this error: failed and not persisted.
  void FailWrites(int error);
  void Heal();

  // Syncs wait from now on until Release.
  void HoldSyncs();
  // Returns when a sync waits.
  void AwaitHeldSync();
  void Release();

  // Syncs that were asked for so far, held or failed ones, too.
  int syncs() const;
};

}  // namespace letterlock::test
