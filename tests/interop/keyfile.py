"""docs/formats.md, "Key file": a member's account as `letterlock` keeps it. Plain bytes here: a test's account is no
secret."""

import dataclasses

import nacl.bindings

from primitives import aead_open, require

_MAGIC = {b"LLKEYF01": 1, b"LLKEYF02": 2}
_AAD = 56
_HANDLE = 63


@dataclasses.dataclass
class Account:
    deployment: bytes
    member: bytes
    identity_seed: bytes
    encryption_key: bytes
    device_seed: bytes
    state_key: bytes
    handle: str
    keyring_key: bytes
    earlier_identity_seeds: list
    earlier_encryption_keys: list


class _Reader:
    def __init__(self, data):
        self._data, self._at = data, 0

    def take(self, size):
        require(self._at + size <= len(self._data), "a key file that is cut short")
        self._at += size
        return self._data[self._at - size:self._at]

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def list(self):
        return [self.take(32) for _ in range(self.number(2))]

    def end(self):
        require(self._at == len(self._data), "trailing bytes")


def read(file, passphrase):
    """The Account in a key file's bytes. `passphrase`: bytes."""
    require(len(file) > _AAD and file[:8] in _MAGIC, "not a key file")
    version = _MAGIC[file[:8]]
    reader = _Reader(file[8:])
    t, memory, salt, nonce = reader.number(4), reader.number(4), reader.take(16), reader.take(24)
    require(3 <= t <= 10 and 64 << 10 <= memory <= 1 << 20, "a key file's costs")
    key = nacl.bindings.crypto_pwhash_alg(
        32, passphrase, salt, t, memory << 10, nacl.bindings.crypto_pwhash_ALG_ARGON2ID13)
    reader = _Reader(aead_open(key, nonce, file[_AAD:], file[:_AAD]))
    fixed = [reader.take(16), reader.take(16), *[reader.take(32) for _ in range(4)]]
    size, handle = reader.number(1), reader.take(_HANDLE)
    require(size <= _HANDLE and not any(handle[size:]), "a handle's padding")
    later = [reader.take(32), reader.list(), reader.list()] if version == 2 else [bytes(32), [], []]
    reader.end()
    return Account(*fixed, handle[:size].decode(), *later)
