// A mail plane as `letterlock-mailadmin init` makes it, for a doctor.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "crypto/base/encoding.h"
#include "engine/store_format.h"
#include "fake_machine.h"
#include "mail_plane.h"
#include "server/tls/identity.h"
#include "support/attested_directory.h"
#include "support/temporary_directory.h"

namespace letterlock::doctor {

class MailPlaneTest : public ::testing::TestWithParam<Fault> {
 protected:
  void SetUp() override {
    std::filesystem::copy(Made().path, patient_.path, std::filesystem::copy_options::recursive);
    patient_.request.config_file = patient_ / "maild.toml";
    patient_.machine.status = Answer();
  }

  // Of a daemon that is well.
  admin::v1::GetStatusResponse Answer() const {
    admin::v1::GetStatusResponse status;
    status.set_daemon("letterlock-maild");
    status.set_version(LETTERLOCK_VERSION);
    status.set_pid(4321);
    status.set_port(7442);
    status.set_deployment(crypto::HexEncode(Made().directory.deployment().bytes()));
    status.set_certificate_not_after_unix_ms(static_cast<std::uint64_t>(
        absl::ToUnixMillis(tls::ReadCertificateFacts(patient_ / "tls/server.pem")->not_after)));
    status.mutable_store()->set_writable(true);
    status.mutable_keys()->set_epoch(1);
    return status;
  }

  test::TemporaryDirectory temporary_;
  Patient patient_{.path = temporary_ / "mail"};

 private:
  // Made once: that is durable, and takes its time. Each test has a copy.
  struct MadePlane {
    MadePlane() {
      const std::string trust = temporary / "trust";
      std::ofstream(trust) << attest::FormatTrustFile(directory.trust_fields()).value();
      mailadmin::Plan plan;
      plan.directory = path;
      plan.trust_file = trust;
      EXPECT_TRUE(mailadmin::InitMailPlane(plan, absl::Now()).ok());
      // As the daemon leaves it.
      for (const char* name : {"/store", "/store/db", "/run"}) {
        EXPECT_EQ(::mkdir((path + name).c_str(), 0700), 0);
      }
      std::ofstream(path + "/store/FORMAT") << engine::FormatOf(engine::kMailboxStore);
      std::filesystem::remove(path + "/ca/ca.key");
    }

    test::TemporaryDirectory temporary;
    testing::AttestedDirectory directory;
    const std::string path = temporary / "mail";
  };
  static const MadePlane& Made() {
    static const MadePlane made;
    return made;
  }
};

inline std::string NameOfTest(const ::testing::TestParamInfo<Fault>& info) {
  return info.param.name;
}

}  // namespace letterlock::doctor
