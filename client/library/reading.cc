#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "client/failure.h"
#include "client_impl.h"
#include "crypto/base/encoding.h"
#include "crypto/seal/envelope_header.h"
#include "letterlock/mail/v1/mail_service.pb.h"
#include "mailbox_reader.h"
#include "wire.h"

namespace letterlock::client {
namespace {

using mail::v1::MessageReference;

constexpr std::uint32_t kListPage = 200;
constexpr std::size_t kFetchPage = 100;
constexpr std::size_t kMostListed = 1'000'000;
// A server that never ends its list would otherwise keep us for ever.
constexpr int kMostPages = 2 * kMostListed / kListPage;

// A header that does not parse still stands for a message: Take refuses it under its zero id.
MessageReference ReferenceOf(const mail::v1::MessageSummary& summary) {
  MessageReference reference;
  const auto header = seal::EnvelopeHeader::Parse(summary.header());
  if (!header.ok()) return reference;
  reference.set_sender(std::string(header->sender.bytes()));
  reference.set_message_id(std::string(header->message_id.bytes()));
  return reference;
}

crypto::MessageId IdOf(const MessageReference& reference) {
  return crypto::MessageId::FromBytes(reference.message_id()).value_or(crypto::MessageId());
}

bool IsHex(std::string_view text) {
  return !text.empty() && text.size() <= 2 * crypto::MessageId::kSize &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

absl::StatusOr<ClientImpl::References> ClientImpl::ListReferences(Folder folder, std::size_t most,
                                                                  bool* more) {
  References references;
  std::set<std::string> seen;
  mail::v1::ListRequest request;
  request.set_folder(WireFolder(folder));
  request.set_page_size(kListPage);
  for (int pages = 0; pages < kMostPages; ++pages) {
    mail::v1::ListResponse page;
    const absl::Status status = mail_.List(request, &page);
    if (!status.ok()) return status;
    for (const mail::v1::MessageSummary& summary : page.messages()) {
      MessageReference reference = ReferenceOf(summary);
      // The same message twice is one message.
      if (!seen.insert(reference.sender() + reference.message_id()).second) continue;
      if (references.size() == most) {
        *more = true;
        return references;
      }
      references.push_back(std::move(reference));
    }
    if (page.next_page_token().empty()) return references;
    request.set_page_token(page.next_page_token());
  }
  return VerificationFailed("the mail server's list does not end");
}

absl::StatusOr<ClientImpl::References> ClientImpl::FindReferences(std::string_view id_prefix) {
  References found;
  for (const Folder folder : {Folder::kInbox, Folder::kSent}) {
    bool more = false;
    auto all = ListReferences(folder, kMostListed, &more);
    if (!all.ok()) return all.status();
    for (MessageReference& reference : *all) {
      if (crypto::HexEncode(reference.message_id()).starts_with(id_prefix)) {
        found.push_back(std::move(reference));
      }
    }
  }
  return found;
}

absl::StatusOr<Listing> ClientImpl::Take(const References& listed) {
  Listing listing;
  References references;
  for (const MessageReference& reference : listed) {
    if (!reference.message_id().empty()) {
      references.push_back(reference);
    } else {
      listing.refused.push_back(
          {crypto::MessageId(), VerificationFailed("the server lists what is no message")});
    }
  }
  std::vector<mail::v1::BatchGetResponse> pages;
  for (std::size_t at = 0; at < references.size(); at += kFetchPage) {
    mail::v1::BatchGetRequest request;
    const std::size_t end = std::min(at + kFetchPage, references.size());
    for (std::size_t i = at; i < end; ++i) *request.add_references() = references[i];
    const absl::Status status = mail_.BatchGet(request, &pages.emplace_back());
    if (!status.ok()) return status;
    if (static_cast<std::size_t>(pages.back().results_size()) != end - at) {
      return VerificationFailed("the mail server answered for another number of messages");
    }
  }

  auto transaction = state_file_.Begin();
  if (!transaction.ok()) return transaction.status();
  CheckOwnEntry(&transaction->state());
  MailboxReader reader(&keys_, &directory_, &transaction->state());
  for (std::size_t i = 0; i < references.size(); ++i) {
    const auto& result = pages[i / kFetchPage].results(static_cast<int>(i % kFetchPage));
    if (!result.has_message()) {
      listing.refused.push_back({IdOf(references[i]), NotFound("the server no longer has it")});
      continue;
    }
    auto message = reader.Take(result.message(), references[i]);
    if (message.ok()) {
      listing.messages.push_back(*std::move(message));
    } else {
      listing.refused.push_back({IdOf(references[i]), message.status()});
    }
  }
  // Before anything is shown: what is taken once must be remembered.
  const absl::Status kept = transaction->Commit();
  if (!kept.ok()) return kept;
  absl::MutexLock lock(&mutex_);
  if (alarm_.ok()) alarm_ = reader.alarm();
  return listing;
}

// Somebody who only ever reads must hear of a swapped key too: her new mail is sealed for it.
void ClientImpl::CheckOwnEntry(State* state) {
  const absl::Status checked = impatient_directory_.CheckOwn(keys_.handle, state, /*always=*/true);
  const bool alarm = ProblemOf(checked) == Problem::kAlarm;
  absl::MutexLock lock(&mutex_);
  if (alarm && alarm_.ok()) alarm_ = checked;
  own_entry_unchecked_ = alarm ? absl::OkStatus() : checked;
}

absl::StatusOr<Listing> ClientImpl::List(Folder folder, std::size_t most) {
  const absl::Status complete = CheckComplete();
  if (!complete.ok()) return complete;
  bool more = false;
  const auto references = ListReferences(folder, most, &more);
  if (!references.ok()) return references.status();
  auto listing = Take(*references);
  if (listing.ok()) listing->more = more;
  return listing;
}

absl::StatusOr<Message> ClientImpl::Read(std::string_view id_prefix) {
  if (!IsHex(id_prefix)) {
    return UsageProblem("a message id is up to 32 of the digits 0 to 9 and a to f");
  }
  const absl::Status complete = CheckComplete();
  if (!complete.ok()) return complete;
  const auto references = FindReferences(id_prefix);
  if (!references.ok()) return references.status();
  if (references->empty()) return NotFound("no message of yours has an id that begins so");
  if (references->size() > 1) {
    return UsageProblem("several messages have an id that begins so: give more digits");
  }
  auto listing = Take(*references);
  if (!listing.ok()) return listing.status();
  if (listing->messages.empty()) return listing->refused.front().why;
  return std::move(listing->messages.front());
}

}  // namespace letterlock::client
