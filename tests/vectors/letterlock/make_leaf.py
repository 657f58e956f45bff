#!/usr/bin/env python3
"""Writes leaf.json: an independent reading of docs/formats.md, "Log leaves" and "Canonical messages". With
--check it only compares."""
from primitives import *
from vector_files import run


def number(field, value):
    return varint(field << 3) + varint(value)


def octets(field, value):
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def digest(text):
    return sha256(text.encode())


DEPLOYMENT = digest("deployment")[:16]
KEY = digest("a key")


def head_fields():
    return [octets(1, DEPLOYMENT), number(2, 7), octets(3, digest("directory")), octets(4, digest("publications")),
            octets(5, digest("policy")), number(6, 3), number(7, 12), number(8, 1700000000123)]


def genesis_fields():
    return [octets(1, "log.example/main"), octets(2, "log.example/main+cbe98b7a+AAAA"), octets(3, KEY),
            octets(3, digest("another key")), octets(4, "witness vkey"), octets(5, KEY), number(6, 1),
            number(7, 1700000000000), octets(8, digest("nonce")), number(9, 1)]


def accepted():
    head, genesis = head_fields(), genesis_fields()
    yield "a head", 2, "head", b"".join(head)
    yield "the first head, without policy and export", 2, "head", b"".join(head[:4] + head[7:])
    yield "a genesis statement", 1, "genesis", b"".join(genesis)
    yield "a genesis statement with registrars, not for development", 1, "genesis", b"".join(genesis[:9])


def refused():
    head = head_fields()
    whole = b"".join(head)
    yield "an unknown field behind", whole + number(9, 1)
    yield "an unknown field of another kind", whole + octets(1000, b"x")
    yield "an unknown group", whole + varint(9 << 3 | 3) + varint(9 << 3 | 4)
    yield "fields out of order", head[1] + head[0] + b"".join(head[2:])
    yield "a field twice", head[0] + whole
    yield "the same field twice, last one counts", whole + head[7]
    yield "a default written out", b"".join(head[:6]) + number(7, 0) + head[7]
    yield "empty bytes written out", b"".join(head[:4]) + octets(5, b"") + b"".join(head[5:])
    yield "a long varint", head[0] + b"\x10\x87\x00" + b"".join(head[2:])
    yield "a long tag", b"\x8a\x00" + head[0][1:] + b"".join(head[1:])
    yield "a long length", head[0][:1] + b"\x90\x00" + head[0][2:] + b"".join(head[1:])
    yield "a number where bytes belong", number(1, 5) + b"".join(head[1:])
    yield "cut short", whole[:-1]
    yield "a byte behind", whole + b"\x00"
    yield "a deployment of 15 bytes", octets(1, DEPLOYMENT[:15]) + b"".join(head[1:])
    yield "a root of 33 bytes", b"".join(head[:2]) + octets(3, digest("x") + b"\0") + b"".join(head[3:])


def leaf_file():
    out = {"section": "Log leaves", "leaves": [], "refused_heads": []}
    for name, kind, message, body in accepted():
        leaf = bytes([kind, 1]) + body
        out["leaves"].append({"name": name, "type": kind, "message": message, "body": body, "leaf": leaf,
                              "leaf_hash": sha256(b"\0", leaf)})
    for name, body in refused():
        out["refused_heads"].append({"name": name, "body": body})
    genesis = b"".join(genesis_fields())
    out["deployment"] = {"genesis_statement": genesis, "deployment": sha256(ctx("deployment"), genesis)[:16]}
    return out


if __name__ == "__main__":
    run({"leaf.json": leaf_file})
