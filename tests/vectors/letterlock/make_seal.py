#!/usr/bin/env python3
"""Writes the vectors of what a member seals: an independent reading of docs/formats.md, "Identifiers" and from "Envelope" to
"Imported messages". With --check it only compares."""
from members import *
from vector_files import run

# --- Identifiers ---------------------------------------------------------------------------------


def identifiers():
    statement = some("genesis statement", 77)
    return {
        "genesis_statement": statement,
        "deployment_of_statement": sha256(ctx("deployment"), statement)[:16],
        "deployment": DEPLOYMENT,
        "members": [m.secrets() | {"identity_key_id": key_id(m.identity_public)} for m in (ADA, BEN)],
    }


# --- Envelope ------------------------------------------------------------------------------------


def padded_length(n):
    if n <= 4096:
        return -(-n // 256) * 256
    e = n.bit_length() - 1
    step = 1 << e - e.bit_length()
    return -(-n // step) * step


def content_of(message):
    attachments = b"".join(
        proto((5, proto((1, a["file_name"].encode()), (2, a["key"]), (3, a["ciphertext_hash"]), (4, a["size"]), (5, a["chunk_count"]))))
        for a in message["attachments"]
    )
    return (
        proto((1, message["subject"].encode()), (2, message["body"].encode()), (3, message["body_format"]), (4, message["sent_unix_ms"]))
        + attachments
        + proto((6, ADA.handle.encode()), (7, BEN.handle.encode()))
    )


def header_of(name, thread, nonce, length, commitment):
    return proto(
        (1, DEPLOYMENT),
        (2, 1),
        (3, some(name + " message id", 16)),
        (4, thread or some(name + " message id", 16)),
        (5, ADA.id),
        (6, key_id(ADA.identity_public)),
        (7, key_id(ADA.encryption_public)),
        (8, BEN.id),
        (9, key_id(BEN.encryption_public)),
        (10, nonce),
        (11, length),
        (12, commitment),
    )


def wrap(key, public, header, ephemeral):
    return hpke_seal(public, ctx("wrap"), sha256(header) + key_id(public), key, ephemeral)


def commitment_of(key):
    return hkdf(key, b"", ctx("content-commitment"))


def envelope(name, thread=b"", **message):
    message = {"subject": "", "body": "", "body_format": 1, "sent_unix_ms": 1700000000123, "attachments": []} | message
    key, nonce = some(name + " content key", 32), some(name + " nonce", 24)
    ephemerals = [some(name + " ephemeral " + who, 32) for who in ("recipient", "sender")]
    content = content_of(message)
    length = padded_length(4 + len(proto((1, content), (2, bytes(63) + b"1"))))
    header = header_of(name, thread, nonce, length, commitment_of(key))
    signature = sign(ADA.identity_seed, "message", sha256(header) + sha256(content))
    padded = lp(proto((1, content), (2, signature)))
    padded += bytes(length - len(padded))
    return {
        "name": name,
        "message": message,
        "message_id": some(name + " message id", 16),
        "thread_id": thread or some(name + " message id", 16),
        "content_key": key,
        "nonce": nonce,
        "recipient_ephemeral": ephemerals[0],
        "sender_ephemeral": ephemerals[1],
        "content": content,
        "signature": signature,
        "padded_length": length,
        "header": header,
        "ciphertext": xchacha_seal(hkdf(key, b"", ctx("content-key")), nonce, header, padded),
        "recipient_wrap": wrap(key, BEN.encryption_public, header, ephemerals[0]),
        "sender_wrap": wrap(key, ADA.encryption_public, header, ephemerals[1]),
    }


def envelopes():
    attachment = {
        "file_name": "plan.pdf",
        "key": some("attachment key", 32),
        "ciphertext_hash": some("attachment hash", 32),
        "size": 70000,
        "chunk_count": 2,
    }
    return [
        envelope("short", subject="Hello", body="A first message."),
        envelope("lone space", body=" ", sent_unix_ms=0),
        envelope("reply in several scripts", thread=some("short message id", 16), subject="Вопрос 問い", body="“Ünï”\r\n𐍈 عربى"),
        envelope("html with an attachment", body="<p>See & read</p>", body_format=2, attachments=[attachment]),
        envelope("largest text", subject="𐍈" * 200, body="𐍈" * 2000),
    ]


def two_texts():
    """An envelope whose ciphertext the AEAD opens under two content keys (recipient's wrap holds one, the
    sender's the other): two blocks are solved so that one tag fits both Poly1305 keys. Only the
    commitment tells them apart."""
    keys = [some("two texts key %d" % i, 32) for i in (1, 2)]
    nonce = some("two texts nonce", 24)
    header = header_of("two texts", b"", nonce, 256, commitment_of(keys[0]))
    encryption = [hkdf(key, b"", ctx("content-key")) for key in keys]
    poly = [poly1305_key(chacha20_stream(*xchacha_parts(k, nonce), 0, 32)) for k in encryption]
    fixed = bytearray(some("two texts ciphertext", 256))
    total = len(poly_input(header, fixed)) // 16
    first = len(pad16(header)) // 16  # of the ciphertext's blocks

    def evaluate(r):
        a = 0
        body = poly_input(header, bytes(fixed))
        for i in range(total):
            block = 0 if i - first in (0, 1) else int.from_bytes(body[16 * i : 16 * i + 16] + b"\1", "little")
            a = (a + block) * r % P1305
        return a

    (r1, s1), (r2, s2) = poly
    base = [evaluate(r1), evaluate(r2)]
    powers = [[pow(r, total - first, P1305), pow(r, total - first - 1, P1305)] for r in (r1, r2)]
    determinant = powers[0][0] * powers[1][1] - powers[0][1] * powers[1][0]
    inverse = pow(determinant, P1305 - 2, P1305)
    for attempt in range(10000):
        tag = int.from_bytes(some("two texts tag %d" % attempt, 16), "little")
        want = [((tag - s) % 2**128 - b) % P1305 for s, b in zip((s1, s2), base)]
        x = (want[0] * powers[1][1] - want[1] * powers[0][1]) * inverse % P1305
        y = (powers[0][0] * want[1] - powers[1][0] * want[0]) * inverse % P1305
        if x >> 128 == 1 and y >> 128 == 1:
            fixed[0:16], fixed[16:32] = ((v - 2**128).to_bytes(16, "little") for v in (x, y))
            break
    else:
        raise AssertionError("no tag fits")
    ciphertext = bytes(fixed) + tag.to_bytes(16, "little")
    return {
        "content_keys": keys,
        "encryption_keys": encryption,
        "nonce": nonce,
        "header": header,
        "ciphertext": ciphertext,
        "recipient_wrap": wrap(keys[0], BEN.encryption_public, header, some("two texts e1", 32)),
        "sender_wrap": wrap(keys[1], ADA.encryption_public, header, some("two texts e2", 32)),
    }


def envelope_file():
    return {
        "deployment": DEPLOYMENT,
        "sender": ADA.secrets(),
        "recipient": BEN.secrets(),
        "padding": [[n, padded_length(n)] for n in (1, 256, 257, 4096, 4097, 4353, 8192, 8193, 16384, 16385, 20000, 32768)],
        "envelopes": envelopes(),
        "two_texts": two_texts(),
    }


# --- Attachment ----------------------------------------------------------------------------------


def blocks(seed, size):
    """A file for the tests: SHA-256(seed, u64 counter), block after block."""
    out = b"".join(sha256(seed.encode(), u(64, i)) for i in range(-(-size // 32)))
    return out[:size]


def padme(n):
    e = n.bit_length() - 1
    step = 1 << e - e.bit_length() if n > 1 else 1
    return -(-n // step) * step


def attachment_shape(size):
    padded = padme(size)
    chunks = max(1, -(-padded // 65536))
    return padded, chunks, 19 + padded + 16 * chunks


def attachment(size, seed):
    file = blocks(seed, size)
    key, prefix = some(seed + " key", 32), some(seed + " prefix", 19)
    encryption = hkdf(key, b"", ctx("attachment"))
    length, chunks, _ = attachment_shape(size)
    padded = file + bytes(length - size)
    ciphertext = prefix
    for i in range(chunks):
        nonce = prefix + u(32, i) + bytes([i == chunks - 1])
        ciphertext += xchacha_seal(encryption, nonce, b"", padded[65536 * i : 65536 * (i + 1)])
    return {
        "file_seed": seed,
        "size": size,
        "file_hash": sha256(file),
        "key": key,
        "prefix": prefix,
        "padded_size": length,
        "chunk_count": chunks,
        "ciphertext_size": len(ciphertext),
        "ciphertext_hash": sha256(ciphertext),
        "ciphertext_begins": ciphertext[:100],
        "ciphertext_ends": ciphertext[-100:],
    }


def attachment_file():
    sizes = (0, 1, 2, 9, 17, 255, 4097, 65535, 65536, 65537, 131072, 1000000, 16777216, 26214399, 26214400)
    return {
        "shapes": [[n, *attachment_shape(n)] for n in sizes],
        "attachments": [
            attachment(0, "empty"),
            attachment(1, "one byte"),
            attachment(100, "small"),
            attachment(65536, "one whole chunk"),
            attachment(65537, "one byte more"),
        ],
    }


# --- Imported messages ---------------------------------------------------------------------------

IMPORT_COLUMNS = ("conversation", "from", "to", "date", "subject", "content", "folder")


def imported_envelope(message_id, thread_id, row):
    key, nonce = some("imported content key", 32), some("imported nonce", 24)
    claim = proto((1, b"linkedin"), (2, row["conversation"].encode()), (3, row["from"].encode()), (4, row["to"].encode()),
                  (5, row["date"].encode()), (6, row["folder"].encode()))
    content = proto((1, row["subject"].encode()), (2, row["content"].encode()), (3, 2), (4, 1741796723000),
                    (6, ADA.handle.encode()), (7, ADA.handle.encode()), (8, claim))
    length = padded_length(4 + len(proto((1, content), (2, bytes(63) + b"1"))))
    header = proto((1, DEPLOYMENT), (2, 1), (3, message_id), (4, thread_id), (5, ADA.id), (6, key_id(ADA.identity_public)),
                   (7, key_id(ADA.encryption_public)), (8, ADA.id), (9, key_id(ADA.encryption_public)), (10, nonce), (11, length),
                   (12, commitment_of(key)))
    padded = lp(proto((1, content), (2, sign(ADA.identity_seed, "message", sha256(header) + sha256(content)))))
    padded += bytes(length - len(padded))
    return {
        "sent_unix_ms": 1741796723000,
        "content_key": key,
        "nonce": nonce,
        "recipient_ephemeral": some("imported ephemeral recipient", 32),
        "sender_ephemeral": some("imported ephemeral sender", 32),
        "header": header,
        "ciphertext": xchacha_seal(hkdf(key, b"", ctx("content-key")), nonce, header, padded),
        "recipient_wrap": wrap(key, ADA.encryption_public, header, some("imported ephemeral recipient", 32)),
        "sender_wrap": wrap(key, ADA.encryption_public, header, some("imported ephemeral sender", 32)),
    }


def import_file():
    row = {"conversation": "2-52f888ba3de53cbe4d95761d==", "from": "Amara Okafor", "to": "李 明",
           "date": "2025-03-12 16:25:23 UTC", "subject": "", "content": "<p>Yes, happy to talk.</p>\n", "folder": "INBOX"}
    key = hkdf(ADA.state_key, b"", ctx("import"))
    text = b"".join(lp(row[column].encode()) for column in IMPORT_COLUMNS)
    message_id = mac(key, ctx("import-message"), lp(b"linkedin"), lp(text))[:16]
    thread_id = mac(key, ctx("import-thread"), lp(b"linkedin"), lp(row["conversation"].encode()))[:16]
    return {
        "deployment": DEPLOYMENT,
        "member": ADA.secrets(),
        "source": "linkedin",
        "row": row,
        "message_id": message_id,
        "thread_id": thread_id,
        "envelope": imported_envelope(message_id, thread_id, row),
    }


# --- Report --------------------------------------------------------------------------------------


def report():
    """Ben reports Ada's message to the desk. The proof of Ada's entry is any bytes here: directory.json has real ones."""
    desk_private, ephemeral = some("desk encryption", 32), some("report ephemeral", 32)
    desk = x25519_public(desk_private)
    message = envelope("reported", subject="Offer", body="Send money first.")
    disclosure = proto(
        (1, message["header"]),
        (2, message["ciphertext"]),
        (3, message["content_key"]),
        (4, proto((2, some("salt", 32)))),
        (6, 3),
        (7, "asks for money".encode()),
    )
    aad = DEPLOYMENT + BEN.id + ADA.id + message["message_id"] + key_id(desk)
    return {
        "deployment": DEPLOYMENT,
        "sender": ADA.secrets(),
        "reporter": BEN.secrets(),
        "desk_private": desk_private,
        "desk_public": desk,
        "message_id": message["message_id"],
        "header": message["header"],
        "recipient_wrap": message["recipient_wrap"],
        "ciphertext": message["ciphertext"],
        "content_key": message["content_key"],
        "body": message["message"]["body"],
        "disclosure": disclosure,
        "ephemeral": ephemeral,
        "sealed_disclosure": hpke_seal(desk, ctx("report"), aad, disclosure, ephemeral),
    }


FILES = {
    "identifiers.json": identifiers,
    "envelope.json": envelope_file,
    "attachment.json": attachment_file,
    "import.json": import_file,
    "report.json": report,
}

if __name__ == "__main__":
    run(FILES)
