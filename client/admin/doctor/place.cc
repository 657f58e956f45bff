#include "doctor/place.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace letterlock::doctor {
namespace {

namespace fs = std::filesystem;

// The Filesystem Hierarchy Standard's.
constexpr std::array<std::string_view, 38> kOfSystem = {
    "/",          "/bin",       "/boot",      "/dev",      "/dev/shm",     "/etc",
    "/home",      "/lib",       "/lib64",     "/media",    "/mnt",         "/opt",
    "/proc",      "/root",      "/run",       "/run/lock", "/run/user",    "/sbin",
    "/srv",       "/sys",       "/tmp",       "/usr",      "/usr/bin",     "/usr/lib",
    "/usr/local", "/usr/sbin",  "/usr/share", "/var",      "/var/backups", "/var/cache",
    "/var/lib",   "/var/local", "/var/lock",  "/var/log",  "/var/mail",    "/var/run",
    "/var/spool", "/var/tmp"};

// With links resolved as far as it is there, and without a slash at its end.
fs::path Resolved(const std::string& path) {
  std::error_code error;
  fs::path resolved = fs::weakly_canonical(fs::absolute(path, error), error);
  if (error) resolved = fs::absolute(path, error).lexically_normal();
  return resolved.has_filename() ? resolved : resolved.parent_path();
}

bool IsOfSystem(const fs::path& resolved) {
  return std::find(kOfSystem.begin(), kOfSystem.end(), resolved.native()) != kOfSystem.end();
}

}  // namespace

bool IsOfDeployment(const Subject& subject, const std::string& path) {
  const fs::path folder = Resolved(subject.folder);
  const fs::path resolved = Resolved(path);
  if (IsOfSystem(folder) || IsOfSystem(resolved)) return false;
  const auto [end, ignored] =
      std::mismatch(folder.begin(), folder.end(), resolved.begin(), resolved.end());
  return end == folder.end() && resolved != folder;
}

bool IsOfSystem(const std::string& path) { return IsOfSystem(Resolved(path)); }

bool IsPrivateTo(uid_t user, const std::string& directory) {
  struct stat about = {};
  return ::stat(directory.c_str(), &about) == 0 && S_ISDIR(about.st_mode) && about.st_uid == user &&
         (about.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

}  // namespace letterlock::doctor
