#!/usr/bin/env python3
"""Writes rows.json and epoch_key_file.json: an independent reading of docs/formats.md, "Rows of a mailbox",
"Session" (page token) and "Epoch key file". With --check it only compares."""
import base64

from primitives import *
from vector_files import run

DEPLOYMENT, TAG, MEMBER = some("deployment", 16), some("mailbox tag", 16), some("member", 16)
EPOCH, GENERATION = 7, 3
EPOCH_KEY, MAILBOX_KEY, INDEX_KEY = some("epoch key", 32), some("mailbox key", 32), some("index key", 32)


def wrapped(name, head, aad, key):
    nonce = some(name + " nonce", 24)
    return {"nonce": nonce, "value": head + nonce + xchacha_seal(hkdf(EPOCH_KEY, b"", ctx(name)), nonce, aad, key)}


def row(table, key, value):
    nonce = some("row nonce %d %s" % (table, key.hex()), 24)
    aad = b"\1" + u(8, table) + TAG + u(32, GENERATION) + lp(key)
    sealed = xchacha_seal(hkdf(MAILBOX_KEY, b"", ctx("row-seal")), nonce, aad, value)
    return {"table": table, "key": key, "row": value, "nonce": nonce, "value": b"\1" + u(32, GENERATION) + nonce + sealed}


def rows():
    index_tag = mac(hkdf(INDEX_KEY, b"", ctx("index-tag")), MEMBER)[:16]
    index_nonce = some("index nonce", 24)
    sealed_tag = xchacha_seal(hkdf(INDEX_KEY, b"", ctx("index-seal")), index_nonce, index_tag, TAG)
    sender, message = some("sender", 16), some("message", 16)
    page = b"\1" + u(8, 1) + u(64, 258)
    page += mac(hkdf(MAILBOX_KEY, b"", ctx("page-token")), page)[:16]
    return {
        "deployment": DEPLOYMENT,
        "epoch": EPOCH,
        "epoch_key": EPOCH_KEY,
        "mailbox_tag": TAG,
        "generation": GENERATION,
        "mailbox_key": MAILBOX_KEY,
        "index_key": INDEX_KEY,
        "wrapped_mailbox_key": wrapped(
            "mailbox-key-wrap",
            b"\1" + u(32, EPOCH) + u(32, GENERATION),
            DEPLOYMENT + TAG + u(32, EPOCH) + u(32, GENERATION),
            MAILBOX_KEY,
        ),
        "wrapped_index_key": wrapped("index-key-wrap", b"\1" + u(32, EPOCH), DEPLOYMENT + u(32, EPOCH), INDEX_KEY),
        "index_row": {"member": MEMBER, "tag": index_tag, "nonce": index_nonce, "value": b"\1" + index_nonce + sealed_tag},
        "rows": [
            row(2, b"", b"a profile"),
            row(4, u(64, 1), some("envelope", 700)),
            row(5, some("key", 16), b""),
            row(18, b"\1", b"LLKRING1" + some("sealed keyring", 400)),
        ],
        "row_key": {"sender": sender, "message_id": message, "key": mac(hkdf(MAILBOX_KEY, b"", ctx("row-key")), sender, message)[:16]},
        "attachment_key": {
            "ciphertext_hash": some("attachment hash", 32),
            "key": mac(hkdf(MAILBOX_KEY, b"", ctx("row-key")), ctx("attachment-row") + some("attachment hash", 32))[:16],
        },
        "contact_key": {
            "member": MEMBER,
            "key": mac(hkdf(MAILBOX_KEY, b"", ctx("row-key")), ctx("contact-key") + MEMBER)[:16],
        },
        "page_token": {"folder": 1, "sequence": 258, "token": base64.urlsafe_b64encode(page).rstrip(b"=").decode()},
        "request_digest": {
            "parts": [b"header", b"recipient wrap", b"sender wrap", b""],
            "digest": sha256(ctx("request-digest"), lp(b"header"), lp(b"recipient wrap"), lp(b"sender wrap"), lp(b"")),
        },
    }


def epoch_key_file():
    return {"epoch": EPOCH, "epoch_key": EPOCH_KEY, "file": b"LLEPKEY1" + u(32, EPOCH) + EPOCH_KEY}


if __name__ == "__main__":
    run({"rows.json": rows, "epoch_key_file.json": epoch_key_file})
