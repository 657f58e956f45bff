// Sealed keyrings and where they lie: table 0x12, in one of kMaxKeyrings slots each. Private to
// server/mail. Pure functions.
//
// The profile says what is there, and the two are written in one batch. No row key holds anything
// of a keyring's hash: that stands in the public directory, and would say whose mailbox this is.
#pragma once

#include <string_view>

#include "crypto/base/hash.h"
#include "engine/row.h"
#include "server/mail/mailbox/rows.h"

namespace letterlock::mail {

// What a directory entry names (docs/formats.md, "Keyring").
crypto::Digest KeyringHash(std::string_view sealed);

engine::RowKey PlaceOf(const KeptKeyring& keyring);

bool IsKept(const Profile& profile, const crypto::Digest& hash);

// The one that the entry names; nullptr where none is kept. Lives as long as the profile does.
const KeptKeyring* NamedKeyring(const Profile& profile);

// Keeps another keyring beside the one that the entry names, or for it: all others go. Where it is
// to be put, by the same batch. REQUIRES: it is not kept.
engine::RowKey KeepKeyring(const crypto::Digest& hash, Profile* profile, engine::Batch* batch);

// Once the one that the entry names is there, the others go: they are sealed to a kit, or hold
// keys, that the member has replaced.
void DropReplacedKeyrings(Profile* profile, engine::Batch* batch);

}  // namespace letterlock::mail
