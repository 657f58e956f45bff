// What a device is called: two words that can be said aloud, made from its key, so that each device
// shows the same name for it and nobody has to give one (docs/client.md, "Devices"). Thread-safe.
#pragma once

#include <string>

#include "crypto/base/sign.h"

namespace letterlock::cli {

// Two words of consonant, vowel, consonant, vowel, consonant, each 16 bits of the key id
// (proquints), joined by '-': "lusab-babad". A name to find a device by, no proof of which it is:
// 32 bits can be searched for.
std::string DeviceName(const crypto::PublicKey& device_key);

}  // namespace letterlock::cli
