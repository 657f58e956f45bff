#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "client/state.h"
#include "crypto/base/encoding.h"

namespace letterlock::client {
namespace {

using Json = nlohmann::json;
using crypto::Base64Encode;

constexpr int kVersion = 1;

Json PinJson(const crypto::Handle& handle, const Pin& pin) {
  Json earlier = Json::array();
  for (const crypto::PublicKey& key : pin.earlier_identity_keys) {
    earlier.push_back(Base64Encode(key.bytes()));
  }
  return {{"handle", handle.str()},
          {"entry", Base64Encode(pin.entry)},
          {"first_seen_unix_ms", pin.first_seen_unix_ms},
          {"earlier_identity_keys", std::move(earlier)}};
}

// Reads one JSON object strictly: each field once asked for, each of its type, none left over. The
// first error sticks; values are defaults from there on.
class ObjectReader {
 public:
  ObjectReader(const Json& json, bool* ok) : json_(json), ok_(ok) {
    if (!json.is_object()) *ok_ = false;
  }
  ~ObjectReader() {
    if (*ok_ && json_.size() != asked_) *ok_ = false;
  }
  ObjectReader(const ObjectReader&) = delete;
  ObjectReader& operator=(const ObjectReader&) = delete;

  const Json& Any(const char* name) {
    static const Json kNothing;
    ++asked_;
    if (!*ok_ || !json_.contains(name)) {
      *ok_ = false;
      return kNothing;
    }
    return json_.at(name);
  }
  std::uint64_t Number(const char* name) {
    const Json& value = Any(name);
    return Check(value.is_number_unsigned()) ? value.get<std::uint64_t>() : 0;
  }
  bool Flag(const char* name) {
    const Json& value = Any(name);
    return Check(value.is_boolean()) && value.get<bool>();
  }
  std::string Text(const char* name) {
    const Json& value = Any(name);
    return Check(value.is_string()) ? value.get<std::string>() : std::string();
  }
  std::string Bytes(const char* name) { return Decode(Text(name)); }
  std::vector<std::string> BytesList(const char* name) {
    std::vector<std::string> out;
    const Json& list = Any(name);
    if (!Check(list.is_array())) return out;
    for (const Json& value : list) {
      if (Check(value.is_string())) out.push_back(Decode(value.get<std::string>()));
    }
    return out;
  }
  template <typename T>
  T Value(absl::StatusOr<T> value, T otherwise) {
    return Check(value.ok()) ? *std::move(value) : std::move(otherwise);
  }

 private:
  bool Check(bool holds) {
    if (!holds) *ok_ = false;
    return *ok_;
  }
  std::string Decode(const std::string& text) {
    return Value(crypto::Base64Decode(text), std::string());
  }

  const Json& json_;
  bool* ok_;
  std::size_t asked_ = 0;
};

void ReadOwn(const Json& json, bool* ok, OwnEntry* own) {
  ObjectReader reader(json, ok);
  own->signed_entry = reader.Bytes("signed_entry");
  own->published = reader.Flag("published");
  own->enrolled = reader.Flag("enrolled");
  own->checked_head = reader.Number("checked_head");
}

void ReadLog(const Json& json, bool* ok, RememberedLog* log) {
  ObjectReader reader(json, ok);
  log->origin = reader.Text("origin");
  log->size = reader.Number("size");
  log->root = reader.Value(crypto::DigestFromBytes(reader.Bytes("root")), crypto::Digest{});
  log->checkpoint = reader.Bytes("checkpoint");
  log->head_sequence = reader.Number("head_sequence");
  log->head_index = reader.Number("head_index");
  log->head_leaf =
      reader.Value(crypto::DigestFromBytes(reader.Bytes("head_leaf")), crypto::Digest{});
}

void ReadPin(const Json& json, bool* ok, State* state) {
  ObjectReader reader(json, ok);
  const auto handle = crypto::Handle::Parse(reader.Text("handle"));
  Pin pin;
  pin.entry = reader.Bytes("entry");
  pin.first_seen_unix_ms = reader.Number("first_seen_unix_ms");
  for (const std::string& bytes : reader.BytesList("earlier_identity_keys")) {
    pin.earlier_identity_keys.push_back(
        reader.Value(crypto::PublicKey::FromBytes(bytes), crypto::PublicKey()));
  }
  if (!handle.ok() || !state->pins.emplace(*handle, std::move(pin)).second) *ok = false;
}

}  // namespace

std::string SerialiseState(const State& state) {
  Json pins = Json::array();
  for (const auto& [handle, pin] : state.pins) pins.push_back(PinJson(handle, pin));
  const Json json = {{"version", kVersion},
                     {"own",
                      {{"signed_entry", Base64Encode(state.own.signed_entry)},
                       {"published", state.own.published},
                       {"enrolled", state.own.enrolled},
                       {"checked_head", state.own.checked_head}}},
                     {"log",
                      {{"origin", state.log.origin},
                       {"size", state.log.size},
                       {"root", Base64Encode(crypto::ToString(state.log.root))},
                       {"checkpoint", Base64Encode(state.log.checkpoint)},
                       {"head_sequence", state.log.head_sequence},
                       {"head_index", state.log.head_index},
                       {"head_leaf", Base64Encode(crypto::ToString(state.log.head_leaf))}}},
                     {"pins", std::move(pins)},
                     {"taken", Base64Encode(state.taken.Serialise())}};
  return json.dump();
}

absl::StatusOr<State> ParseState(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  State state;
  bool ok = !json.is_discarded();
  if (ok) {
    ObjectReader reader(json, &ok);
    if (reader.Number("version") != kVersion) ok = false;
    ReadOwn(reader.Any("own"), &ok, &state.own);
    ReadLog(reader.Any("log"), &ok, &state.log);
    const Json& pins = reader.Any("pins");
    if (!pins.is_array()) ok = false;
    if (ok) {
      for (const Json& pin : pins) ReadPin(pin, &ok, &state);
    }
    state.taken = reader.Value(TakenMessages::Parse(reader.Bytes("taken")), TakenMessages());
  }
  if (!ok) return absl::DataLossError("the client state is not one that this version wrote");
  return state;
}

}  // namespace letterlock::client
