"""What the directory says of a handle, and its proof: docs/formats.md, "Directory entry" to "Log leaves"."""

from dataclasses import dataclass

from envelopes import SUITE, check_handle
from letterlock.directory.v1 import entry_pb2
from letterlock.tlog.v1 import leaf_pb2
from log import check_inclusion, open_checkpoint
from primitives import (
    H, check_encryption_key, check_identity_key, ctx, member_id, parse_canonical, require, u64, verify)

EMPTY = bytes(32)
HEAD_LEAF = b"\x02\x01"
GENESIS_LEAF = b"\x01\x01"
MAX_AGE_MS = 600_000
MAX_AHEAD_MS = 120_000


@dataclass(frozen=True)
class Entry:
    """A member's verified entry."""

    deployment: bytes
    handle: str
    member: bytes
    version: int
    genesis_key: bytes
    identity_key: bytes
    encryption_key: bytes
    keyring_hash: bytes = b""
    recovery_key_digest: bytes = b""
    signed: bytes = b""  # As it was signed.


@dataclass(frozen=True)
class Looked:
    """What a proof shows: `entry` is None where the handle is free or erased; then `erased` tells which."""

    entry: Entry
    erased: bool
    head: object
    checkpoint: object


# --- Sparse Merkle map ----------------------------------------------------------------------------


def _bit(data, index):
    return data[index // 8] >> (7 - index % 8) & 1


def _terminal(rest, position, depth):
    """(hash, whether the asked position is there, value)."""
    if rest == b"\0":
        return EMPTY, False, None
    require(len(rest) == 65 and rest[0] == 1, "a map proof's terminal")
    leaf, value = rest[1:33], rest[33:]
    require(all(_bit(leaf, i) == _bit(position, i) for i in range(depth)), "a leaf of another subtree")
    return H(ctx("map-leaf") + leaf + value), leaf == position, value


def map_value(proof, position, root):
    """The value at the position under that root, or None where there is none."""
    depth = int.from_bytes(proof[:2], "big")
    bitmap_size = (depth + 7) // 8
    require(len(proof) >= 3 + bitmap_size and depth <= 256, "a map proof's length")
    bitmap, rest = proof[2:2 + bitmap_size], proof[2 + bitmap_size:]
    present = [_bit(bitmap, i) for i in range(8 * bitmap_size)]
    require(not any(present[depth:]), "an unused bit of a map proof")
    count = sum(present)
    require(len(rest) >= 32 * count + 1, "a map proof's length")
    siblings = [rest[32 * i:32 * i + 32] for i in range(count)]
    require(EMPTY not in siblings, "an empty sibling in a map proof")
    node, here, value = _terminal(rest[32 * count:], position, depth)
    require(depth == 0 or present[depth - 1], "a map proof that is longer than it needs to be")
    for i in reversed(range(depth)):
        sibling = siblings.pop() if present[i] else EMPTY
        left, right = (sibling, node) if _bit(position, i) else (node, sibling)
        node = H(ctx("map-node") + left + right)
    require(node == root, "another root")
    return value if here else None


def directory_position(deployment, handle):
    return H(ctx("directory-position") + deployment + handle.encode())


def directory_value(version, commitment):
    return H(ctx("map-value") + u64(version) + commitment)


# --- Directory entry ------------------------------------------------------------------------------


def _check_registrar(attestation, entry, trust):
    require(attestation.registrar_key in trust.registrars, "a registrar that is not trusted")
    verify(attestation.registrar_key, "registrar-attestation", attestation.statement, attestation.signature)
    said = parse_canonical(entry_pb2.RegistrarStatement, attestation.statement)
    require((said.deployment, said.handle, said.genesis_key) == (entry.deployment, entry.handle, entry.genesis_key),
            "a registrar's word for another")


def check_signed_entry(signed, trust):
    """The Entry in a SignedEntry, by itself; from version 2 on the step to it is the caller's to check."""
    entry = parse_canonical(entry_pb2.DirectoryEntry, signed.entry)
    require(entry.deployment == trust.deployment and entry.suite == SUITE, "deployment or suite")
    check_handle(entry.handle)
    for key in (entry.identity_key, entry.genesis_key):
        check_identity_key(key)
    check_encryption_key(entry.encryption_key)
    require(len(entry.recovery_key_digest) == 32 and len(entry.keyring_hash) in (0, 32), "a digest's size")
    verify(entry.identity_key, "directory-entry", signed.entry, signed.signature)
    if entry.version == 1:
        require(entry.identity_key == entry.genesis_key, "a first entry with two keys")
        require(not (entry.previous_entry_hash or signed.change_signature or signed.recovery_key), "a first entry")
    else:
        require(entry.version > 1 and len(entry.previous_entry_hash) == 32, "an entry's version")
        require(len(signed.change_signature) == 64, "an entry that nobody authorised")
    if signed.HasField("registrar_attestation"):
        _check_registrar(signed.registrar_attestation, entry, trust)
    else:
        require(trust.development, "an entry that no registrar vouches for")
    return Entry(entry.deployment, entry.handle, member_id(entry.deployment, entry.genesis_key, entry.handle),
                 entry.version, entry.genesis_key, entry.identity_key, entry.encryption_key, entry.keyring_hash,
                 entry.recovery_key_digest, signed.entry)


# --- The whole proof ------------------------------------------------------------------------------


def _check_head(proof, trust, now_ms):
    def fresh(ms):
        return now_ms - MAX_AGE_MS <= ms <= now_ms + MAX_AHEAD_MS
    checkpoint = open_checkpoint(proof.checkpoint, trust, fresh)
    check_inclusion(proof.head_leaf, proof.index, proof.inclusion, checkpoint)
    require(proof.head_leaf[:2] == HEAD_LEAF and len(proof.head_leaf) <= 65535, "another leaf than a head")
    head = parse_canonical(leaf_pb2.Head, proof.head_leaf[2:])
    require(head.deployment == trust.deployment and head.sequence > 0, "a head of another deployment")
    require(len(head.directory_root) == 32 and len(head.publication_root) == 32, "a head's roots")
    require(fresh(head.time_unix_ms), "a head that is not of now")
    return head, checkpoint


def time_of_head(proof):
    """What a HeadProof says of its own time, unchecked: to judge an old proof as of then."""
    require(proof.head_leaf[:2] == HEAD_LEAF, "another leaf than a head")
    return parse_canonical(leaf_pb2.Head, proof.head_leaf[2:]).time_unix_ms


def check_entry_proof(proof, handle, trust, now_ms):
    """What the directory shows for the handle. Refused unless every step down to the trust file verifies."""
    check_handle(handle)
    there = proof.HasField("signed_entry")
    require(len(proof.salt) == (32 if there else 0), "a salt")
    require(proof.erased_version == 0 or (not there and proof.erased_version > 1), "an erased version")
    head, checkpoint = _check_head(proof.head, trust, now_ms)
    value = map_value(proof.map_proof, directory_position(trust.deployment, handle), head.directory_root)
    if not there:
        expected = directory_value(proof.erased_version, EMPTY) if proof.erased_version else None
        require(value == expected, "an absence that the map does not show")
        return Looked(None, proof.erased_version > 0, head, checkpoint)
    entry = check_signed_entry(proof.signed_entry, trust)
    require(entry.handle == handle, "another handle's entry")
    commitment = H(ctx("directory-commitment") + proof.salt + proof.signed_entry.entry)
    require(value == directory_value(entry.version, commitment), "an entry that is not in the map")
    return Looked(entry, False, head, checkpoint)
