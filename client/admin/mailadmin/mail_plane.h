// Makes the files of a mail server and of the clients that will use it.
//
//   DIR/maild.toml          configuration of letterlock-maild
//   DIR/trust               copy of the trust file
//   DIR/epoch.key           root key of the store, 0600: without it every mailbox is lost
//   DIR/ca/ca.pem|key       internal authority: to be taken off the machine, needed to issue again
//   DIR/tls/server.pem|key  the server's certificate
//   DIR/client/             what members need: client.toml, trust, mail-ca.pem, directory-ca.pem
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace letterlock::mailadmin {

// What the server's certificate is called, and how long it is valid.
inline constexpr std::string_view kServerName = "letterlock-maild";
inline constexpr absl::Duration kServerValidity = absl::Hours(24 * 90);

struct Plan {
  std::string directory;   // made, or empty
  std::string trust_file;  // of the deployment
  std::string listen = "127.0.0.1:7442";
  // What members dial; `listen` where empty.
  std::string address;
  // DNS names and IP addresses of the server; the first is what members check its certificate for.
  std::vector<std::string> names = {"localhost", "127.0.0.1"};

  // Where members find the directory; all empty where somebody adds it later.
  std::string directory_address;
  std::string directory_name;  // the host of `directory_address` where empty
  std::string directory_ca_file;
};

// Makes all of it or nothing, durably. FAILED_PRECONDITION where `plan.directory` holds anything:
// keys are never written over.
absl::Status InitMailPlane(const Plan& plan, absl::Time now);

}  // namespace letterlock::mailadmin
