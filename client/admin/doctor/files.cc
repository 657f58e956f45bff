#include "doctor/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <set>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "crypto/base/strings.h"
#include "doctor/place.h"
#include "server/config/file_descriptor.h"
#include "server/config/files.h"

namespace letterlock::doctor {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kGroupAndOthers = S_IRWXG | S_IRWXO;
constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;

struct Trouble {
  std::string what;
  std::string mend;
};

std::string ErrorText(int error) {
  return std::error_code(error, std::generic_category()).message();
}

std::string Chown(const Subject& subject, const std::string& path) {
  return absl::StrCat("chown ", Quoted(subject.user), " ", Quoted(path));
}

// The directory with all that is in it. Of one that others may use there is no command for that.
std::string ChownAll(const Subject& subject, const std::string& path) {
  if (IsOfDeployment(subject, path)) {
    return absl::StrCat("chown -R ", Quoted(subject.user), " ", Quoted(path));
  }
  return absl::StrCat("name another directory in ", Quoted(subject.request.config_file),
                      "; or, where it is this daemon's alone, give ", subject.user,
                      " what is in it");
}

Trouble OutOfReach(const Subject& subject, const std::string& path, int error) {
  return {absl::StrCat(path, ": ", subject.user, " does not reach it: ", ErrorText(error)),
          absl::StrCat("open the directory that stands in the way: namei -l ", Quoted(path))};
}

// What is wrong with a regular file that is there; empty: nothing.
Trouble TroubleOf(const Subject& subject, const std::string& path, FileKind kind,
                  const struct stat& about) {
  if (S_ISLNK(about.st_mode)) {
    return {path + ": is a symbolic link, which the daemon does not follow",
            absl::StrCat("cp --remove-destination \"$(readlink -f ", Quoted(path), ")\" ",
                         Quoted(path))};
  }
  if (!S_ISREG(about.st_mode)) return {path + ": is not a regular file", "name another file"};
  if (about.st_uid != subject.uid && about.st_uid != 0) {
    return {absl::StrCat(path, ": belongs to ", UserName(about.st_uid), ", not to ", subject.user),
            Chown(subject, path)};
  }
  if (kind == FileKind::kSecret && (about.st_mode & kGroupAndOthers) != 0) {
    return {path + ": holds a secret and is open to group or others",
            absl::StrCat("chmod 600 ", Quoted(path))};
  }
  if (kind == FileKind::kTrusted && (about.st_mode & kOthersWrite) != 0) {
    return {path + ": can be written by group or others",
            absl::StrCat("chmod go-w ", Quoted(path))};
  }
  if (subject.own_eyes) {
    const config::FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd.valid()) {
      return {absl::StrCat(path, ": ", subject.user, " can't read it: ", ErrorText(errno)),
              kind == FileKind::kSecret ? Chown(subject, path)
                                        : absl::StrCat("chmod a+r ", Quoted(path))};
    }
  }
  return {};
}

// Whether the daemon will be able to make it.
Trouble TroubleMaking(const Subject& subject, const std::string& path) {
  const std::string parent = config::DirectoryOf(path);
  struct stat about = {};
  if (::stat(parent.c_str(), &about) != 0) {
    return {absl::StrCat(parent, ": ", ErrorText(errno), "; the daemon makes ", path, " in it"),
            absl::StrCat("install -d -m 700 -o ", Quoted(subject.user), " ", Quoted(parent))};
  }
  if (subject.own_eyes && ::access(parent.c_str(), W_OK | X_OK) != 0) {
    return {absl::StrCat(parent, ": ", subject.user, " can't make ", path, " in it"),
            absl::StrCat("install -d -m 700 -o ", Quoted(subject.user), " ", Quoted(path))};
  }
  return {};
}

Trouble TroubleOf(const Subject& subject, const std::string& path, DirectoryKind kind,
                  const struct stat& about) {
  if (!S_ISDIR(about.st_mode)) return {path + ": is not a directory", "name another directory"};
  const bool socket = kind == DirectoryKind::kSocket;
  if (about.st_uid != subject.uid) {
    return {absl::StrCat(path, ": belongs to ", UserName(about.st_uid), ", not to ", subject.user),
            socket ? Chown(subject, path) : ChownAll(subject, path)};
  }
  if (kind != DirectoryKind::kPublic && (about.st_mode & kGroupAndOthers) != 0) {
    return {path + ": is open to group or others", absl::StrCat("chmod 700 ", Quoted(path))};
  }
  if (kind == DirectoryKind::kPublic && (about.st_mode & kOthersWrite) != 0) {
    return {path + ": can be written by group or others",
            absl::StrCat("chmod go-w ", Quoted(path))};
  }
  if ((about.st_mode & S_IRWXU) != S_IRWXU) {
    return {path + ": its owner can't use it", absl::StrCat("chmod u+rwx ", Quoted(path))};
  }
  return {};
}

// A line of the configuration may name a directory that others use: that one stays as it is.
std::string MendOf(const Subject& subject, const std::string& path, DirectoryKind kind,
                   const Trouble& trouble) {
  const bool shared =
      kind == DirectoryKind::kSocket ? !IsOfDeployment(subject, path) : IsOfSystem(path);
  if (!shared) return trouble.mend;
  return absl::StrCat("name a directory of its own, closed to others, in ",
                      Quoted(subject.request.config_file),
                      kind == DirectoryKind::kSocket ? ": admin_socket = \"run/admin\"" : "");
}

// Every directory that the path leads through: as it is written, and with links resolved.
void AddAbove(const std::string& file, std::set<std::string>* directories) {
  std::error_code error;
  const fs::path written = fs::absolute(config::DirectoryOf(file), error).lexically_normal();
  for (fs::path directory : {written, fs::weakly_canonical(written, error)}) {
    for (; !directory.empty(); directory = directory.parent_path()) {
      directories->insert(directory.string());
      if (directory == directory.root_path()) break;
    }
  }
}

}  // namespace

bool CheckFile(const Subject& subject, std::string_view check, const std::string& path,
               FileKind kind, const std::string& if_missing, Report* report) {
  struct stat about = {};
  Trouble trouble;
  if (::lstat(path.c_str(), &about) == 0) {
    trouble = TroubleOf(subject, path, kind, about);
  } else if (errno == ENOENT || errno == ENOTDIR) {
    trouble = {path + ": is not there", if_missing};
  } else if (subject.own_eyes) {
    trouble = OutOfReach(subject, path, errno);
  } else {
    report->Skip(check, path + ": this user does not see it");
    return false;
  }
  if (!trouble.what.empty()) {
    report->Wrong(check, trouble.what, trouble.mend);
    return false;
  }
  report->Ok(check, path);
  return true;
}

bool CheckDirectory(const Subject& subject, std::string_view check, const std::string& path,
                    DirectoryKind kind, Report* report) {
  struct stat about = {};
  const bool there = ::stat(path.c_str(), &about) == 0;
  const int error = there ? 0 : errno;
  Trouble trouble;
  if (there) {
    trouble = TroubleOf(subject, path, kind, about);
    trouble.mend = MendOf(subject, path, kind, trouble);
  } else if (error == ENOENT) {
    trouble = TroubleMaking(subject, path);
  } else if (subject.own_eyes) {
    trouble = OutOfReach(subject, path, error);
  } else {
    report->Skip(check, path + ": this user does not see it");
    return false;
  }
  if (!trouble.what.empty()) {
    report->Wrong(check, trouble.what, trouble.mend);
    return false;
  }
  report->Ok(check, there ? path : path + ": is made when the daemon starts");
  return there;
}

void CheckAbove(const Subject& subject, const std::vector<std::string>& files, Report* report) {
  constexpr char kCheck[] = "paths";
  std::set<std::string> directories;
  for (const std::string& file : files) AddAbove(file, &directories);
  bool sound = true;
  for (const std::string& directory : directories) {
    struct stat about = {};
    if (::stat(directory.c_str(), &about) != 0) continue;  // the files' own checks say so
    const bool sticky = (about.st_mode & S_ISVTX) != 0;
    if (about.st_uid != subject.uid && about.st_uid != 0) {
      sound = false;
      report->Wrong(
          kCheck,
          absl::StrCat(directory, ": belongs to ", UserName(about.st_uid),
                       ", who can put other files in the place of the daemon's"),
          IsOfDeployment(subject, directory)
              ? Chown(subject, directory)
              : "keep the deployment below directories of root's or " + subject.user + "'s");
    } else if (!sticky && (about.st_mode & S_IWOTH) != 0) {
      sound = false;
      report->Wrong(kCheck,
                    directory + ": anybody can put other files in the place of the daemon's",
                    absl::StrCat("chmod go-w ", Quoted(directory)));
    } else if (!sticky && (about.st_mode & S_IWGRP) != 0) {
      sound = false;
      report->Warn(kCheck,
                   directory + ": its group can put other files in the place of the daemon's",
                   absl::StrCat("chmod g-w ", Quoted(directory)));
    }
  }
  if (sound) report->Ok(kCheck, "nobody else can put files in the place of the daemon's");
}

void CheckOfflineKeys(const std::vector<std::string>& files, Report* report) {
  constexpr char kCheck[] = "offline_keys";
  std::vector<std::string> here;
  for (const std::string& file : files) {
    std::error_code ignored;
    if (fs::exists(file, ignored)) here.push_back(file);
  }
  if (here.empty()) return report->Ok(kCheck, "no key is here that the daemon does not need");
  std::vector<std::string> quoted;
  quoted.reserve(here.size());
  for (const std::string& file : here) quoted.push_back(Quoted(file));
  report->Note(
      kCheck, absl::StrJoin(here, ", ") + ": the daemon does not need it",
      absl::StrCat("copy to where it is kept, then here: shred -u ", absl::StrJoin(quoted, " ")));
}

}  // namespace letterlock::doctor
