#include "mailbox/keyring_rows.h"

#include <algorithm>
#include <string>
#include <vector>

#include "crypto/base/context.h"

namespace letterlock::mail {
namespace {

bool IsTaken(const std::vector<KeptKeyring>& keyrings, std::uint8_t slot) {
  return std::ranges::find(keyrings, slot, &KeptKeyring::slot) != keyrings.end();
}

// Of those that were there, what the profile keeps no more. No row is named twice: one that another
// keyring takes over is put, not deleted.
void DeleteUnkept(const std::vector<KeptKeyring>& before, const Profile& profile,
                  engine::Batch* batch) {
  for (const KeptKeyring& keyring : before) {
    if (!IsTaken(profile.keyrings, keyring.slot)) batch->deletes.push_back(PlaceOf(keyring));
  }
}

void KeepNamedAlone(Profile* profile) {
  std::erase_if(profile->keyrings,
                [&](const KeptKeyring& keyring) { return keyring.hash != profile->keyring_hash; });
}

}  // namespace

crypto::Digest KeyringHash(std::string_view sealed) {
  return crypto::Sha256(context::kKeyringHash, {sealed});
}

engine::RowKey PlaceOf(const KeptKeyring& keyring) {
  return {table::kKeyrings, std::string(1, static_cast<char>(keyring.slot))};
}

bool IsKept(const Profile& profile, const crypto::Digest& hash) {
  return std::ranges::find(profile.keyrings, hash, &KeptKeyring::hash) != profile.keyrings.end();
}

const KeptKeyring* NamedKeyring(const Profile& profile) {
  const auto named = std::ranges::find_if(profile.keyrings, [&](const KeptKeyring& keyring) {
    return keyring.hash == profile.keyring_hash;
  });
  return named == profile.keyrings.end() ? nullptr : &*named;
}

engine::RowKey KeepKeyring(const crypto::Digest& hash, Profile* profile, engine::Batch* batch) {
  const std::vector<KeptKeyring> before = profile->keyrings;
  KeepNamedAlone(profile);
  KeptKeyring added{hash, 0};
  while (IsTaken(profile->keyrings, added.slot)) ++added.slot;
  profile->keyrings.push_back(added);
  DeleteUnkept(before, *profile, batch);
  return PlaceOf(added);
}

void DropReplacedKeyrings(Profile* profile, engine::Batch* batch) {
  if (NamedKeyring(*profile) == nullptr) return;
  const std::vector<KeptKeyring> before = profile->keyrings;
  KeepNamedAlone(profile);
  DeleteUnkept(before, *profile, batch);
}

}  // namespace letterlock::mail
