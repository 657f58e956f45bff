#!/usr/bin/env python3
"""Writes rows.json: an independent reading of docs/formats.md, "Rows of a mailbox", over Python's hmac and, by ctypes,
libsodium's AEAD."""
import base64
import ctypes
import ctypes.util
import hashlib
import hmac
import json
import pathlib
import struct

sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
assert sodium.sodium_init() >= 0


def ctx(name):
    return b"letterlock/v1/" + name.encode() + b"\0"


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def hkdf(ikm, salt, info):
    prk = mac(salt or bytes(32), ikm)
    return mac(prk, info + b"\x01")


def aead(key, nonce, plaintext, aad):
    out = ctypes.create_string_buffer(len(plaintext) + 16)
    sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
        out, None, plaintext, ctypes.c_ulonglong(len(plaintext)), aad, ctypes.c_ulonglong(len(aad)),
        None, nonce, key)
    return out.raw


def u8(v):
    return struct.pack(">B", v)


def u32(v):
    return struct.pack(">I", v)


def u64(v):
    return struct.pack(">Q", v)


def lp(data):
    return u32(len(data)) + data


def fill(label, size):
    """Bytes that look random and say where they come from."""
    return hashlib.shake_256(b"letterlock test vectors: rows: " + label.encode()).digest(size)


deployment, tag, member, other = (fill(x, 16) for x in ("deployment", "mailbox tag", "member", "other member"))
epoch_key, mailbox_key, index_key = (fill(x, 32) for x in ("epoch key", "mailbox key", "index key"))
message_id = fill("message id", 16)
epoch, generation, table, sequence = 2, 3, 4, 77
row_key = u64(sequence)
row = b"a row of the mailbox"


def nonce(label):
    return fill("nonce of " + label, 24)


def sealed_row():
    n = nonce("row")
    aad = u8(1) + u8(table) + tag + u32(generation) + lp(row_key)
    return u8(1) + u32(generation) + n + aead(hkdf(mailbox_key, b"", ctx("row-seal")), n, row, aad)


def wrapped_mailbox_key():
    n = nonce("mailbox key")
    aad = deployment + tag + u32(epoch) + u32(generation)
    box = aead(hkdf(epoch_key, b"", ctx("mailbox-key-wrap")), n, mailbox_key, aad)
    return u8(1) + u32(epoch) + u32(generation) + n + box


def wrapped_index_key():
    n = nonce("index key")
    box = aead(hkdf(epoch_key, b"", ctx("index-key-wrap")), n, index_key, deployment + u32(epoch))
    return u8(1) + u32(epoch) + n + box


index_tag = mac(hkdf(index_key, b"", ctx("index-tag")), member)[:16]


def index_row():
    n = nonce("index row")
    return u8(1) + n + aead(hkdf(index_key, b"", ctx("index-seal")), n, tag, index_tag)


folder = 2
page_body = u8(1) + u8(folder) + u64(sequence)
vectors = {
    "section": "Rows of a mailbox",
    "deployment": deployment, "mailbox_tag": tag, "member": member, "other_member": other, "message_id": message_id,
    "epoch": epoch, "epoch_key": epoch_key, "generation": generation,
    "mailbox_key": mailbox_key, "wrapped_mailbox_key": wrapped_mailbox_key(),
    "index_key": index_key, "wrapped_index_key": wrapped_index_key(),
    "index_tag": index_tag, "index_row": index_row(),
    "table": table, "row_key": row_key, "row": row, "sealed_row": sealed_row(),
    "message_row_key": mac(hkdf(mailbox_key, b"", ctx("row-key")), other + message_id)[:16],
    "folder": folder, "sequence": sequence,
    "page_token": base64.urlsafe_b64encode(
        page_body + mac(hkdf(mailbox_key, b"", ctx("page-token")), page_body)[:16]).rstrip(b"=").decode(),
}
text = json.dumps({k: v.hex() if isinstance(v, bytes) else v for k, v in vectors.items()}, indent=1)
pathlib.Path(__file__).with_name("rows.json").write_text(text + "\n")
