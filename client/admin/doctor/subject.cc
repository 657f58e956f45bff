#include "doctor/subject.h"

#include <sys/stat.h>

#include <cctype>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "crypto/base/strings.h"
#include "doctor/place.h"
#include "server/config/files.h"

namespace letterlock::doctor {
namespace {

constexpr char kConfiguration[] = "configuration";
constexpr char kUser[] = "user";
constexpr std::size_t kMaxConfiguration = std::size_t{1} << 20;

// Errors of a configuration are many lines.
std::string OneLine(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (c == '\n') {
      line += "; ";
    } else {
      line += std::iscntrl(static_cast<unsigned char>(c)) != 0 ? ' ' : c;
    }
  }
  return line;
}

std::string AsRoot(const Subject& subject) {
  return absl::StrCat("sudo ", subject.kind.tool, " doctor --config ",
                      Quoted(subject.request.config_file));
}

// Who the daemon runs as: as told, as the kernel says of the one that runs, as the store's owner.
// Anybody may listen at a path in /tmp: a listener is the daemon where nobody else can, and where
// the store is its own. All that root is told to do rests on this.
absl::StatusOr<uid_t> DaemonsUser(const Subject& subject, const std::string& store,
                                  const Machine& machine) {
  if (!subject.request.user.empty()) return UserOf(subject.request.user);
  struct stat about = {};
  if (::stat(store.c_str(), &about) != 0) return machine.Me();
  if (machine.Me() == 0) return about.st_uid;
  const std::string& socket = subject.options.admin_socket;
  const bool runs = !socket.empty() && IsPrivateTo(about.st_uid, config::DirectoryOf(socket)) &&
                    machine.ListenerAt(socket) == about.st_uid;
  return runs ? about.st_uid : machine.Me();
}

void TakeEyes(const Subject& subject, const Machine& machine, Report* report) {
  const std::string again = AsRoot(subject);
  if (machine.Me() == subject.uid) {
    if (subject.uid != 0) return report->Ok(kUser, subject.user);
    return report->Note(kUser, absl::StrCat(subject.kind.daemon, " runs as root"),
                        "give it a user of its own, and --user to this command until then");
  }
  if (machine.Me() != 0) {
    return report->Skip(kUser,
                        absl::StrCat(subject.kind.daemon, " runs as ", subject.user,
                                     ", this command does not: what only that user may see, it "
                                     "does not see"),
                        again);
  }
  const absl::Status became = machine.Become(subject.uid);
  if (became.ok()) return report->Ok(kUser, subject.user);
  report->Skip(kUser, OneLine(crypto::Std(became.message())), again);
}

// Read once more, with the daemon's eyes.
void CheckConfiguration(const Subject& subject, Report* report) {
  const std::string& file = subject.request.config_file;
  struct stat about = {};
  const absl::Status read = config::ReadFile(file, kMaxConfiguration).status();
  if (!read.ok()) {
    report->Wrong(kConfiguration,
                  absl::StrCat(file, ": ", subject.user, " can't read it: ", read.message()),
                  absl::StrCat("chmod a+r ", Quoted(file)));
  } else if (::stat(file.c_str(), &about) == 0 && (about.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    report->Wrong(kConfiguration,
                  file + ": others can write it, and with it say whom the daemon believes",
                  absl::StrCat("chmod go-w ", Quoted(file)));
  } else {
    report->Ok(kConfiguration, file);
  }
}

}  // namespace

std::string Subject::StartCommand() const {
  // A number takes a '#' before it (sudo(8)).
  const bool number = user.find_first_not_of("0123456789") == std::string::npos;
  const std::string as =
      foreign ? absl::StrCat("sudo -u ", Quoted(number ? "#" + user : user), " ") : std::string();
  return absl::StrCat(as, kind.daemon, " --config ", Quoted(request.config_file));
}

std::string Subject::RestartCommand(unsigned pid) const {
  return absl::StrCat("kill ", pid, "; tail --pid=", pid, " -f /dev/null; ", StartCommand());
}

std::string Subject::CertificateCommand() const {
  std::error_code ignored;
  const std::string ca = folder + "/ca";
  return absl::StrCat(kind.tool, " certificate --ca ",
                      std::filesystem::exists(ca, ignored) ? Quoted(ca) : "DIRECTORY_OF_CA_KEY",
                      " --out ", Quoted(config::DirectoryOf(options.tls_certificate_file)));
}

std::optional<Subject> ReadSubject(const Kind& kind, const Request& request, const Machine& machine,
                                   const std::function<void(config::Reader&)>& more,
                                   const std::string* store_directory, Report* report) {
  Subject subject{.kind = kind,
                  .request = request,
                  .folder = config::DirectoryOf(request.config_file),
                  .options = {.listen = kind.listen}};
  auto reader = config::Reader::Load(request.config_file, request.overrides);
  absl::Status sound = reader.status();
  if (sound.ok()) {
    daemon::ReadCommonOptions(*reader, &subject.options);
    more(*reader);
    sound = reader->FinishPart();
  }
  if (!sound.ok()) {
    report->Wrong(kConfiguration, OneLine(crypto::Std(sound.message())),
                  absl::IsPermissionDenied(sound)
                      ? AsRoot(subject)
                      : absl::StrCat("correct it until this is content: ", subject.StartCommand(),
                                     " --check-config"));
    return std::nullopt;
  }
  const auto uid = DaemonsUser(subject, *store_directory, machine);
  if (!uid.ok()) {
    report->Wrong(kUser, std::string(uid.status().message()), "name another with --user");
    return std::nullopt;
  }
  subject.uid = *uid;
  subject.user = UserName(*uid);
  subject.foreign = machine.Me() != *uid;
  TakeEyes(subject, machine, report);
  subject.own_eyes = machine.Me() == subject.uid;
  CheckConfiguration(subject, report);
  return subject;
}

}  // namespace letterlock::doctor
