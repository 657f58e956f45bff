"""Looks for plaintext in files, byte by byte: what somebody who holds the disks would try first."""

import os
import sys
from dataclasses import dataclass

# Fewer bytes turn up by themselves in the megabytes of random ones that sealed rows are.
LEAST = 6
# Long texts are also searched in pieces, because a log or a block may hold one in parts.
PIECE = 16
BLOCK = 1 << 20


@dataclass(frozen=True)
class Needle:
    what: str  # "body", "subject", ...
    text: bytes


@dataclass(frozen=True)
class Hit:
    path: str
    offset: int
    needle: Needle


def usable(texts):
    """Splits {(what, text)} into (needles, skipped): the skipped are too short to mean anything."""
    needles, skipped = [], []
    given = {(what, text.encode() if isinstance(text, str) else text) for what, text in texts}
    for what, data in sorted(given):
        if not data:
            continue
        if len(data.strip()) < LEAST:
            skipped.append(Needle(what, data))
        else:
            needles.append(Needle(what, data))
    return needles, skipped


def pieces(needle):
    """The needle, and each 16 bytes of it."""
    data = needle.text
    found = {data}
    for start in range(0, len(data) - PIECE + 1, PIECE):
        found.add(data[start : start + PIECE])
    return found


def files(*roots):
    """All regular files below the roots, sorted."""
    found = []
    for root in roots:
        if os.path.isfile(root):
            found.append(root)
        for folder, _, names in os.walk(root):
            found += [os.path.join(folder, name) for name in names]
    return sorted(path for path in found if os.path.isfile(path) and not os.path.islink(path))


def scan(paths, needles):
    """Returns (bytes read, hits): at most one hit for each needle and file."""
    total, hits = 0, []
    wanted = [(needle, pieces(needle)) for needle in needles]
    for path in paths:
        with open(path, "rb") as file:
            data = file.read()
        total += len(data)
        blocks = _words_of_blocks(data)
        for needle, parts in wanted:
            places = [data.find(part) for part in parts if _may_hold(blocks, part)]
            places = [place for place in places if place >= 0]
            if places:
                hits.append(Hit(path, min(places), needle))
    return total, hits


def _words_of_blocks(data):
    """The aligned words of four bytes of each block: which parts can't be in it is seen without reading it again."""
    whole = len(data) - len(data) % 4
    words = memoryview(data)[:whole].cast("I")
    return [frozenset(words[start : start + BLOCK // 4]) for start in range(0, len(words), BLOCK // 4)]


def _may_hold(blocks, part):
    """Whether the part can be there: seven bytes, wherever they lie, hold an aligned word whole."""
    if len(part) < 7:
        return True
    words = [int.from_bytes(part[at : at + 4], sys.byteorder) for at in range(4)]
    return any(word in block for block in blocks for word in words)


def hexdump(data, start=0):
    """Lines like xxd's."""
    lines = []
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        left = " ".join(row[i : i + 2].hex() for i in range(0, len(row), 2))
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{start + at:08x}: {left:<39}  {text}")
    return lines
