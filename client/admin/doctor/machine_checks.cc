#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "crypto/base/strings.h"
#include "doctor/checks.h"
#include "doctor/files.h"
#include "engine/store_format.h"
#include "server/config/files.h"

namespace letterlock::doctor {
namespace {

namespace fs = std::filesystem;

// What differs by less is nobody's concern: entries may be dated ten minutes ahead.
constexpr absl::Duration kClockSlack = absl::Minutes(2);
constexpr absl::Duration kMostClockError = absl::Seconds(1);
constexpr char kSynchronise[] = "timedatectl set-ntp true; timedatectl timesync-status";

constexpr double kGibibyte = 1024.0 * 1024 * 1024;
constexpr std::uint64_t kLeastBytes = std::uint64_t{64} << 20;
constexpr std::uint64_t kFewBytes = std::uint64_t{1} << 30;
constexpr std::uint64_t kManyBytes = std::uint64_t{20} << 30;
constexpr std::uint64_t kFewPercent = 5;
constexpr std::uint64_t kLeastFiles = 64;
constexpr std::uint64_t kFewFiles = 4096;

// "2 d 3 h" is too long a way off for more.
std::string HowLong(absl::Duration time) {
  if (time >= absl::Hours(48)) return absl::StrCat(time / absl::Hours(24), " days");
  if (time >= absl::Hours(2)) return absl::StrCat(time / absl::Hours(1), " hours");
  return absl::StrCat(time / absl::Minutes(1), " minutes");
}

bool RunsLow(const DiskSpace& space) {
  const bool few =
      space.free_bytes < kManyBytes && space.free_bytes < space.all_bytes / 100 * kFewPercent;
  return few || space.free_bytes < kFewBytes ||
         (space.all_files > 0 && space.free_files < kFewFiles);
}

}  // namespace

void CheckClock(const std::vector<DatedThing>& things, const Machine& machine, Report* report) {
  constexpr char kSynchronised[] = "clock.synchronised";
  constexpr char kTime[] = "clock.time";
  const auto state = machine.Clock();
  if (!state.ok()) {
    report->Skip(kSynchronised, std::string(state.status().message()));
  } else if (!state->synchronised) {
    report->Warn(kSynchronised, "the kernel says that nothing keeps this machine's clock right",
                 kSynchronise);
  } else if (state->most_error > kMostClockError) {
    report->Warn(kSynchronised,
                 absl::StrFormat("this machine's clock may be off by %.1f s",
                                 absl::ToDoubleSeconds(state->most_error)),
                 kSynchronise);
  } else {
    report->Ok(kSynchronised, "this machine's clock is kept right");
  }

  const absl::Time now = machine.Now();
  const auto latest =
      std::max_element(things.begin(), things.end(),
                       [](const DatedThing& a, const DatedThing& b) { return a.time < b.time; });
  if (latest == things.end()) return report->Ok(kTime, "nothing is here to compare the clock with");
  if (latest->time > now + kClockSlack) {
    return report->Wrong(kTime,
                         absl::StrCat("this machine's clock is ", HowLong(latest->time - now),
                                      " behind ", latest->name),
                         absl::StrCat("date -u; ", kSynchronise));
  }
  report->Ok(kTime, absl::StrCat("this machine's clock is not behind ", latest->name));
}

std::optional<absl::Time> NewestFileIn(const std::string& directory) {
  std::optional<absl::Time> newest;
  std::error_code error;
  for (fs::recursive_directory_iterator next(directory,
                                             fs::directory_options::skip_permission_denied, error);
       !error && next != fs::recursive_directory_iterator(); next.increment(error)) {
    struct stat about = {};
    if (::lstat(next->path().c_str(), &about) != 0 || !S_ISREG(about.st_mode)) continue;
    const absl::Time written = absl::TimeFromTimespec(about.st_mtim);
    if (!newest || *newest < written) newest = written;
  }
  return newest;
}

void CheckDisk(const std::vector<std::string>& directories, const Machine& machine,
               Report* report) {
  constexpr char kCheck[] = "disk";
  for (const std::string& directory : directories) {
    std::error_code error;
    // One that is made later lies on its parent's file system.
    const std::string there =
        fs::exists(directory, error) ? directory : config::DirectoryOf(directory);
    const auto space = machine.SpaceAt(there);
    const std::string look = absl::StrCat("df -h ", Quoted(there), "; df -i ", Quoted(there));
    if (!space.ok()) {
      report->Skip(kCheck, std::string(space.status().message()), look);
      continue;
    }
    const std::string free = absl::StrFormat("%s: %.1f of %.1f GiB free", directory,
                                             static_cast<double>(space->free_bytes) / kGibibyte,
                                             static_cast<double>(space->all_bytes) / kGibibyte);
    if (space->read_only) {
      report->Wrong(kCheck, directory + ": its file system is read-only",
                    absl::StrCat("dmesg | tail; mount -o remount,rw \"$(findmnt -no TARGET -T ",
                                 Quoted(there), ")\""));
    } else if (space->free_bytes < kLeastBytes) {
      report->Wrong(kCheck, free + ": the disk is full", look);
    } else if (space->all_files > 0 && space->free_files < kLeastFiles) {
      report->Wrong(kCheck, directory + ": its file system has no room for more files", look);
    } else if (RunsLow(*space)) {
      report->Warn(kCheck, free, look);
    } else {
      report->Ok(kCheck, free);
    }
  }
}

void CheckConfinement(const Subject& subject, bool development, const Machine& machine,
                      Report* report) {
  constexpr char kCheck[] = "confinement";
  const std::vector<std::string> missing = machine.MissingLayers();
  if (missing.empty()) return report->Ok(kCheck, "this kernel has Landlock and seccomp");
  const std::string what = "this kernel lacks " + absl::StrJoin(missing, ", ");
  const std::string mend =
      "boot a kernel that has it (Linux 5.13, `lsm=landlock,...` on its command line: cat "
      "/sys/kernel/security/lsm)";
  if (daemon::ConfinesAsFarAsItCan(subject.options.confinement, development)) {
    return report->Warn(kCheck, absl::StrCat(what, ": ", subject.kind.daemon, " runs UNCONFINED"),
                        mend);
  }
  report->Wrong(
      kCheck, absl::StrCat(what, ": ", subject.kind.daemon, " does not start"),
      absl::StrCat(mend, ", or accept it: ", subject.StartCommand(), " --confinement best-effort"));
}

void CheckStoreFormat(const std::string& directory, std::string_view kind, Report* report) {
  constexpr char kCheck[] = "store.format";
  const std::string path = absl::StrCat(directory, "/", crypto::Absl(engine::kFormatFile));
  const auto format = config::ReadFile(path, engine::kMaxFormatSize);
  std::error_code error;
  if (absl::IsNotFound(format.status())) {
    if (!fs::exists(directory + "/db", error)) {
      return report->Ok(kCheck, directory + ": is made when the daemon starts");
    }
    return report->Wrong(kCheck, directory + ": has rows and no FORMAT: it was never complete",
                         absl::StrCat("restore it from its backup, or if the daemon never "
                                      "served from it: rm -r ",
                                      Quoted(directory)));
  }
  if (!format.ok()) return report->Skip(kCheck, std::string(format.status().message()));
  const absl::Status sound = engine::CheckFormat(directory, *format, kind);
  if (sound.ok()) return report->Ok(kCheck, path);
  report->Wrong(kCheck, std::string(sound.message()),
                absl::IsDataLoss(sound) ? "restore the store from its backup"
                                        : "run the software that wrote it, or name another store");
}

}  // namespace letterlock::doctor
