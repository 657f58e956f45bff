"""docs/formats.md, "Envelope": sealing and opening one message."""

import hmac
import os
import re
import time

from letterlock.mail.v1 import envelope_pb2
from primitives import (
    H, Refused, aead_open, aead_seal, canonical, ctx, hkdf, hpke_open, hpke_seal, key_id, lp, member_id,
    parse_canonical, public, require, sign, verify)

SUITE = 1
MOST_PADDED = 32768
_SOURCE = re.compile(r"[a-z0-9-]{1,32}")
_HANDLE = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}")


def check_handle(handle):
    require(_HANDLE.fullmatch(handle), "a handle to be refused")


def padme(n):
    if n < 2:
        return n
    e = n.bit_length() - 1
    s = e.bit_length()
    unit = 1 << (e - s)
    return -(-n // unit) * unit


def padded_length(n):
    rounded = -(-n // 256) * 256
    return rounded if rounded <= 4096 else padme(n)


def _check_content(content):
    most = 8000 if content.HasField("imported") else 2000
    require(len(content.subject) <= 200 and len(content.body) <= most, "a text that is too long")
    require(content.body_format != envelope_pb2.BODY_FORMAT_UNSPECIFIED, "body_format is not set")
    to_herself = content.sender_handle == content.recipient_handle
    require(content.HasField("imported") == to_herself, "imported, from somebody else, or to oneself and not imported")
    if to_herself:
        _check_imported(content.imported)
    require(len(content.attachments) <= 16, "too many attachments")
    for attachment in content.attachments:
        name = attachment.file_name.encode()
        require(1 <= len(name) <= 255 and not {b"/"[0], 0} & set(name) and name not in (b".", b".."), "a file name")
    check_handle(content.sender_handle)
    check_handle(content.recipient_handle)


def _check_imported(imported):
    require(_SOURCE.fullmatch(imported.source) and len(imported.to) <= 64, "an archive's message")
    texts = [imported.conversation, getattr(imported, "from"), *imported.to, imported.date, imported.folder]
    require(all(len(text) <= 1000 for text in texts), "an archive's text that is too long")


def _content_keys(key):
    """(commitment, E)."""
    return hkdf(key, b"", ctx("content-commitment")), hkdf(key, b"", ctx("content-key"))


def _wrap(key, header, for_key, ephemeral):
    return hpke_seal(for_key, ctx("wrap"), H(header) + key_id(for_key), key, ephemeral)


def seal(content, deployment, sender, identity, recipient, thread_id=None, fixed=None):
    """An Envelope of `content`.

    `sender` and `recipient` are verified entries (proofs.Entry), `identity` signs. `fixed` holds what is random
    otherwise, for test vectors alone: message_id, content_key, nonce, recipient_ephemeral, sender_ephemeral."""
    fixed = fixed or {}
    _check_content(content)
    key = fixed.get("content_key") or os.urandom(32)
    message_id = fixed.get("message_id") or os.urandom(16)
    commitment, content_key = _content_keys(key)
    content_bytes = canonical(content)
    # The signature's size is known before it is made, and the header's padded length with it.
    n = 4 + len(canonical(envelope_pb2.SignedContent(content=content_bytes, signature=bytes(64))))
    header = canonical(envelope_pb2.EnvelopeHeader(
        deployment=deployment, suite=SUITE, message_id=message_id, thread_id=thread_id or message_id,
        sender=sender.member, sender_identity_key_id=key_id(sender.identity_key),
        sender_encryption_key_id=key_id(sender.encryption_key), recipient=recipient.member,
        recipient_encryption_key_id=key_id(recipient.encryption_key),
        nonce=fixed.get("nonce") or os.urandom(24), padded_length=padded_length(n), commitment=commitment))
    return finish(header, content_bytes, key, content_key, identity, sender, recipient, fixed)


def finish(header, content_bytes, key, content_key, identity, sender, recipient, fixed):
    """Steps 2 to 7, for a header that is complete."""
    parsed = parse_canonical(envelope_pb2.EnvelopeHeader, header)
    signature = sign(identity, "message", H(header) + H(content_bytes))
    signed = canonical(envelope_pb2.SignedContent(content=content_bytes, signature=signature))
    padded = lp(signed).ljust(parsed.padded_length, b"\0")
    return envelope_pb2.Envelope(
        header=header,
        recipient_wrap=_wrap(key, header, recipient.encryption_key, fixed.get("recipient_ephemeral")),
        sender_wrap=_wrap(key, header, sender.encryption_key, fixed.get("sender_ephemeral")),
        ciphertext=aead_seal(content_key, parsed.nonce, padded, header))


def _unpad(padded):
    length = int.from_bytes(padded[:4], "big")
    require(4 + length <= len(padded), "padding")
    require(padded_length(4 + length) == len(padded) and not any(padded[4 + length:]), "padding")
    return padded[4:4 + length]


def parse_header(header, deployment, ciphertext):
    h = parse_canonical(envelope_pb2.EnvelopeHeader, header)
    require(h.deployment == deployment and h.suite == SUITE, "deployment or suite")
    sizes = {"message_id": 16, "thread_id": 16, "sender": 16, "sender_identity_key_id": 8,
             "sender_encryption_key_id": 8, "recipient": 16, "recipient_encryption_key_id": 8, "nonce": 24,
             "commitment": 32}
    require(all(len(getattr(h, name)) == size for name, size in sizes.items()), "a field's size")
    require(h.padded_length <= MOST_PADDED and len(ciphertext) == h.padded_length + 16, "sizes")
    return h


def open_wrap(header, wrap, encryption_keys, wrap_key_id):
    """The content key, by the private key with that id."""
    keys = [key for key in encryption_keys if key_id(public(key)) == wrap_key_id]
    require(keys, "a wrap for another key")
    return hpke_open(keys[0], ctx("wrap"), H(header) + wrap_key_id, wrap)


def open_content(header, h, ciphertext, key):
    """(SignedContent, Content) under a content key. Nobody's, until `check_sender`."""
    commitment, content_key = _content_keys(key)
    require(hmac.compare_digest(commitment, h.commitment), "another content key")
    signed = parse_canonical(envelope_pb2.SignedContent, _unpad(aead_open(content_key, h.nonce, ciphertext, header)))
    content = parse_canonical(envelope_pb2.Content, signed.content)
    _check_content(content)
    return signed, content


def check_sender(header, h, signed, content, sender):
    """That the member of this verified entry sent it."""
    require(content.sender_handle == sender.handle, "another sender's handle")
    require(member_id(h.deployment, sender.genesis_key, sender.handle) == h.sender, "another member than the header's")
    require(key_id(sender.identity_key) == h.sender_identity_key_id, "another identity key than the header's")
    verify(sender.identity_key, "message", H(header) + H(signed.content), signed.signature)


def open_envelope(header, wrap, ciphertext, own, encryption_keys, entry_of):
    """(EnvelopeHeader, Content) of a message that was sent to `own`, or by her; Refused otherwise.

    `own` is the reader's verified entry, `encryption_keys` her private keys, earlier ones too. `entry_of(handle)` looks
    a handle up, and verifies what it finds."""
    h = parse_header(header, own.deployment, ciphertext)
    require(len(wrap) == 80, "a wrap's size")
    mine = h.sender == own.member
    require(mine or h.recipient == own.member, "somebody else's message")
    wrap_key_id = h.sender_encryption_key_id if mine else h.recipient_encryption_key_id
    key = open_wrap(header, wrap, encryption_keys, wrap_key_id)
    signed, content = open_content(header, h, ciphertext, key)
    sender = own if mine else entry_of(content.sender_handle)
    check_sender(header, h, signed, content, sender)
    if content.HasField("imported"):
        require(h.recipient == own.member and content.recipient_handle == own.handle, "another member's archive")
    elif mine:
        require(entry_of(content.recipient_handle).member == h.recipient, "another recipient than the header's")
    else:
        require(content.recipient_handle == own.handle, "meant for somebody else")
    return h, content


def text(sender_handle, recipient_handle, subject, body):
    return envelope_pb2.Content(
        subject=subject, body=body, body_format=envelope_pb2.BODY_FORMAT_PLAIN, sent_unix_ms=int(time.time() * 1000),
        sender_handle=sender_handle, recipient_handle=recipient_handle)


__all__ = ["Refused", "open_envelope", "seal", "text"]
