#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "cli/display_text.h"
#include "cli/mbox_text.h"
#include "client/failure.h"
#include "commands.h"
#include "crypto/base/encoding.h"
#include "descriptor.h"
#include "message_text.h"
#include "progress.h"

namespace letterlock::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kAll = 10'000'000;
constexpr client::Folder kFolders[] = {client::Folder::kInbox, client::Folder::kSent,
                                       client::Folder::kRequests, client::Folder::kImported,
                                       client::Folder::kArchive};

// A file that only the member reads, made anew.
class OutFile {
 public:
  explicit OutFile(const fs::path& path)
      : file_(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                   S_IRUSR | S_IWUSR)) {}

  absl::Status Write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t put = write(file_.get(), bytes.data(), bytes.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return absl::ErrnoToStatus(errno, "writing the takeout");
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return absl::OkStatus();
  }
  absl::Status Sync() {
    if (fsync(file_.get()) == 0) return absl::OkStatus();
    return absl::ErrnoToStatus(errno, "writing the takeout");
  }

 private:
  const Descriptor file_;
};

struct Counts {
  std::size_t messages = 0;
  std::size_t attachments = 0;
  std::size_t refused = 0;
};

MboxMessage MboxOf(const client::Message& message) {
  MboxMessage entry{.id = HexOf(message.id),
                    .thread = crypto::HexEncode(message.thread.bytes()),
                    .sender = crypto::HexEncode(message.sender.bytes()),
                    .from_name = message.from.str(),
                    .from_local = message.from.str(),
                    .to_name = message.to.str(),
                    .to_local = message.to.str(),
                    .sent_unix_ms = message.sent_unix_ms,
                    .subject = Shown(message.subject),
                    .body = Shown(message.body),
                    .html = message.format == client::BodyFormat::kHtml,
                    .extra = {{"Letterlock-Folder", FolderName(message)},
                              {"Letterlock-Signature", SignatureName(message)}}};
  if (message.imported.has_value()) {
    entry.from_name = message.imported->from;
    entry.from_local = "imported";
    entry.to_name = message.imported->to.empty() ? "" : message.imported->to.front();
    entry.to_local = "imported";
    entry.extra.emplace_back("Letterlock-Archive", message.imported->source);
  }
  return entry;
}

class Takeout {
 public:
  Takeout(client::Client& client, fs::path part, Output& output)
      : client_(client), part_(std::move(part)), output_(output) {}

  absl::Status Run() {
    auto messages = ListAll();
    if (!messages.ok()) return messages.status();
    OutFile json(part_ / "messages.jsonl");
    OutFile mbox(part_ / "mail.mbox");
    // What is listed lies on this device now: nothing changes below our hands.
    client_.StayOffline();
    const auto progress = ShowProgress(output_, "writing");
    std::size_t done = 0;
    for (const std::string& id : *messages) {
      const auto message = client_.Read(id);
      if (message.ok()) {
        absl::Status written = Write(*message, json, mbox);
        if (!written.ok()) return written;
      } else {
        ++counts_.refused;
        output_.Note("left out: " + id + ": " +
                     DisplayLine(std::string(message.status().message())));
      }
      if (progress) progress(++done, messages->size());
    }
    if (absl::Status synced = json.Sync(); !synced.ok()) return synced;
    return mbox.Sync();
  }

  const Counts& counts() const { return counts_; }

 private:
  // Ids of all messages, oldest first in each folder.
  absl::StatusOr<std::vector<std::string>> ListAll() {
    std::vector<std::string> ids;
    std::set<std::string> seen;
    for (const client::Folder folder : kFolders) {
      const auto listing = client_.List(folder, kAll);
      if (!listing.ok()) return listing.status();
      for (auto message = listing->messages.rbegin(); message != listing->messages.rend();
           ++message) {
        if (seen.insert(HexOf(message->id)).second) ids.push_back(HexOf(message->id));
      }
      counts_.refused += listing->refused.size();
    }
    return ids;
  }

  absl::Status Write(const client::Message& message, OutFile& json, OutFile& mbox) {
    nlohmann::json object = MessageJson(message, /*body=*/true);
    MboxMessage entry = MboxOf(message);
    for (std::size_t i = 0; i < message.files.size(); ++i) {
      auto path = SaveOne(message, i);
      if (!path.ok()) return path.status();
      object["files"][i]["path"] = *path;
      entry.extra.emplace_back("Letterlock-Attachment", *path);
      ++counts_.attachments;
    }
    ++counts_.messages;
    absl::Status written = json.Write(object.dump() + "\n");
    return written.ok() ? mbox.Write(MboxEntry(entry)) : written;
  }

  // Beside the mail, in a folder for each attachment, so that no name is in another's way. What an
  // earlier run has fetched is there already: it was checked before it got its name.
  absl::StatusOr<std::string> SaveOne(const client::Message& message, std::size_t index) {
    const fs::path folder = fs::path("attachments") / HexOf(message.id) / std::to_string(index + 1);
    std::error_code error;
    fs::create_directories(part_ / folder, error);
    for (const auto& present : fs::directory_iterator(part_ / folder, error)) {
      const std::string name = present.path().filename();
      if (!name.starts_with(".letterlock-")) return (folder / name).string();
    }
    if (error) return absl::ErrnoToStatus(error.value(), "making a folder of the takeout");
    auto saved = client_.Save(message.files[index], (part_ / folder).string(), {});
    if (!saved.ok()) return saved.status();
    return (folder / fs::path(saved->path).filename()).string();
  }

  client::Client& client_;
  const fs::path part_;
  Output& output_;
  Counts counts_;
};

ExitCode Take(const CommonOptions& common, const std::string& directory, Output& output) {
  fs::path target = fs::path(directory).lexically_normal();
  if (!target.has_filename()) target = target.parent_path();
  std::error_code error;
  if (fs::exists(fs::symlink_status(target, error))) {
    return output.Fail(client::UsageProblem("the folder is there already: name a new one"));
  }
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  const fs::path part = target.string() + ".part";
  if (mkdir(part.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return output.Fail(client::UsageProblem("the folder can't be made"));
  }
  struct stat about{};
  if (lstat(part.c_str(), &about) != 0 || !S_ISDIR(about.st_mode) || about.st_uid != geteuid() ||
      (about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return output.Fail(client::UsageProblem(
        "beside it lies something of the same name that ends in .part, which is not ours"));
  }
  Takeout takeout(**client, part, output);
  if (absl::Status taken = takeout.Run(); !taken.ok()) {
    return output.Fail(taken, "Running it again goes on with what is there.");
  }
  fs::rename(part, target, error);
  if (error) return output.Fail(absl::ErrnoToStatus(error.value(), "naming the takeout"));
  const Counts& counts = takeout.counts();
  output.Label((*client)->labels());
  if (output.json()) {
    output.Answer({{"messages", counts.messages},
                   {"attachments", counts.attachments},
                   {"refused", counts.refused},
                   {"path", target.string()}},
                  (*client)->labels(), (*client)->alarm());
  } else {
    output.out() << "took out " << counts.messages << " messages and " << counts.attachments
                 << " attachments, left out " << counts.refused << '\n';
    output.Note("It is not sealed: whoever reads these files reads the mail.");
  }
  return output.AlsoAlarm((*client)->alarm());
}

}  // namespace

void AddTakeoutCommands(Registry& registry) {
  const auto directory = std::make_shared<std::string>();
  CLI::App* command = registry.Add(
      {.name = "takeout",
       .help = "write all of my mail, opened, into a new folder: JSON Lines, mbox, attachments",
       .on_alarm = "What was written verifies all the same.",
       .action = [directory](const CommonOptions& common, Output& output) {
         return Take(common, *directory, output);
       }});
  command->add_option("DIR", *directory, "a folder that is not there yet")->required();
}

}  // namespace letterlock::cli
