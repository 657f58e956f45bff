"""What docs/formats.md builds on: its notation, contexts, identifiers, canonical messages, and HPKE (RFC 9180)."""

import hashlib
import hmac
import struct

import nacl.bindings
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from google.protobuf.message import DecodeError
from letterlock.common.v1 import options_pb2


class Refused(Exception):
    """Bytes that a reader has to refuse."""


def require(condition, why):
    if not condition:
        raise Refused(why)


# --- Notation, Contexts ---------------------------------------------------------------------------


def u8(number):
    return struct.pack(">B", number)


def u16(number):
    return struct.pack(">H", number)


def u32(number):
    return struct.pack(">I", number)


def u64(number):
    return struct.pack(">Q", number)


def lp(data):
    return u32(len(data)) + data


def ctx(name):
    return b"letterlock/v1/" + name.encode() + b"\0"


def H(data):
    return hashlib.sha256(data).digest()


def _extract(salt, ikm):
    return hmac.digest(salt or bytes(32), ikm, "sha256")


def _expand(prk, info, length):
    output, block = b"", b""
    while len(output) < length:
        block = hmac.digest(prk, block + info + u8(len(output) // 32 + 1), "sha256")
        output += block
    return output[:length]


def hkdf(ikm, salt, info):
    return _expand(_extract(salt, ikm), info, 32)


def aead_seal(key, nonce, plaintext, aad):
    return nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, aad, nonce, key)


def aead_open(key, nonce, ciphertext, aad):
    try:
        return nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(ciphertext, aad, nonce, key)
    except nacl.exceptions.CryptoError:
        raise Refused("does not open") from None


def signature_verifies(key, signature, message):
    # What OpenSSL leaves out: R of small order.
    if not nacl.bindings.crypto_core_ed25519_is_valid_point(signature[:32]):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def sign(key, name, data):
    return key.sign(ctx(name) + data)


def verify(key, name, data, signature):
    require(len(signature) == 64 and signature_verifies(key, signature, ctx(name) + data), f"signature: {name}")


def public(private_key):
    return private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def seed(private_key):
    return private_key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())


# --- Canonical messages ---------------------------------------------------------------------------


def _check_values(message):
    """Enum values are listed ones, bytes that are there have their field's fixed_size."""
    for field, value in message.ListFields():
        size = field.GetOptions().Extensions[options_pb2.fixed_size]
        values = value if field.label == field.LABEL_REPEATED else [value]
        for single in values:
            if field.enum_type is not None:
                require(single in field.enum_type.values_by_number, f"an enum value that is not listed: {field.name}")
            elif field.message_type is not None:
                _check_values(single)
            elif size:
                require(len(single) == size, f"a field of another size: {field.name}")


def parse_canonical(kind, data):
    """The message of that type; Refused unless `data` is its canonical form."""
    message = kind()
    try:
        message.ParseFromString(data)
    except DecodeError:
        raise Refused(f"not a {kind.DESCRIPTOR.name}") from None
    message.DiscardUnknownFields()
    require(message.SerializeToString(deterministic=True) == data, f"not canonical: {kind.DESCRIPTOR.name}")
    _check_values(message)
    return message


def canonical(message):
    return message.SerializeToString(deterministic=True)


# --- Identifiers, Member keys ---------------------------------------------------------------------


def deployment_id(genesis_statement):
    return H(ctx("deployment") + genesis_statement)[:16]


def member_id(deployment, genesis_key, handle):
    return H(ctx("member") + deployment + genesis_key + handle.encode())[:16]


def key_id(public_key):
    return H(ctx("key-id") + public_key)[:8]


def check_identity_key(key):
    require(len(key) == 32 and nacl.bindings.crypto_core_ed25519_is_valid_point(key), "an Ed25519 key to be refused")


def check_encryption_key(key):
    require(len(key) == 32, "an X25519 key's size")
    try:
        X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(key))
    except ValueError:  # all zeros: a low-order point, in whatever encoding
        raise Refused("an X25519 key of low order") from None


# --- HPKE: base mode, KEM 0x0020, KDF 0x0001, AEAD 0x0003, single-shot ----------------------------

_KEM_SUITE = b"KEM" + u16(0x0020)
_HPKE_SUITE = b"HPKE" + u16(0x0020) + u16(0x0001) + u16(0x0003)


def _labeled_extract(suite, salt, label, ikm):
    return _extract(salt, b"HPKE-v1" + suite + label + ikm)


def _labeled_expand(suite, prk, label, info, length):
    return _expand(prk, u16(length) + b"HPKE-v1" + suite + label + info, length)


def _hpke_key_and_nonce(dh, enc, recipient_key, info):
    eae_prk = _labeled_extract(_KEM_SUITE, b"", b"eae_prk", dh)
    secret = _labeled_expand(_KEM_SUITE, eae_prk, b"shared_secret", enc + recipient_key, 32)
    context = (u8(0) + _labeled_extract(_HPKE_SUITE, b"", b"psk_id_hash", b"")
               + _labeled_extract(_HPKE_SUITE, b"", b"info_hash", info))
    prk = _labeled_extract(_HPKE_SUITE, secret, b"secret", b"")
    return (_labeled_expand(_HPKE_SUITE, prk, b"key", context, 32),
            _labeled_expand(_HPKE_SUITE, prk, b"base_nonce", context, 12))


def hpke_seal(recipient_key, info, aad, plaintext, ephemeral=None):
    """`enc ‖ ciphertext`. `ephemeral` is for test vectors alone."""
    ephemeral = ephemeral or X25519PrivateKey.generate()
    enc = public(ephemeral)
    dh = ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient_key))
    key, nonce = _hpke_key_and_nonce(dh, enc, recipient_key, info)
    return enc + ChaCha20Poly1305(key).encrypt(nonce, plaintext, aad)


def hpke_open(private_key, info, aad, sealed):
    enc = sealed[:32]
    try:
        dh = private_key.exchange(X25519PublicKey.from_public_bytes(enc))
        key, nonce = _hpke_key_and_nonce(dh, enc, public(private_key), info)
        return ChaCha20Poly1305(key).decrypt(nonce, sealed[32:], aad)
    except (InvalidTag, ValueError):
        raise Refused("the wrap does not open") from None


def ed25519_key(seed):
    return Ed25519PrivateKey.from_private_bytes(seed)


def x25519_key(data):
    return X25519PrivateKey.from_private_bytes(data)
