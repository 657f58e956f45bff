#include "mail_plane.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "admin/server_certificate.h"
#include "admin/whole_directory.h"
#include "attest/trust.h"
#include "server/config/files.h"
#include "server/mail/keys/epoch_key_file.h"

namespace letterlock::mailadmin {
namespace {

using config::FileMode;

constexpr std::size_t kMaxFile = 256 * 1024;
constexpr std::uint32_t kFirstEpoch = 1;

// TOML basic string.
std::string Quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

// "localhost" of "localhost:7441", "::1" of "[::1]:7441".
std::string HostOf(std::string_view address) {
  std::string_view host = address.substr(0, address.rfind(':'));
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  return std::string(host);
}

std::string ServerConfiguration(const Plan& plan) {
  std::string names;
  for (const std::string& name : plan.names) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", Quote(name));
  }
  return absl::StrCat(
      "# letterlock-maild. Paths are relative to this file; `letterlock-maild --help` lists every "
      "option.\n"
      "listen = ",
      Quote(plan.listen), "\n", "server_names = [", names,
      "]\n"
      "trust_file = \"trust\"\n"
      "epoch_key_file = \"epoch.key\"\n"
      "store_directory = \"store\"\n"
      "admin_socket = \"run/admin\"  # for `letterlock-mailadmin status`\n"
      "\n"
      "[tls]\n"
      "certificate_file = \"tls/server.pem\"\n"
      "key_file = \"tls/server.key\"\n");
}

std::string Endpoint(std::string_view section, const std::string& address, const std::string& name,
                     std::string_view ca_file) {
  return absl::StrCat("\n[", std::string(section), "]\naddress = ", Quote(address),
                      "\nserver_name = ", Quote(name), "\nca_file = ", Quote(ca_file), "\n");
}

std::string ClientConfiguration(const Plan& plan) {
  std::string text =
      "# For `letterlock --config`. Paths are relative to this file.\ntrust = \"trust\"\n";
  if (!plan.directory_address.empty()) {
    const std::string name =
        plan.directory_name.empty() ? HostOf(plan.directory_address) : plan.directory_name;
    text += Endpoint("directory", plan.directory_address, name, "directory-ca.pem");
  }
  text += Endpoint("mail", plan.address.empty() ? plan.listen : plan.address, plan.names.front(),
                   "mail-ca.pem");
  return text;
}

absl::Status CheckPlan(const Plan& plan) {
  if (plan.names.empty()) return absl::InvalidArgumentError("the server needs a name");
  if (plan.directory_address.empty() != plan.directory_ca_file.empty()) {
    return absl::InvalidArgumentError("the directory's address and its authority go together");
  }
  return absl::OkStatus();
}

struct File {
  std::string path;
  std::string bytes;
};

absl::Status WriteAll(const std::vector<File>& files) {
  for (const File& file : files) {
    absl::Status written = config::CreateFileDurably(file.path, file.bytes, FileMode::kPublic);
    if (!written.ok()) return written;
  }
  return absl::OkStatus();
}

// What `init` takes over from elsewhere.
struct Inputs {
  std::string trust;
  std::string directory_ca;
};

absl::StatusOr<Inputs> ReadInputs(const Plan& plan) {
  Inputs inputs;
  auto trust = config::ReadFile(plan.trust_file, kMaxFile);
  if (!trust.ok()) return trust.status();
  if (auto parsed = attest::TrustFile::Parse(*trust); !parsed.ok()) return parsed.status();
  inputs.trust = *std::move(trust);
  if (!plan.directory_ca_file.empty()) {
    auto read = config::ReadFile(plan.directory_ca_file, kMaxFile);
    if (!read.ok()) return read.status();
    inputs.directory_ca = *std::move(read);
  }
  return inputs;
}

absl::Status WriteFiles(const Plan& plan, const Inputs& inputs, const std::string& mail_ca,
                        const std::string& base) {
  const std::string client = base + "/client";
  if (absl::Status made = config::MakePrivateDirectory(client); !made.ok()) return made;
  std::vector<File> files = {{base + "/trust", inputs.trust},
                             {base + "/maild.toml", ServerConfiguration(plan)},
                             {client + "/trust", inputs.trust},
                             {client + "/mail-ca.pem", mail_ca}};
  if (!inputs.directory_ca.empty()) {
    files.push_back({client + "/directory-ca.pem", inputs.directory_ca});
  }
  files.push_back({client + "/client.toml", ClientConfiguration(plan)});
  return WriteAll(files);
}

}  // namespace

absl::Status InitMailPlane(const Plan& plan, absl::Time now) {
  if (absl::Status sound = CheckPlan(plan); !sound.ok()) return sound;
  auto inputs = ReadInputs(plan);
  if (!inputs.ok()) return inputs.status();
  return admin::MakeWholeDirectory(plan.directory, [&](const std::string& base) -> absl::Status {
    auto mail_ca = admin::MakeCertificates({.authority_name = "Letterlock mail plane",
                                            .server_name = std::string(kServerName),
                                            .names = plan.names,
                                            .now = now,
                                            .validity = kServerValidity},
                                           base);
    if (!mail_ca.ok()) return mail_ca.status();
    absl::Status key = mail::EpochKeyFile::Create(base + "/epoch.key", kFirstEpoch);
    if (!key.ok()) return key;
    return WriteFiles(plan, *inputs, *mail_ca, base);
  });
}

}  // namespace letterlock::mailadmin
