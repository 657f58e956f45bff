"""docs/formats.md, "Key file": a member's account as `letterlock` keeps it. Plain bytes here: a test's account is no
secret."""

import dataclasses
import os

import nacl.bindings

from keyring import ALPHABET, plain_characters
from primitives import aead_open, aead_seal, require, u16, u32, u8

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


def write(account, passphrase, t=3, memory=64 << 10):
    """A key file of version 2. `passphrase`: bytes; `memory`: KiB."""
    handle = account.handle.encode()
    secrets = b"".join([
        account.deployment, account.member, account.identity_seed, account.encryption_key, account.device_seed,
        account.state_key, u8(len(handle)), handle.ljust(_HANDLE, b"\0"), account.keyring_key,
        *[u16(len(keys)) + b"".join(keys)
          for keys in (account.earlier_identity_seeds, account.earlier_encryption_keys)]])
    salt = os.urandom(16)
    head = b"LLKEYF02" + u32(t) + u32(memory) + salt + os.urandom(24)
    return head + aead_seal(_key(passphrase, salt, t, memory), head[-24:], secrets, head)


def _key(passphrase, salt, t, memory):
    return nacl.bindings.crypto_pwhash_alg(
        32, passphrase, salt, t, memory << 10, nacl.bindings.crypto_pwhash_ALG_ARGON2ID13)


def read(file, passphrase):
    """The Account in a key file's bytes. `passphrase`: bytes."""
    require(len(file) > _AAD and file[:8] in _MAGIC, "not a key file")
    version = _MAGIC[file[:8]]
    reader = _Reader(file[8:])
    t, memory, salt, nonce = reader.number(4), reader.number(4), reader.take(16), reader.take(24)
    require(3 <= t <= 10 and 64 << 10 <= memory <= 1 << 20, "a key file's costs")
    reader = _Reader(aead_open(_key(passphrase, salt, t, memory), nonce, file[_AAD:], file[:_AAD]))
    fixed = [reader.take(16), reader.take(16), *[reader.take(32) for _ in range(4)]]
    size, handle = reader.number(1), reader.take(_HANDLE)
    require(size <= _HANDLE and not any(handle[size:]), "a handle's padding")
    later = [reader.take(32), reader.list(), reader.list()] if version == 2 else [bytes(32), [], []]
    reader.end()
    return Account(*fixed, handle[:size].decode(), *later)


def read_link(file, code):
    """The Account in a link file, without a device: whose it becomes makes a key of its own."""
    account = read(file, _code(code))
    return dataclasses.replace(account, device_seed=os.urandom(32))


def write_link(account, code):
    return write(dataclasses.replace(account, device_seed=os.urandom(32)), _code(code))


def new_code():
    """100 random bits."""
    bits = int.from_bytes(os.urandom(13), "big")
    characters = "".join(ALPHABET[bits >> 5 * i & 31] for i in range(20))
    return "-".join(characters[i:i + 5] for i in range(0, 20, 5))


def _code(text):
    code = plain_characters(text)
    require(len(code) == 20, "not a link's code")
    return code.encode()
