// Private to the attachments part: how an upload gets into its rows.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "attachments/hold.h"
#include "attachments/shared.h"

namespace letterlock::mail {

class StoredUpload final : public Upload {
 public:
  static absl::StatusOr<std::shared_ptr<Upload>> Start(std::shared_ptr<Attachments::Shared> shared,
                                                       std::shared_ptr<Lane> lane,
                                                       const crypto::Digest& hash,
                                                       std::uint64_t size, std::uint64_t offset,
                                                       absl::Time deadline);
  ~StoredUpload() override;

  void Append(std::string_view data, absl::Time deadline, Answer then) override;
  absl::StatusOr<std::uint64_t> Finish(absl::Time deadline) override;
  void Abandon(absl::Time deadline) override;

 private:
  StoredUpload(std::shared_ptr<Attachments::Shared> shared, std::shared_ptr<Lane> lane,
               const crypto::Digest& hash, std::uint64_t size);

  absl::Status Begin(std::uint64_t offset, absl::Time deadline);
  // A record for an upload that is new here.
  absl::Status BeginNew(const std::shared_ptr<AttachmentHold>& hold, absl::Time deadline);
  absl::Status GoOn(const std::shared_ptr<AttachmentHold>& hold, absl::Time deadline);
  // Whether what is there is the beginning of this upload, up to `offset`.
  absl::Status CheckStanding(const AttachmentHold::Item& item, std::uint64_t offset) const;
  absl::Status CheckPending(absl::Time deadline) const;
  absl::Status Register(const std::string& row_key);
  // Writes the whole chunks of the buffer, or all of it where it ends the attachment.
  void Flush(absl::Time deadline, Answer then);
  absl::Status CheckOwn(const AttachmentHold::Item& item) const;
  absl::StatusOr<std::uint64_t> Complete(absl::Time deadline);

  const std::shared_ptr<Attachments::Shared> shared_;
  const std::shared_ptr<Lane> lane_;
  const crypto::Digest hash_;
  const std::uint64_t size_;
  const std::uint64_t call_;
  std::string row_key_;
  bool registered_ = false;
  bool counted_ = false;
  std::uint64_t stored_ = 0;
  std::string buffer_;
};

}  // namespace letterlock::mail
