"""docs/formats.md, "Recovery kit" and "Keyring"."""

from letterlock.mail.v1 import keyring_pb2
from primitives import (
    H, Refused, canonical, ctx, ed25519_key, hkdf, hpke_open, hpke_seal, parse_canonical, public, require, u8,
    x25519_key)

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUPS = 13
_MAGIC = b"LLKRING1"
MOST = 65536


def _check_character(index, four):
    return ALPHABET[H(ctx("recovery-group") + u8(index) + four.encode())[0] >> 3]


def kit_text(kit):
    """A recovery kit as it is written down."""
    bits = int.from_bytes(kit, "big") << 4
    characters = "".join(ALPHABET[bits >> 5 * i & 31] for i in reversed(range(4 * _GROUPS)))
    fours = [characters[i:i + 4] for i in range(0, len(characters), 4)]
    return "-".join(four + _check_character(i, four) for i, four in enumerate(fours))


def plain_characters(text):
    """The characters of the alphabet that somebody wrote down."""
    plain = text.strip().upper().replace(" ", "").replace("-", "").translate(str.maketrans("OIL", "011"))
    require(set(plain) <= set(ALPHABET), "a character that is none")
    return plain


def read_kit(text):
    """The 32 bytes; Refused with the number of the first wrong group, from 1."""
    plain = plain_characters(text)
    require(len(plain) == 5 * _GROUPS, "not a recovery kit")
    bits = 0
    for i in range(_GROUPS):
        four, check = plain[5 * i:5 * i + 4], plain[5 * i + 4]
        if check != _check_character(i, four):
            raise Refused(f"group {i + 1}")
        for character in four:
            bits = bits << 5 | ALPHABET.index(character)
    require(bits & 15 == 0, f"group {_GROUPS}")
    return (bits >> 4).to_bytes(32, "big")


def recovery_key(kit, deployment):
    return ed25519_key(hkdf(kit, deployment, ctx("recovery-key")))


def keyring_key(kit, deployment):
    return x25519_key(hkdf(kit, deployment, ctx("keyring-key")))


def _aad(deployment, member):
    return _MAGIC + deployment + member


def seal(keyring, keyring_public_key, deployment, member, ephemeral=None):
    """A sealed Keyring. `ephemeral` is for test vectors alone."""
    sealed = _MAGIC + hpke_seal(
        keyring_public_key, ctx("keyring"), _aad(deployment, member), canonical(keyring), ephemeral)
    require(len(sealed) <= MOST, "a keyring that is too large")
    return sealed


def sealed_hash(sealed):
    return H(ctx("keyring-hash") + sealed)


def open_keyring(sealed, kit, entry):
    """The Keyring of a verified entry's member; Refused unless it is the one that the entry names, and her keys."""
    require(sealed_hash(sealed) == entry.keyring_hash, "another keyring than the entry's")
    require(sealed[:len(_MAGIC)] == _MAGIC and len(sealed) <= MOST, "not a keyring")
    keyring = parse_canonical(keyring_pb2.Keyring, hpke_open(
        keyring_key(kit, entry.deployment), ctx("keyring"), _aad(entry.deployment, entry.member),
        sealed[len(_MAGIC):]))
    for keys in (keyring.identity_seeds, keyring.encryption_keys):
        require(1 <= len(keys) <= 256, "a keyring's keys")
    require(len(keyring.state_key) == 32, "a keyring without its state key")
    require(public(ed25519_key(keyring.identity_seeds[-1])) == entry.identity_key, "another identity key")
    require(public(x25519_key(keyring.encryption_keys[-1])) == entry.encryption_key, "another encryption key")
    return keyring
