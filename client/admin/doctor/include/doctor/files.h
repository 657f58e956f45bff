// Files and directories of a daemon: whether they are there, whose they are and who else may read
// or write them. Looks with stat alone, never at content.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "doctor/report.h"
#include "doctor/subject.h"

namespace letterlock::doctor {

enum class FileKind {
  kSecret,   // for the daemon's user alone
  kTrusted,  // read by anybody, written by its owner alone: it decides about trust
};

// Whether nothing is wrong with it. `if_missing` is what mends that it is not there.
bool CheckFile(const Subject& subject, std::string_view check, const std::string& path,
               FileKind kind, const std::string& if_missing, Report* report);

enum class DirectoryKind {
  kPrivate,  // for the daemon's user alone
  kSocket,   // likewise; named by a file in it, so that it may be /run by mistake
  kPublic,   // read by anybody, written by the daemon's user alone
};

// One that the daemon makes where it is missing: then its parent must be there. Whether it is
// there, and nothing is wrong with it. No mend changes what is below a directory that others may
// use (place.h), nor a directory of the system, nor one for a socket outside of the deployment.
bool CheckDirectory(const Subject& subject, std::string_view check, const std::string& path,
                    DirectoryKind kind, Report* report);

// Who may write in a directory above a file may put another in its place. One finding for all.
void CheckAbove(const Subject& subject, const std::vector<std::string>& files, Report* report);

// Keys that only their owner's desk needs, and the daemon never.
void CheckOfflineKeys(const std::vector<std::string>& files, Report* report);

}  // namespace letterlock::doctor
