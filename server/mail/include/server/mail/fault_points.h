// Named moments between two steps of which the first must never count without the second, or the
// other way round (docs/mail-server.md, "What a crash leaves").
#pragma once

#include <string_view>
#include <vector>

namespace letterlock::mail {

// Told by whoever writes durable state which moment it has come to. Main hands in one that does
// nothing or, under --crash-at, one that ends the process there; tests hand in their own.
// Thread-safe.
class FaultPoints {
 public:
  virtual ~FaultPoints() = default;

  // Called on the thread that comes to the point, which may hold no lock. May not return.
  virtual void Reached(std::string_view point) = 0;
};

// Goes on.
class NoFaultPoints final : public FaultPoints {
 public:
  void Reached(std::string_view) override {}
};

namespace point {

// Of an enrolment.
inline constexpr std::string_view kIndexWritten = "enroll-index-written";
inline constexpr std::string_view kMailboxMade = "enroll-mailbox-made";
inline constexpr std::string_view kProfileWritten = "enroll-profile-written";
// Of a send where the engine commits both mailboxes at once.
inline constexpr std::string_view kSendQueued = "send-queued";    // with the engine, unanswered
inline constexpr std::string_view kSendDurable = "send-durable";  // on disk, nobody was told
// Of a send in three steps: each is on disk, and nobody was told.
inline constexpr std::string_view kStepOne = "send-step-one-durable";
inline constexpr std::string_view kStepTwo = "send-step-two-durable";
inline constexpr std::string_view kStepThree = "send-step-three-durable";

// Of an Update, a Delete, an Import, a RevokeDevice, a PutKeyring: with the engine, unanswered; on
// disk, nobody was told.
inline constexpr std::string_view kUpdateQueued = "update-queued";
inline constexpr std::string_view kUpdateDurable = "update-durable";
inline constexpr std::string_view kDeleteQueued = "delete-queued";
inline constexpr std::string_view kDeleteDurable = "delete-durable";
inline constexpr std::string_view kImportQueued = "import-queued";
inline constexpr std::string_view kImportDurable = "import-durable";
inline constexpr std::string_view kRevokeQueued = "revoke-queued";
inline constexpr std::string_view kRevokeDurable = "revoke-durable";
inline constexpr std::string_view kKeyringQueued = "keyring-queued";
inline constexpr std::string_view kKeyringDurable = "keyring-durable";

// Of a Respond where the engine commits both mailboxes at once, likewise. Of one in three steps:
// decided in the own mailbox, told in the other's, and cleared; each on disk.
inline constexpr std::string_view kRespondQueued = "respond-queued";
inline constexpr std::string_view kRespondDurable = "respond-durable";
inline constexpr std::string_view kRespondStepOne = "respond-step-one-durable";
inline constexpr std::string_view kRespondStepTwo = "respond-step-two-durable";
inline constexpr std::string_view kRespondStepThree = "respond-step-three-durable";
// Of a Report: begun in the own mailbox, before the desk, done; each on disk, and nobody was told.
inline constexpr std::string_view kReportBegun = "report-begun";
inline constexpr std::string_view kReportBeforeDesk = "report-before-desk";
inline constexpr std::string_view kReportDone = "report-done";

inline const std::vector<std::string_view>& All() {
  static const std::vector<std::string_view> points = {
      kIndexWritten,   kMailboxMade,    kProfileWritten,   kSendQueued,    kSendDurable,
      kStepOne,        kStepTwo,        kStepThree,        kUpdateQueued,  kUpdateDurable,
      kDeleteQueued,   kDeleteDurable,  kImportQueued,     kImportDurable, kRevokeQueued,
      kRevokeDurable,  kKeyringQueued,  kKeyringDurable,   kRespondQueued, kRespondDurable,
      kRespondStepOne, kRespondStepTwo, kRespondStepThree, kReportBegun,   kReportBeforeDesk,
      kReportDone};
  return points;
}

}  // namespace point
}  // namespace letterlock::mail
