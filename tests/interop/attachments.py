"""docs/formats.md, "Attachment": one file, sealed in chunks under a key of its own."""

import os

from letterlock.mail.v1 import envelope_pb2
from envelopes import padme
from primitives import H, aead_open, aead_seal, ctx, hkdf, require, u8, u32

CHUNK = 65536
MOST = 26214400
_PREFIX = 19
_TAG = 16


def shape(size):
    """(padded size, chunks, bytes of ciphertext) of a file of that size."""
    padded = padme(size)
    chunks = max(1, -(-padded // CHUNK))
    return padded, chunks, _PREFIX + padded + _TAG * chunks


def _key(key):
    return hkdf(key, b"", ctx("attachment"))


def _nonce(prefix, index, chunks):
    return prefix + u32(index) + u8(index == chunks - 1)


def seal(file_name, data, key=None, prefix=None):
    """(AttachmentReference, ciphertext). `key` and `prefix` are for test vectors alone."""
    require(len(data) <= MOST, "a file that is too large")
    key, prefix = key or os.urandom(32), prefix or os.urandom(_PREFIX)
    padded_size, chunks, _ = shape(len(data))
    padded = data.ljust(padded_size, b"\0")
    ciphertext = prefix + b"".join(
        aead_seal(_key(key), _nonce(prefix, i, chunks), padded[i * CHUNK:(i + 1) * CHUNK], b"") for i in range(chunks))
    return envelope_pb2.AttachmentReference(
        file_name=file_name, key=key, ciphertext_hash=H(ciphertext), size=len(data), chunk_count=chunks), ciphertext


def open_attachment(reference, ciphertext):
    """The file; Refused unless it is the one that the reference names."""
    require(reference.size <= MOST, "a file that is too large")
    _, chunks, length = shape(reference.size)
    require(len(ciphertext) == length and reference.chunk_count == chunks, "an attachment of another size")
    require(H(ciphertext) == reference.ciphertext_hash, "another attachment")
    prefix, sealed = ciphertext[:_PREFIX], ciphertext[_PREFIX:]
    step = CHUNK + _TAG
    padded = b"".join(
        aead_open(_key(reference.key), _nonce(prefix, i, chunks), sealed[i * step:(i + 1) * step], b"")
        for i in range(chunks))
    require(not any(padded[reference.size:]), "padding that is not zero")
    return padded[:reference.size]
