// The desk reads reports, and believes none that does not hold.
#include <cctype>
#include <filesystem>
#include <functional>
#include <ostream>

#include "reports_world.h"

namespace letterlock::client {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DeskTest : public ReportsTest {
 protected:
  DeskTest() {
    EXPECT_TRUE(alice_client_->Send(To(bob_, "Pay at once.", "Offer")).ok());
    EXPECT_TRUE(ReportAs(*bob_client_, Draft()).ok());
  }
  // What the desk says of a report that is put before it.
  absl::Status Judged(const mail::v1::Report& report) {
    deployment_.desk.Add(report);
    const auto received = desk_client_->ReadReport(reports().back().sequence());
    EXPECT_TRUE(received.ok()) << received.status();
    return received->disclosed.status();
  }
  // Claims by their results, up to the first that fails.
  std::vector<Problem> ResultsOf(const mail::v1::Report& report) {
    deployment_.desk.Add(report);
    return Results(*desk_client_->CheckReport(reports().back().sequence()));
  }
  static std::vector<Problem> Results(const ReportCheck& check) {
    std::vector<Problem> results;
    for (const CheckedClaim& claim : check.claims) results.push_back(ProblemOf(claim.status));
    return results;
  }
  // `passed` claims and one that fails.
  static std::vector<Problem> FailsAfter(std::size_t passed,
                                         Problem problem = Problem::kVerification) {
    std::vector<Problem> results(passed, Problem::kNone);
    results.push_back(problem);
    return results;
  }

  const std::unique_ptr<ClientImpl> alice_client_ = Make(alice_);
  const std::unique_ptr<ClientImpl> bob_client_ = Make(bob_);
  const std::unique_ptr<ClientImpl> desk_client_ = Make(desk_);
};

constexpr std::size_t kAllClaims = 8;

TEST_F(DeskTest, ReadsWhatWasReportedAndWhoWroteItToWhom) {
  const auto received = desk_client_->ReadReport(1);
  ASSERT_TRUE(received.ok()) << received.status();
  EXPECT_EQ(received->reporter, bob_.member.member);
  EXPECT_EQ(received->reporter_handle, bob_.member.handle);
  EXPECT_EQ(received->sender, alice_.member.member);
  ASSERT_TRUE(received->disclosed.ok()) << received->disclosed.status();
  const DisclosedReport& disclosed = *received->disclosed;
  EXPECT_EQ(Text(disclosed.message.subject), "Offer");
  EXPECT_EQ(Text(disclosed.message.body), "Pay at once.");
  EXPECT_EQ(disclosed.message.from, alice_.member.handle);
  EXPECT_EQ(disclosed.message.to, bob_.member.handle);
  EXPECT_GT(disclosed.message.sent_unix_ms, 0u);
  EXPECT_EQ(disclosed.reason, ReportReason::kHarassment);
  EXPECT_EQ(Text(disclosed.note), "She does not stop.");
  EXPECT_EQ(disclosed.entry_version, 1u);
  EXPECT_EQ(desk_client_->Account()->pins, 0u) << "a handle in others' words is not pinned";
  EXPECT_EQ(ProblemOf(desk_client_->ReadReport(2).status()), Problem::kNotFound);
  EXPECT_EQ(ProblemOf(desk_client_->ReadReport(0).status()), Problem::kNotFound);
}

TEST_F(DeskTest, ReadsWithoutADirectoryAndDoesNotNameTheReporterThen) {
  deployment_.directory_error = absl::UnavailableError("down");
  const auto received = desk_client_->ReadReport(1);
  ASSERT_TRUE(received.ok() && received->disclosed.ok());
  EXPECT_EQ(received->reporter_handle, std::nullopt);
}

TEST_F(DeskTest, ChecksAReportAgainstTheDirectoryOfNow) {
  const auto check = desk_client_->CheckReport(1);
  ASSERT_TRUE(check.ok()) << check.status();
  EXPECT_EQ(Results(*check), std::vector<Problem>(kAllClaims, Problem::kNone));
  EXPECT_TRUE(check->report.disclosed.ok());
}

TEST_F(DeskTest, ListsInBoundedPagesOldestFirst) {
  for (int i = 0; i < 39; ++i) deployment_.desk.Add(reports()[0]);
  const auto first = desk_client_->Reports(0, 18);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ(first->reports.size(), 18u);
  EXPECT_TRUE(first->more);
  EXPECT_EQ(first->reports.back().sequence, 18u);
  const auto rest = desk_client_->Reports(18, 100);
  ASSERT_EQ(rest->reports.size(), 22u);
  EXPECT_FALSE(rest->more);
  EXPECT_EQ(rest->reports.back().sequence, 40u);
  deployment_.desk.repeats_itself = true;
  EXPECT_EQ(ProblemOf(desk_client_->Reports(18, 100).status()), Problem::kVerification)
      << "a server that never comes to an end";
}

TEST_F(DeskTest, ListsWhatHoldsAndWhyTheRestDoesNot) {
  mail::v1::Report changed = reports()[0];
  changed.mutable_sealed_disclosure()->back() ^= 1;
  deployment_.desk.Add(changed);
  const auto page = desk_client_->Reports(0, 15);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->reports.size(), 2u);
  EXPECT_TRUE(page->reports[0].disclosed.ok());
  EXPECT_EQ(ProblemOf(page->reports[1].disclosed.status()), Problem::kVerification);
}

TEST_F(DeskTest, SaysWhereSomebodyElseIsTheDesk) {
  reports().clear();
  EXPECT_TRUE(desk_client_->Reports(0, 15)->is_desk);
  EXPECT_FALSE(bob_client_->Reports(0, 15)->is_desk);
}

TEST_F(DeskTest, DeletesWhatIsThere) {
  EXPECT_EQ(ProblemOf(desk_client_->DeleteReport(7)), Problem::kNotFound);
  EXPECT_TRUE(desk_client_->DeleteReport(1).ok());
  EXPECT_THAT(reports(), IsEmpty());
}

TEST_F(DeskTest, ProvesASenderWhoHasReplacedHerKeySince) {
  ASSERT_TRUE(alice_client_->Send(To(bob_, "under the first key")).ok());
  ASSERT_TRUE(bob_client_->List(Folder::kInbox, 50).ok());
  Rotate(alice_);
  Rotate(alice_);
  ASSERT_TRUE(ReportAs(*bob_client_, Draft()).ok());
  EXPECT_EQ(Opened(reports().back()).sender_history_size(), 2);
  const auto check = desk_client_->CheckReport(2);
  ASSERT_TRUE(check->report.disclosed.ok()) << check->report.disclosed.status();
  EXPECT_TRUE(check->report.disclosed->message.key_replaced);
  EXPECT_EQ(Results(*check), std::vector<Problem>(kAllClaims, Problem::kNone));
  EXPECT_THAT(check->claims[6].remark, HasSubstr("was replaced"));

  mail::v1::Disclosure gap = Opened(reports().back());
  gap.mutable_sender_history()->DeleteSubrange(1, 1);
  EXPECT_THAT(std::string(Judged(Resealed(reports()[1], gap)).message()),
              HasSubstr("do not lead to the proved one"));
  mail::v1::Disclosure without = Opened(reports()[1]);
  without.clear_sender_history();
  EXPECT_THAT(std::string(Judged(Resealed(reports()[1], without)).message()),
              HasSubstr("does not show the sender's entry whose key signed"));
}

TEST_F(DeskTest, SaysWhatBecameOfTheSenderSince) {
  Rotate(alice_);
  auto check = desk_client_->CheckReport(1);
  EXPECT_EQ(Results(*check), std::vector<Problem>(kAllClaims, Problem::kNone));
  EXPECT_FALSE(check->report.disclosed->message.key_replaced) << "not when it was reported";
  EXPECT_THAT(check->claims[6].remark, HasSubstr("was replaced"));
  deployment_.world->Erase(alice_.member.handle, 3);
  deployment_.world->Erase(bob_.member.handle, 2);
  deployment_.NewHead();
  check = desk_client_->CheckReport(1);
  EXPECT_EQ(Results(*check), std::vector<Problem>(kAllClaims, Problem::kNone));
  EXPECT_THAT(check->claims[6].remark, HasSubstr("erased"));
  EXPECT_THAT(check->claims[7].remark, HasSubstr("erased"));
}

TEST_F(DeskTest, DoesNotKnowWhatTheDirectoryDoesNotAnswer) {
  deployment_.directory_error = absl::UnavailableError("down");
  EXPECT_EQ(Results(*desk_client_->CheckReport(1)), FailsAfter(5, Problem::kUnavailable));
}

// Bob was shown another log than the desk is, both signed by the log's key: two members who compare
// are what finds that out.
TEST_F(DeskTest, RaisesTheAlarmAboutALogThatItWasNotShown) {
  AttestedDirectory other({.development = true, .quorum = "none"});
  other.Put(deployment_.world->Prove(alice_.member.handle).signed_entry());
  other.MakeHead(deployment_.clock.Now());
  mail::v1::Disclosure forked = Opened(reports()[0]);
  *forked.mutable_sender_proof() = other.Prove(alice_.member.handle);
  EXPECT_EQ(ResultsOf(Resealed(reports()[0], forked)), FailsAfter(5, Problem::kAlarm));
  EXPECT_FALSE(std::filesystem::is_empty(desk_.directory.path() + "/evidence"));
}

TEST_F(DeskTest, RefusesAnEntryThatTheDirectoryOfNowReplacedWithoutAStep) {
  // Another first entry of hers than the one in the report, under the same key.
  auto entry = deployment_.world->Prove(alice_.member.handle).signed_entry();
  directory::v1::DirectoryEntry changed;
  changed.ParseFromString(entry.entry());
  changed.set_time_unix_ms(changed.time_unix_ms() + 1);
  entry.set_entry(attest::SerializeCanonical(changed));
  entry.set_signature(alice_.member.identity.Sign(context::kDirectoryEntry, {entry.entry()}));
  deployment_.world->Put(entry);
  deployment_.NewHead();
  EXPECT_EQ(Results(*desk_client_->CheckReport(1)), FailsAfter(6));
}

// The signature binds the recipient's member id; her handle is what the sender wrote.
TEST_F(DeskTest, RefusesAMessageWhoseHandleIsNotTheReporters) {
  const letterlock::testing::TestMember another("bob", deployment_.world->deployment());
  deployment_.world->Put(another.Sign(another.FirstEntry()));
  deployment_.NewHead();
  EXPECT_EQ(Results(*desk_client_->CheckReport(1)), FailsAfter(7));
  EXPECT_EQ(desk_client_->ReadReport(1)->reporter_handle, std::nullopt);
}

// --- hand-altered disclosures --------------------------------------------------------------------

struct Forgery {
  const char* name;
  std::size_t held;  // claims that hold all the same
  const char* says;
  std::function<void(mail::v1::Disclosure&)> change;
};
void PrintTo(const Forgery& forgery, std::ostream* out) { *out << forgery.name; }

class AlteredDisclosure : public DeskTest, public ::testing::WithParamInterface<Forgery> {};

TEST_P(AlteredDisclosure, IsRefusedWithWhatIsWrong) {
  mail::v1::Disclosure disclosure = Opened(reports()[0]);
  GetParam().change(disclosure);
  const mail::v1::Report altered = Resealed(reports()[0], disclosure);
  const absl::Status refused = Judged(altered);
  EXPECT_EQ(ProblemOf(refused), Problem::kVerification);
  EXPECT_THAT(std::string(refused.message()), HasSubstr(GetParam().says));
  EXPECT_EQ(ResultsOf(altered), FailsAfter(GetParam().held));
}

void Flip(std::string* bytes, std::size_t at) {
  bytes->at(at) = static_cast<char>(bytes->at(at) ^ 1);
}

INSTANTIATE_TEST_SUITE_P(
    Each, AlteredDisclosure,
    ::testing::Values(
        Forgery{"text", 1, "ciphertext was changed",
                [](auto& d) { Flip(d.mutable_ciphertext(), 40); }},
        Forgery{"a shorter text", 1, "wrong length",
                [](auto& d) { d.mutable_ciphertext()->pop_back(); }},
        Forgery{"content key", 1, "content key is not the one",
                [](auto& d) { Flip(d.mutable_content_key(), 3); }},
        Forgery{"no content key", 1, "no content key", [](auto& d) { d.clear_content_key(); }},
        // Everything is bound to the header: id, thread, sender, recipient.
        Forgery{"thread", 1, "ciphertext was changed",
                [](auto& d) {
                  auto header = *seal::EnvelopeHeader::Parse(d.header());
                  header.thread_id = crypto::ThreadId();
                  d.set_header(header.Serialise());
                }},
        Forgery{"no header", 1, "does not open", [](auto& d) { d.clear_header(); }},
        Forgery{"an unknown field", 1, "no canonical disclosure",
                [](auto& d) { d.GetReflection()->MutableUnknownFields(&d)->AddVarint(99, 1); }},
        Forgery{"an unlisted reason", 1, "canonical",
                [](auto& d) { d.set_reason(static_cast<mail::v1::ReportReason>(77)); }},
        Forgery{"no reason", 1, "reason", [](auto& d) { d.clear_reason(); }},
        Forgery{"a long note", 1, "note", [](auto& d) { d.set_note(std::string(2001, 'x')); }},
        Forgery{"no proof", 3, "does not prove", [](auto& d) { d.clear_sender_proof(); }},
        Forgery{"salt", 3, "does not prove",
                [](auto& d) { Flip(d.mutable_sender_proof()->mutable_salt(), 0); }},
        Forgery{"the log's signature", 3, "does not prove",
                [](auto& d) {
                  std::string* note =
                      d.mutable_sender_proof()->mutable_head()->mutable_checkpoint();
                  Flip(note, note->size() - 10);
                }},
        Forgery{"the head", 3, "does not prove",
                [](auto& d) {
                  Flip(d.mutable_sender_proof()->mutable_head()->mutable_head_leaf(), 30);
                }},
        Forgery{"a history that is not needed", 4, "whose key signed",
                [](auto& d) { *d.add_sender_history() = d.sender_proof().signed_entry(); }}),
    [](const auto& forgery) {
      std::string name = forgery.param.name;
      std::erase_if(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; });
      return name;
    });

TEST_F(DeskTest, RefusesAReportInAnothersNameOrAboutAnother) {
  for (const auto& change : std::vector<std::function<void(mail::v1::Report&)>>{
           [&](auto& r) { r.set_reporter(std::string(alice_.member.member.bytes())); },
           [&](auto& r) {
             r.mutable_reference()->set_sender(std::string(bob_.member.member.bytes()));
           },
           [](auto& r) { Flip(r.mutable_reference()->mutable_message_id(), 0); },
           [](auto& r) { Flip(r.mutable_sealed_disclosure(), 100); },
           [](auto& r) { r.set_sealed_disclosure(std::string(100, 'x')); }}) {
    mail::v1::Report report = reports()[0];
    change(report);
    EXPECT_THAT(std::string(Judged(report).message()), HasSubstr("was not sealed to this desk"));
    EXPECT_EQ(ResultsOf(report), FailsAfter(0));
  }
  mail::v1::Report nobody = reports()[0];
  nobody.set_reporter("short");
  EXPECT_THAT(std::string(Judged(nobody).message()), HasSubstr("names nobody"));
  mail::v1::Report elsewhere = reports()[0];
  elsewhere.set_desk_encryption_key_id("another.");
  EXPECT_THAT(std::string(Judged(elsewhere).message()), HasSubstr("a key that this account"));
}

TEST_F(DeskTest, RefusesAForgedMessage) {
  // Bob writes to himself in Alice's name; all that he lacks is her key.
  Plant(bob_, alice_, bob_);
  const mail::v1::Report forged = Resealed(Naming(bob_, bob_), Disclose(bob_, alice_));
  EXPECT_THAT(std::string(Judged(forged).message()), HasSubstr("whose key signed"));
  EXPECT_EQ(ResultsOf(forged), FailsAfter(4));
  // Nor does his own entry make her of him.
  EXPECT_THAT(std::string(Judged(Resealed(Naming(bob_, bob_), Disclose(bob_, bob_))).message()),
              HasSubstr("another member than the sender"));
}

TEST_F(DeskTest, RefusesForeignMessages) {
  // One that Alice wrote to Carol, which Bob got hold of.
  User carol(&deployment_, "carol");
  Make(carol);
  ASSERT_TRUE(alice_client_->Send(To(carol, "for Carol")).ok());
  const mail::v1::Report stolen = Resealed(Naming(carol, bob_), Disclose(carol, alice_));
  EXPECT_THAT(std::string(Judged(stolen).message()), HasSubstr("not written to the one"));
  EXPECT_EQ(ResultsOf(stolen), FailsAfter(2));
  // Another one than the one that the report names, and that the mail server saw delivered.
  const mail::v1::Report first = Naming(bob_, bob_);
  ASSERT_TRUE(alice_client_->Send(To(bob_, "second")).ok());
  const mail::v1::Report swapped = Resealed(first, Disclose(bob_, alice_));
  EXPECT_THAT(std::string(Judged(swapped).message()), HasSubstr("another message"));
  EXPECT_EQ(ResultsOf(swapped), FailsAfter(2));
  // As Carol's own report it holds.
  EXPECT_TRUE(Judged(Resealed(Naming(carol, carol), Disclose(carol, alice_))).ok());
}

}  // namespace
}  // namespace letterlock::client
