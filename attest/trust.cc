#include "attest/trust.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "crypto/base/encoding.h"
#include "text.h"

namespace letterlock::attest {
namespace {

constexpr std::string_view kHeader = "letterlock-trust/v1";
constexpr std::string_view kDeployment = "deployment ";
constexpr std::string_view kDevelopment = "development";
constexpr std::string_view kRegistrar = "registrar ";
constexpr std::string_view kPolicyKey = "policy-key ";
constexpr std::string_view kThreshold = "policy-threshold ";
constexpr std::string_view kTlogPolicy = "tlog-policy";

// The lines in their order, comments left out; the position for errors.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) { Next(); }

  // The present line; empty at the end.
  std::string_view line() const { return line_; }
  std::string_view rest() const { return rest_; }

  void Next() {
    do {
      ++number_;
      line_ = TakeLine(rest_).value_or("");
    } while (line_.starts_with('#'));
  }

  // Takes the present line if it is `word` exactly.
  bool Take(std::string_view word) {
    if (line_ != word) return false;
    Next();
    return true;
  }

  // Takes the present line if it starts with `word`, and gives what follows.
  std::optional<std::string_view> TakeAfter(std::string_view word) {
    if (!line_.starts_with(word)) return std::nullopt;
    const std::string_view value = line_.substr(word.size());
    Next();
    return value;
  }

  absl::Status Error(const char* wrong) const {
    return absl::InvalidArgumentError(absl::StrCat("trust file, near line ", number_, ": ", wrong));
  }

 private:
  std::string_view rest_;
  std::string_view line_;
  size_t number_ = 0;
};

// All lines of this word, each a key that was not there before.
absl::Status TakeKeys(Lines& lines, std::string_view word, std::vector<crypto::PublicKey>& keys) {
  while (const std::optional<std::string_view> text = lines.TakeAfter(word)) {
    absl::StatusOr<std::string> raw = crypto::Base64Decode(*text);
    if (!raw.ok()) return lines.Error("a key is not base64");
    absl::StatusOr<crypto::PublicKey> key = crypto::PublicKey::FromBytes(*raw);
    if (!key.ok() || !key->CheckPoint().ok()) return lines.Error("not an Ed25519 key");
    if (std::ranges::find(keys, *key) != keys.end()) return lines.Error("a key twice");
    if (keys.size() == TrustFile::kMaxKeys) return lines.Error("too many keys");
    keys.push_back(*key);
  }
  return absl::OkStatus();
}

bool AreOfOneOrigin(absl::Span<const VerifierKey> logs) {
  return std::ranges::all_of(logs,
                             [&](const auto& log) { return log.name() == logs.front().name(); });
}

}  // namespace

absl::StatusOr<TrustFile> TrustFile::Parse(std::string_view text) {
  if (!text.starts_with(kHeader)) return absl::InvalidArgumentError("not a trust file");
  Lines lines(text);
  if (!lines.Take(kHeader)) return lines.Error("not a trust file of version 1");
  TrustFields fields;
  EntryTrust& entries = fields.entries;

  const std::optional<std::string_view> deployment = lines.TakeAfter(kDeployment);
  absl::StatusOr<std::string> raw_id = crypto::HexDecode(deployment.value_or(""));
  absl::StatusOr<crypto::DeploymentId> id = crypto::DeploymentId::FromBytes(raw_id.value_or(""));
  if (!id.ok()) return lines.Error("deployment and 16 bytes in hex");
  entries.deployment = *id;
  entries.development = lines.Take(kDevelopment);

  absl::Status status = TakeKeys(lines, kRegistrar, entries.registrars);
  if (!status.ok()) return status;
  if (entries.registrars.empty() != entries.development) {
    return lines.Error("registrars outside development, and only there");
  }
  status = TakeKeys(lines, kPolicyKey, fields.policy_keys);
  if (!status.ok()) return status;
  const std::optional<uint64_t> threshold = ParseDecimal(lines.TakeAfter(kThreshold).value_or(""));
  if (!threshold || *threshold == 0 || *threshold > fields.policy_keys.size()) {
    return lines.Error("policy-threshold between 1 and the number of policy keys");
  }
  fields.policy_threshold = *threshold;

  // From here on comments are the policy's own.
  if (lines.line() != kTlogPolicy) return lines.Error("tlog-policy, then the policy");
  fields.tlog_policy = std::string(lines.rest());
  absl::StatusOr<WitnessPolicy> policy = WitnessPolicy::Parse(fields.tlog_policy);
  if (!policy.ok()) return policy.status();
  if (policy->log_keys().empty() || !AreOfOneOrigin(policy->log_keys())) {
    return absl::InvalidArgumentError("trust file: its policy names the keys of one log");
  }
  return TrustFile(std::move(fields), *std::move(policy));
}

absl::StatusOr<std::string> FormatTrustFile(const TrustFields& fields) {
  const auto line = [](std::string_view word, const std::string& value) {
    return std::string(word) + value + "\n";
  };
  const auto key_line = [&](std::string_view word, const crypto::PublicKey& key) {
    return line(word, crypto::Base64Encode(key.bytes()));
  };
  std::string text = line(kHeader, "");
  text += line(kDeployment, crypto::HexEncode(fields.entries.deployment.bytes()));
  if (fields.entries.development) text += line(kDevelopment, "");
  for (const crypto::PublicKey& key : fields.entries.registrars) text += key_line(kRegistrar, key);
  for (const crypto::PublicKey& key : fields.policy_keys) text += key_line(kPolicyKey, key);
  text += line(kThreshold, std::to_string(fields.policy_threshold));
  text += line(kTlogPolicy, "") + fields.tlog_policy;
  if (absl::StatusOr<TrustFile> back = TrustFile::Parse(text); !back.ok()) return back.status();
  return text;
}

}  // namespace letterlock::attest
