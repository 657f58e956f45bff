#include "attest/witness_policy.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "text.h"

namespace letterlock::attest {
namespace {

using Words = std::vector<std::string_view>;

// The items of a line, between runs of spaces and tabs.
Words SplitLine(std::string_view line) {
  Words words;
  while (true) {
    const size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return words;
    const size_t end = std::min(line.find_first_of(" \t", begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    line.remove_prefix(end);
  }
}

bool HasOnlyAllowedOctets(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto octet = static_cast<uint8_t>(c);
    return octet == '\t' || octet == '\n' || (octet >= 0x20 && octet <= 0x7e) || octet >= 0x80;
  });
}

bool HoldsKey(absl::Span<const VerifierKey> keys, const crypto::PublicKey& key) {
  return std::ranges::any_of(keys, [&](const auto& k) { return k.public_key() == key; });
}

}  // namespace

// Reads one line after the other into a policy; each step returns what is wrong, or nothing.
class PolicyParser {
 public:
  absl::StatusOr<WitnessPolicy> Parse(std::string_view text) {
    if (text.size() > WitnessPolicy::kMaxSize || !HasOnlyAllowedOctets(text)) {
      return absl::InvalidArgumentError("policy: too long, or an octet that is not allowed");
    }
    for (size_t number = 1; !text.empty(); ++number) {
      const std::optional<std::string_view> line = TakeLine(text);
      const char* wrong = line ? ReadLine(SplitLine(*line)) : "no newline at the end";
      if (wrong != nullptr) {
        return absl::InvalidArgumentError(absl::StrCat("policy line ", number, ": ", wrong));
      }
    }
    if (!has_quorum_) return absl::InvalidArgumentError("policy: no quorum line");
    return std::move(policy_);
  }

 private:
  const char* ReadLine(const Words& words) {
    if (words.empty() || words[0].starts_with('#')) return nullptr;
    if (words[0] == "log") return ReadLog(words);
    if (words[0] == "witness") return ReadWitness(words);
    if (words[0] == "group") return ReadGroup(words);
    if (words[0] == "quorum") return ReadQuorum(words);
    return "not a log, witness, group or quorum";
  }

  const char* ReadLog(const Words& words) {
    if (words.size() < 2 || words.size() > 3) return "log <vkey> [<url>]";
    if (policy_.log_keys_.size() == WitnessPolicy::kMaxLogs) return "too many logs";
    return AddKey(words[1], words.size() == 3 ? words[2] : "", NoteKeyType::kEd25519,
                  policy_.log_keys_, policy_.log_urls_);
  }

  const char* ReadWitness(const Words& words) {
    if (words.size() < 3 || words.size() > 4) return "witness <name> <vkey> [<url>]";
    if (policy_.witness_keys_.size() == WitnessPolicy::kMaxWitnesses) return "too many witnesses";
    const size_t index = policy_.witness_keys_.size();
    const char* wrong =
        AddKey(words[2], words.size() == 4 ? words[3] : "", NoteKeyType::kCosignature,
               policy_.witness_keys_, policy_.witness_urls_);
    return wrong != nullptr ? wrong : AddParty(words[1], {"", index, 0, {}});
  }

  const char* ReadGroup(const Words& words) {
    if (words.size() < 4) return "group <name> all|any|<k> <name>...";
    if (++groups_ > WitnessPolicy::kMaxGroups) return "too many groups";
    WitnessPolicy::Party group;
    for (std::string_view name : absl::MakeConstSpan(words).subspan(3)) {
      const std::optional<size_t> member = Find(name);
      if (!member) return "member of a group that no line before defines";
      if (in_a_group_[*member]) return "member of more than one group";
      in_a_group_[*member] = true;
      group.members.push_back(*member);
    }
    const std::optional<uint64_t> count = words[2] == "any"   ? 1
                                          : words[2] == "all" ? group.members.size()
                                                              : ParseDecimal(words[2]);
    if (!count || *count == 0 || *count > group.members.size()) return "threshold out of range";
    group.threshold = *count;
    return AddParty(words[1], std::move(group));
  }

  const char* ReadQuorum(const Words& words) {
    if (words.size() != 2) return "quorum <name>|none";
    if (std::exchange(has_quorum_, true)) return "a second quorum";
    if (words[1] == "none") return nullptr;
    policy_.quorum_ = Find(words[1]);
    return policy_.quorum_ ? nullptr : "quorum that no line before defines";
  }

  const char* AddKey(std::string_view vkey, std::string_view url, NoteKeyType type,
                     std::vector<VerifierKey>& keys, std::vector<std::string>& urls) {
    absl::StatusOr<VerifierKey> key = VerifierKey::Parse(vkey);
    if (!key.ok()) return "not a verifier key";
    if (key->type() != type) return "verifier key of the wrong type";
    if (HoldsKey(policy_.log_keys_, key->public_key()) ||
        HoldsKey(policy_.witness_keys_, key->public_key())) {
      return "the same key twice";
    }
    keys.push_back(*std::move(key));
    urls.emplace_back(url);
    return nullptr;
  }

  const char* AddParty(std::string_view name, WitnessPolicy::Party party) {
    if (name == "none" || Find(name)) return "name that is taken";
    party.name = std::string(name);
    policy_.parties_.push_back(std::move(party));
    in_a_group_.push_back(false);
    return nullptr;
  }

  std::optional<size_t> Find(std::string_view name) const {
    const auto found = std::ranges::find(policy_.parties_, name, &WitnessPolicy::Party::name);
    if (found == policy_.parties_.end()) return std::nullopt;
    return static_cast<size_t>(found - policy_.parties_.begin());
  }

  WitnessPolicy policy_;
  std::vector<bool> in_a_group_;  // by party
  size_t groups_ = 0;
  bool has_quorum_ = false;
};

absl::StatusOr<WitnessPolicy> WitnessPolicy::Parse(std::string_view text) {
  return PolicyParser().Parse(text);
}

QuorumVerdict WitnessPolicy::Evaluate(absl::Span<const VerifiedCosignature> cosignatures,
                                      const CosignatureWindow& window) const {
  std::vector<std::optional<CountedWitness>> counted(witness_keys_.size());
  for (const VerifiedCosignature& cosignature : cosignatures) {
    const uint64_t time = cosignature.timestamp;
    if (time < window.not_before || time > window.not_after) continue;
    std::optional<CountedWitness>& witness = counted.at(cosignature.witness);
    if (!witness) witness = CountedWitness{"", time, time};
    witness->earliest = std::min(witness->earliest, time);
    witness->latest = std::max(witness->latest, time);
  }

  QuorumVerdict verdict;
  std::vector<bool> satisfied;  // by party; a group's members stand before it
  for (const Party& party : parties_) {
    if (party.witness) {
      satisfied.push_back(counted[*party.witness].has_value());
      if (!satisfied.back()) continue;
      verdict.counted.push_back(*counted[*party.witness]);
      verdict.counted.back().name = party.name;
    } else {
      const auto votes =
          std::ranges::count_if(party.members, [&](size_t m) { return satisfied[m]; });
      satisfied.push_back(static_cast<size_t>(votes) >= party.threshold);
    }
  }
  verdict.level = !quorum_              ? QuorumLevel::kUnwitnessed
                  : satisfied[*quorum_] ? QuorumLevel::kReached
                                        : QuorumLevel::kMissed;
  return verdict;
}

}  // namespace letterlock::attest
