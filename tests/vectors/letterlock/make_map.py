#!/usr/bin/env python3
"""Writes map.json: an independent reading of docs/formats.md, "Sparse Merkle map". With --check it only
compares."""
from primitives import *
from vector_files import run

ZERO = bytes(32)


def bit(position, i):
    return position[i // 8] >> (7 - i % 8) & 1


def split(leaves, depth):
    return ({p: v for p, v in leaves.items() if bit(p, depth) == b} for b in (0, 1))


def root(leaves, depth=0):
    if not leaves:
        return ZERO
    if len(leaves) == 1:
        return sha256(ctx("map-leaf"), *next(iter(leaves.items())))
    return sha256(ctx("map-node"), *(root(side, depth + 1) for side in split(leaves, depth)))


def prove(leaves, position):
    siblings = []
    while len(leaves) > 1:
        sides = list(split(leaves, len(siblings)))
        b = bit(position, len(siblings))
        siblings.append(root(sides[1 - b], len(siblings) + 1))
        leaves = sides[b]
    return encode(siblings, next(iter(leaves.items())) if leaves else None)


def encode(siblings, terminal, bitmap=None):
    if bitmap is None:
        bitmap = bytearray((len(siblings) + 7) // 8)
        for i, sibling in enumerate(siblings):
            if sibling != ZERO:
                bitmap[i // 8] |= 0x80 >> i % 8
    out = u(16, len(siblings)) + bytes(bitmap) + b"".join(s for s in siblings if s != ZERO)
    return out + (b"\0" if terminal is None else b"\1" + b"".join(terminal))


def spread(i):
    return sha256(str(i).encode())


def maps():
    close = bytes([0x55] * 32)
    yield "empty", {}, [spread(0)]
    yield "one leaf", {spread(0): spread(100)}, [spread(0), spread(1)]
    yield "two leaves apart at the root", {bytes(32): spread(1), b"\x80" + bytes(31): spread(2)}, \
        [bytes(32), b"\x80" + bytes(31), b"\x40" + bytes(31)]
    yield "two leaves apart in the last bit", {close: spread(1), close[:31] + b"\x54": spread(2)}, \
        [close, close[:31] + b"\x54", b"\x54" + close[1:]]
    yield "a leaf of value zero", {spread(7): ZERO}, [spread(7)]
    many = {spread(i): spread(1000 + i) for i in range(100)}
    yield "a hundred leaves", many, [spread(i) for i in (0, 1, 50, 99, 100, 101, 102)]


def refusals():
    two = {bytes(32): spread(1), b"\x80" + bytes(31): spread(2)}
    left, right = bytes(32), b"\x80" + bytes(31)
    other = sha256(ctx("map-leaf"), right, spread(2))
    good = prove(two, left)
    top = root(two)
    yield "trailing byte", good + b"\0", top, left
    yield "cut short", good[:-1], top, left
    yield "unused bit of the bitmap", good[:2] + b"\xc0" + good[3:], top, left
    yield "sibling of zeros, written out", encode([spread(9)], (left, spread(1))).replace(spread(9), ZERO), \
        sha256(ctx("map-node"), sha256(ctx("map-leaf"), left, spread(1)), ZERO), left
    yield "leaf beside an empty sibling", encode([ZERO], (left, spread(1))), \
        sha256(ctx("map-node"), sha256(ctx("map-leaf"), left, spread(1)), ZERO), left
    yield "nothing beside an empty sibling", encode([ZERO], None), sha256(ctx("map-node"), ZERO, ZERO), left
    yield "leaf of the other subtree", encode([other], (right, spread(2))), \
        sha256(ctx("map-node"), other, other), left
    yield "another value", encode([other], (left, spread(3))), top, left
    yield "stopped above the leaf", encode([], None), top, left
    yield "terminal of unknown kind", good[:-65] + b"\2" + good[-64:], top, left
    yield "depth 257", u(16, 257) + bytes(33) + b"\0", ZERO, left
    yield "empty root, leaf shown", encode([], (left, spread(1))), ZERO, left
    yield "nothing at all", b"", ZERO, left


def directory_position(deployment, handle):
    return sha256(ctx("directory-position"), deployment, handle.encode())


def directory_commitment(salt, entry):
    return sha256(ctx("directory-commitment"), salt, entry)


def map_value(version, commitment):
    return sha256(ctx("map-value"), u(64, version), commitment)


def directory():
    deployment = spread(500)[:16]
    for handle, version, entry in (("ada", 1, b"entry bytes"), ("a-0.b_c", 2**64 - 1, b""), ("z" * 63, 7, bytes(300))):
        salt = sha256(handle.encode())
        commitment = directory_commitment(salt, entry)
        yield {
            "deployment": deployment, "handle": handle, "salt": salt, "entry": entry,
            "position": directory_position(deployment, handle),
            "commitment": commitment,
            "version": version,
            "value": map_value(version, commitment),
            "erased_value": map_value(version, ZERO),
        }


def map_file():
    out = {"section": "Sparse Merkle map", "maps": [], "refused": [], "directory": list(directory())}
    for name, leaves, asked in maps():
        proofs = []
        for position in asked:
            case = {"position": position, "proof": prove(leaves, position)}
            if position in leaves:
                case["value"] = leaves[position]
            proofs.append(case)
        pairs = [{"position": p, "value": v} for p, v in leaves.items()]
        out["maps"].append({"name": name, "leaves": pairs, "root": root(leaves), "proofs": proofs})
    for name, proof, top, position in refusals():
        out["refused"].append({"name": name, "proof": proof, "root": top, "position": position})
    return out


if __name__ == "__main__":
    run({"map.json": map_file})
