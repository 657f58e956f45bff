// The schema's part of "no channel": every field says what it holds, and nothing that the public
// plane answers with can hold private data. Read from the descriptors that are compiled in, not
// from the .proto files.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "letterlock/admin/v1/admin_service.pb.h"
#include "letterlock/common/v1/options.pb.h"
#include "letterlock/directory/v1/directory_service.pb.h"
#include "letterlock/mail/v1/attachment_service.pb.h"
#include "letterlock/mail/v1/device.pb.h"
#include "letterlock/mail/v1/device_service.pb.h"
#include "letterlock/mail/v1/disclosure.pb.h"
#include "letterlock/mail/v1/enrollment_service.pb.h"
#include "letterlock/mail/v1/keyring.pb.h"
#include "letterlock/mail/v1/mail_service.pb.h"
#include "letterlock/mail/v1/rows.pb.h"
#include "letterlock/mail/v1/session_service.pb.h"
#include "letterlock/tlog/v1/leaf.pb.h"
#include "letterlock/tlog/v1/tlog_service.pb.h"

namespace letterlock {
namespace {

namespace pb = google::protobuf;
using common::v1::DataClass;

bool IsPrivate(DataClass data_class) {
  return data_class == common::v1::DATA_CLASS_PRIVATE_METADATA ||
         data_class == common::v1::DATA_CLASS_PRIVATE_CONTENT ||
         data_class == common::v1::DATA_CLASS_CREDENTIAL;
}

// Walks a message and all that it leads to, through nested messages and `carries`, and notes the
// paths of faults.
class Walk {
 public:
  explicit Walk(bool refuse_private) : refuse_private_(refuse_private) {}

  void Into(const pb::Descriptor& message, const std::string& path) {
    if (!seen_.insert(message.full_name()).second) return;
    for (int i = 0; i < message.field_count(); ++i) {
      Field(*message.field(i), path + "." + message.field(i)->name());
    }
  }

  const std::vector<std::string>& faults() const { return faults_; }
  size_t messages() const { return seen_.size(); }

 private:
  void Field(const pb::FieldDescriptor& field, const std::string& path) {
    const DataClass data_class = field.options().GetExtension(common::v1::data_class);
    if (data_class == common::v1::DATA_CLASS_UNSPECIFIED)
      faults_.push_back(path + ": unclassified");
    if (refuse_private_ && IsPrivate(data_class)) faults_.push_back(path + ": private");
    if (field.is_map()) faults_.push_back(path + ": a map");
    if (field.message_type() != nullptr) Into(*field.message_type(), path);
    const std::string& carries = field.options().GetExtension(common::v1::carries);
    if (carries.empty()) return;
    const pb::Descriptor* carried = field.file()->pool()->FindMessageTypeByName(carries);
    if (carried == nullptr) {
      faults_.push_back(path + ": carries a type that is not there");
    } else {
      Into(*carried, path + "<" + carries + ">");
    }
  }

  const bool refuse_private_;
  std::set<std::string> seen_;
  std::vector<std::string> faults_;
};

void WalkService(const pb::ServiceDescriptor& service, Walk* walk) {
  for (int i = 0; i < service.method_count(); ++i) {
    const pb::MethodDescriptor& method = *service.method(i);
    walk->Into(*method.input_type(), method.full_name() + " request");
    walk->Into(*method.output_type(), method.full_name() + " response");
  }
}

const pb::ServiceDescriptor& ServiceOf(const pb::Descriptor* any_message_of_the_file) {
  return *any_message_of_the_file->file()->service(0);
}

TEST(Schema, NothingThatThePublicPlaneAnswersCanHoldPrivateData) {
  Walk walk(/*refuse_private=*/true);
  WalkService(ServiceOf(directory::v1::LookupRequest::descriptor()), &walk);
  WalkService(ServiceOf(tlog::v1::GetTileRequest::descriptor()), &walk);
  // Both planes answer it.
  WalkService(ServiceOf(admin::v1::GetStatusRequest::descriptor()), &walk);
  walk.Into(*tlog::v1::GenesisStatement::descriptor(), "genesis");
  walk.Into(*tlog::v1::Head::descriptor(), "head");
  EXPECT_THAT(walk.faults(), ::testing::IsEmpty());
  EXPECT_GT(walk.messages(), 20u) << "the walk must have gone somewhere";
}

TEST(Schema, EveryFieldOfTheMailPlaneIsClassified) {
  // Carried, not referred to: linked in by this line.
  ASSERT_NE(mail::v1::DeviceCertificate::descriptor(), nullptr);
  Walk walk(/*refuse_private=*/false);
  WalkService(ServiceOf(mail::v1::SendRequest::descriptor()), &walk);
  WalkService(ServiceOf(mail::v1::EnrollRequest::descriptor()), &walk);
  WalkService(ServiceOf(mail::v1::CreateSessionRequest::descriptor()), &walk);
  WalkService(ServiceOf(mail::v1::ListDevicesRequest::descriptor()), &walk);
  WalkService(ServiceOf(mail::v1::UploadRequest::descriptor()), &walk);
  const pb::FileDescriptor& rows = *mail::v1::ProfileRow::descriptor()->file();
  for (int i = 0; i < rows.message_type_count(); ++i) walk.Into(*rows.message_type(i), "row");
  walk.Into(*mail::v1::Keyring::descriptor(), "keyring");
  walk.Into(*mail::v1::Disclosure::descriptor(), "disclosure");
  EXPECT_THAT(walk.faults(), ::testing::IsEmpty());
}

// The positive control: the same walk over the mail plane's messages does find private fields,
// nested ones too.
TEST(Schema, TheWalkFindsPrivateFieldsWhereThereAreSome) {
  Walk walk(/*refuse_private=*/true);
  WalkService(ServiceOf(mail::v1::SendRequest::descriptor()), &walk);
  EXPECT_THAT(walk.faults(),
              ::testing::Contains(::testing::EndsWith(
                  ".envelope.header<letterlock.mail.v1.EnvelopeHeader>.sender: private")));
}

TEST(Schema, TheWalkFindsAnUnclassifiedField) {
  Walk walk(/*refuse_private=*/true);
  walk.Into(*pb::FileDescriptorProto::descriptor(), "planted");
  EXPECT_THAT(walk.faults(), ::testing::Contains("planted.name: unclassified"));
}

}  // namespace
}  // namespace letterlock
