#include "mail_plane.h"

#include <arpa/inet.h>

#include <filesystem>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "attest/trust.h"
#include "server/config/files.h"
#include "server/mail/keys/epoch_key_file.h"
#include "server/tls/issue.h"

namespace letterlock::mailadmin {
namespace {

using config::FileMode;

constexpr std::size_t kMaxFile = 256 * 1024;
constexpr std::uint32_t kFirstEpoch = 1;
constexpr absl::Duration kAuthorityLife = absl::Hours(24 * 365 * 10);
constexpr absl::Duration kServerLife = absl::Hours(24 * 90);
constexpr absl::Duration kClockSlack = absl::Hours(1);

bool IsIpAddress(const std::string& name) {
  unsigned char parsed[sizeof(in6_addr)];
  return inet_pton(AF_INET, name.c_str(), parsed) == 1 ||
         inet_pton(AF_INET6, name.c_str(), parsed) == 1;
}

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
  std::error_code error;
  if (std::filesystem::exists(plan.directory, error) &&
      !std::filesystem::is_empty(plan.directory, error)) {
    return absl::AlreadyExistsError(absl::StrCat(plan.directory, ": is not empty"));
  }
  return absl::OkStatus();
}

// The authority's certificate, PEM.
absl::StatusOr<std::string> WriteTls(const Plan& plan, absl::Time now) {
  const std::string directory = plan.directory + "/tls";
  if (absl::Status made = config::MakePrivateDirectory(directory); !made.ok()) return made;
  auto authority =
      tls::CertificateAuthority::Create("Letterlock mail plane", now - kClockSlack, kAuthorityLife);
  if (!authority.ok()) return authority.status();
  tls::LeafOptions leaf;
  leaf.common_name = "letterlock-maild";
  for (const std::string& name : plan.names) {
    (IsIpAddress(name) ? leaf.ip_addresses : leaf.dns_names).push_back(name);
  }
  leaf.not_before = now - kClockSlack;
  leaf.validity = kServerLife;
  auto server = authority->Issue(leaf);
  if (!server.ok()) return server.status();
  absl::Status written = tls::WriteIdentity(directory, "mail-ca", authority->identity());
  if (written.ok()) written = tls::WriteIdentity(directory, "server", *server);
  if (!written.ok()) return written;
  return authority->identity().certificate_pem;
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

}  // namespace

absl::Status InitMailPlane(const Plan& plan, absl::Time now) {
  if (absl::Status sound = CheckPlan(plan); !sound.ok()) return sound;
  auto trust = config::ReadFile(plan.trust_file, kMaxFile);
  if (!trust.ok()) return trust.status();
  if (auto parsed = attest::TrustFile::Parse(*trust); !parsed.ok()) return parsed.status();
  std::string directory_ca;
  if (!plan.directory_ca_file.empty()) {
    auto read = config::ReadFile(plan.directory_ca_file, kMaxFile);
    if (!read.ok()) return read.status();
    directory_ca = *std::move(read);
  }

  absl::Status made = config::MakePrivateDirectory(plan.directory);
  if (made.ok()) made = config::MakePrivateDirectory(plan.directory + "/client");
  if (!made.ok()) return made;
  auto mail_ca = WriteTls(plan, now);
  if (!mail_ca.ok()) return mail_ca.status();
  absl::Status key = mail::EpochKeyFile::Create(plan.directory + "/epoch.key", kFirstEpoch);
  if (!key.ok()) return key;

  const std::string client = plan.directory + "/client";
  std::vector<File> files = {{plan.directory + "/trust", *trust},
                             {plan.directory + "/maild.toml", ServerConfiguration(plan)},
                             {client + "/trust", *trust},
                             {client + "/mail-ca.pem", *mail_ca}};
  if (!directory_ca.empty()) files.push_back({client + "/directory-ca.pem", directory_ca});
  files.push_back({client + "/client.toml", ClientConfiguration(plan)});
  return WriteAll(files);
}

}  // namespace letterlock::mailadmin
