#!/usr/bin/env python3
"""Writes directory.json: whole directory proofs, from entry to cosigned checkpoint, as an independent reading
of docs/formats.md ("Directory entry", "Log leaves", "Trust file") and of the C2SP formats it names. With
--check it only compares."""
import base64
import functools

import primitives
from make_map import ZERO, directory_commitment, directory_position, map_value, prove, root
from primitives import *
from vector_files import run

# Each costs about a tenth of a second in plain Python, and most are asked for many times.
ed25519_public = functools.cache(primitives.ed25519_public)
ed25519_sign = functools.cache(primitives.ed25519_sign)
x25519_public = functools.cache(primitives.x25519_public)

ORIGIN = "log.example/main"
NOW_MS = 1800000000000
MINUTE = 60000


def sign(seed, name, message):
    return ed25519_sign(seed, ctx(name) + message)


def b64(data):
    return base64.b64encode(data).decode()


# --- The log: RFC 6962 trees, notes, cosignatures -------------------------------------------------


def tree(hashes):
    if not hashes:
        return sha256()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\1", tree(hashes[:split]), tree(hashes[split:]))


def inclusion(hashes, index):
    if len(hashes) == 1:
        return []
    split = 1 << (len(hashes) - 1).bit_length() - 1
    if index < split:
        return inclusion(hashes[:split], index) + [tree(hashes[split:])]
    return inclusion(hashes[split:], index - split) + [tree(hashes[:split])]


class NoteKey:
    def __init__(self, name, kind):
        self.name, self.seed = name, some("note key " + name, 32)
        self.public = bytes([kind]) + ed25519_public(self.seed)
        self.id = sha256(name.encode(), b"\n", self.public)[:4]

    def vkey(self):
        return f"{self.name}+{self.id.hex()}+{b64(self.public)}"

    def line(self, signature):
        return f"\u2014 {self.name} {b64(self.id + signature)}\n".encode()

    def sign(self, text):
        return self.line(ed25519_sign(self.seed, text))

    def cosign(self, text, seconds):
        message = b"cosignature/v1\ntime %d\n" % seconds + text
        return self.line(u(64, seconds) + ed25519_sign(self.seed, message))


LOG, WITNESS = NoteKey(ORIGIN, 1), NoteKey("witness.example/1", 4)
REGISTRAR, POLICY = some("registrar", 32), some("policy", 32)


def checkpoint(hashes, cosigned_ms=None):
    text = f"{ORIGIN}\n{len(hashes)}\n{b64(tree(hashes))}\n".encode()
    note = text + b"\n" + LOG.sign(text)
    return note + WITNESS.cosign(text, cosigned_ms // 1000) if cosigned_ms is not None else note


# --- Deployments, members, entries ----------------------------------------------------------------


class Deployment:
    def __init__(self, development, quorum):
        self.development, self.quorum = development, quorum
        self.registrars = [] if development else [ed25519_public(REGISTRAR)]
        self.policy_key = ed25519_public(POLICY)
        genesis = proto((1, ORIGIN.encode()), (2, LOG.vkey().encode()), *((3, key) for key in self.registrars),
                        (4, WITNESS.vkey().encode()), (5, self.policy_key), (6, 1), (7, NOW_MS - 10**9),
                        (8, some("genesis nonce", 32)), (9, int(development)))
        self.id = sha256(ctx("deployment"), genesis)[:16]
        self.leaves = [b"\1\1" + genesis]
        self.entries, self.heads = {}, 0

    def trust(self):
        lines = ["letterlock-trust/v1", "deployment " + self.id.hex()]
        lines += ["development"] if self.development else []
        lines += ["registrar " + b64(key) for key in self.registrars]
        lines += ["policy-key " + b64(self.policy_key), "policy-threshold 1", "tlog-policy", "log " + LOG.vkey(),
                  "witness w " + WITNESS.vkey(), "quorum " + self.quorum]
        return "\n".join(lines) + "\n"

    def put(self, handle, version, signed_entry, salt, entry):
        self.entries[handle] = (version, signed_entry, salt, directory_commitment(salt, entry))

    def erase(self, handle, version):
        self.entries[handle] = (version, None, b"", ZERO)

    def map(self):
        return {directory_position(self.id, handle): map_value(version, commitment)
                for handle, (version, _, _, commitment) in self.entries.items()}

    def head(self, time_ms):
        self.heads += 1
        body = proto((1, self.id), (2, self.heads), (3, root(self.map())), (4, ZERO), (8, time_ms))
        self.leaves.append(b"\2\1" + body)

    def proof(self, handle, cosigned_ms, **changed):
        """An EntryProof under the newest head; `changed` replaces parts of it."""
        hashes = [sha256(b"\0", leaf) for leaf in self.leaves]
        index = max(i for i, leaf in enumerate(self.leaves) if leaf[0] == 2)
        version, signed_entry, salt, _ = self.entries.get(handle, (0, None, b"", ZERO))
        parts = {
            "entry": signed_entry or b"",
            "salt": salt,
            "erased": version if signed_entry is None else 0,
            "map": prove(self.map(), directory_position(self.id, handle)),
            "leaf": self.leaves[index],
            "index": index,
            "inclusion": inclusion(hashes, index),
            "checkpoint": checkpoint(hashes, cosigned_ms),
        } | changed
        head = proto((1, parts["leaf"]), (2, parts["index"]), *((3, node) for node in parts["inclusion"]),
                     (4, parts["checkpoint"]))
        return proto((1, parts["entry"]), (2, parts["salt"]), (3, parts["erased"]), (4, parts["map"]), (5, head))


class Member:
    def __init__(self, handle, deployment):
        self.handle, self.deployment = handle, deployment
        self.identity = some(handle + " identity", 32)
        self.genesis_key = ed25519_public(self.identity)
        self.encryption = x25519_public(some(handle + " encryption", 32))
        self.recovery = some(handle + " recovery", 32)
        self.id = sha256(ctx("member"), deployment.id, self.genesis_key, handle.encode())[:16]

    def entry(self, version, identity, previous=b"", recovery=None, keyring=b""):
        digest = sha256(ctx("recovery-key-digest"), ed25519_public(recovery or self.recovery))
        before = sha256(ctx("directory-entry-hash"), previous) if previous else b""
        return proto((1, self.deployment.id), (2, 1), (3, self.handle.encode()), (4, version), (5, self.genesis_key),
                     (6, ed25519_public(identity)), (7, self.encryption), (8, digest), (9, keyring), (10, before),
                     (11, NOW_MS - 10**8 + version))

    def attestation(self):
        statement = proto((1, self.deployment.id), (2, self.handle.encode()), (3, self.genesis_key), (4, NOW_MS - 10**8))
        signature = sign(REGISTRAR, "registrar-attestation", statement)
        return proto((1, statement), (2, ed25519_public(REGISTRAR)), (3, signature))

    def signed(self, entry, identity, changer=None, recovery=False, attested=True):
        change = sign(changer, "directory-entry-change", entry) if changer else b""
        return proto((1, entry), (2, sign(identity, "directory-entry", entry)), (3, change),
                     (4, ed25519_public(changer) if recovery else b""), (5, self.attestation() if attested else b""))


# --- The cases ------------------------------------------------------------------------------------


def production():
    d = Deployment(False, "w")
    ada, ben = Member("ada", d), Member("ben.q-1", d)
    for member in (ada, ben):
        entry = member.entry(1, member.identity)
        d.put(member.handle, 1, member.signed(entry, member.identity), some(member.handle + " salt", 32), entry)
    return d, ada, ben


def accept(name, d, handle, cosigned_ms=NOW_MS, **expected):
    trust = "development" if d.development else "production"
    return {"name": name, "trust": trust, "handle": handle, "now_ms": NOW_MS, "proof": d.proof(handle, cosigned_ms),
            "head_sequence": d.heads, "head_root": root(d.map()), "checkpoint_size": len(d.leaves)} | expected


def shown(member, version, identity):
    return {"state": "entry", "member": member.id, "version": version, "identity_key": ed25519_public(identity),
            "encryption_key": member.encryption, "attested": not member.deployment.development}


def lookups():
    d, ada, ben = production()
    d.head(NOW_MS)
    yield accept("a first entry", d, "ada", **shown(ada, 1, ada.identity))
    yield accept("a handle that nobody has", d, "nobody", state="absent")
    new = some("ada next identity", 32)
    second = ada.entry(2, new, ada.entry(1, ada.identity), keyring=some("keyring", 32))
    d.put("ada", 2, ada.signed(second, new, ada.identity), some("ada salt 2", 32), second)
    d.erase("ben.q-1", 2)
    d.head(NOW_MS - 9 * MINUTE)
    d.leaves.append(b"\3\1a policy, opaque here")
    yield accept("a second entry, another key, a leaf after the head", d, "ada", **shown(ada, 2, new))
    yield accept("an erased handle", d, "ben.q-1", state="erased", version=2)
    yield accept("cosigned nine minutes ago", d, "ada", NOW_MS - 9 * MINUTE, **shown(ada, 2, new))

    d = Deployment(True, "none")
    d.head(NOW_MS)
    yield accept("the empty directory, nobody witnesses", d, "ada", None, state="absent", unwitnessed=True)
    ada = Member("ada", d)
    entry = ada.entry(1, ada.identity)
    d.put("ada", 1, ada.signed(entry, ada.identity, attested=False), some("salt", 32), entry)
    d.head(NOW_MS)
    yield accept("self-registered, nobody witnesses", d, "ada", None, unwitnessed=True, **shown(ada, 1, ada.identity))


def refused():
    d, ada, ben = production()
    d.head(NOW_MS)
    salt = some("ada salt", 32)

    def case(name, code, handle="ada", cosigned_ms=NOW_MS, now_ms=NOW_MS, of="ada", **changed):
        return {"name": name, "trust": "production", "handle": handle, "now_ms": now_ms, "code": code,
                "proof": d.proof(of, cosigned_ms, **changed)}

    def resigned(entry, **kind):
        return ada.signed(entry, ada.identity, **kind)

    first = ada.entry(1, ada.identity)
    yield case("another handle's proof", "UNAUTHENTICATED", of="ben.q-1")
    yield case("a present handle denied", "UNAUTHENTICATED", entry=b"", salt=b"")
    yield case("a present handle called erased", "UNAUTHENTICATED", entry=b"", salt=b"", erased=2)
    yield case("an erasure before any entry", "INVALID_ARGUMENT", entry=b"", salt=b"", erased=1)
    yield case("an absence with a salt", "INVALID_ARGUMENT", of="nobody", handle="nobody", salt=salt)
    yield case("another salt", "UNAUTHENTICATED", salt=some("another", 32))
    yield case("a salt of 31 bytes", "INVALID_ARGUMENT", salt=salt[:31])
    yield case("an entry beside a tombstone", "INVALID_ARGUMENT", erased=2)
    yield case("an entry that is not in the map", "UNAUTHENTICATED",
               entry=resigned(ada.entry(1, ada.identity, keyring=some("keyring", 32))))
    yield case("an entry that nobody vouches for", "PERMISSION_DENIED", entry=resigned(first, attested=False))
    yield case("an entry signed by another", "UNAUTHENTICATED", entry=ada.signed(first, ben.identity))
    yield case("a first entry with a change signature", "INVALID_ARGUMENT",
               entry=ada.signed(first, ada.identity, ada.identity))
    yield case("an entry with an unknown field", "INVALID_ARGUMENT", entry=resigned(first + proto((99, 1))))
    yield case("a map proof cut short", "INVALID_ARGUMENT", map=prove(d.map(), directory_position(d.id, "ada"))[:-1])
    yield case("another's map proof", "UNAUTHENTICATED", map=prove(d.map(), directory_position(d.id, "ben.q-1")))
    yield case("a head that is not in the log", "UNAUTHENTICATED", leaf=d.leaves[1][:-1] + b"\1")
    yield case("the genesis leaf for a head", "INVALID_ARGUMENT", leaf=d.leaves[0], index=0,
               inclusion=[sha256(b"\0", d.leaves[1])])
    yield case("another index", "UNAUTHENTICATED", index=0)
    yield case("a node too many in the inclusion proof", "UNAUTHENTICATED", inclusion=[sha256(b"\0", d.leaves[0]), ZERO])
    yield case("no witness", "FAILED_PRECONDITION", cosigned_ms=None)
    yield case("a stale witness", "OUT_OF_RANGE", cosigned_ms=NOW_MS - 11 * MINUTE)
    yield case("a stale head", "OUT_OF_RANGE", now_ms=NOW_MS + 11 * MINUTE)
    yield case("a head from the future", "OUT_OF_RANGE", now_ms=NOW_MS - 3 * MINUTE)
    yield case("no checkpoint", "INVALID_ARGUMENT", checkpoint=b"")
    yield case("a checkpoint of another log", "UNAUTHENTICATED",
               checkpoint=checkpoint([sha256(b"\0", leaf) for leaf in d.leaves], NOW_MS).replace(b"log.", b"lag."))
    d.id, kept = some("another deployment", 16), d.id
    d.head(NOW_MS)
    d.id = kept
    yield case("a head of another deployment", "INVALID_ARGUMENT")


def transitions():
    d, ada, _ = production()
    new, other = some("ada next identity", 32), some("ada other recovery", 32)
    first = ada.entry(1, ada.identity)

    def case(name, code, version=2, identity=new, changer=ada.identity, recovery=False, previous=first, digest=None):
        entry = ada.entry(version, identity, previous, digest)
        return {"name": name, "code": code, "previous": first,
                "signed_entry": ada.signed(entry, identity, changer, recovery)}

    yield case("rotated by the identity key", "OK")
    yield case("rotated by the recovery key", "OK", changer=ada.recovery, recovery=True)
    yield case("a new recovery key, by the old one", "OK", changer=ada.recovery, recovery=True, digest=other)
    yield case("by the new key alone", "PERMISSION_DENIED", changer=new)
    yield case("by a recovery key of nobody", "PERMISSION_DENIED", changer=other, recovery=True)
    yield case("by the recovery key, unnamed", "PERMISSION_DENIED", changer=ada.recovery)
    yield case("by the identity key, named as recovery key", "PERMISSION_DENIED", recovery=True)
    yield case("a new recovery key, by the identity key", "PERMISSION_DENIED", digest=other)
    yield case("a version too far", "FAILED_PRECONDITION", version=3)
    yield case("after another entry", "FAILED_PRECONDITION", previous=ada.entry(1, ada.identity, recovery=other))


def directory_file():
    trusts = {"production": Deployment(False, "w").trust(), "development": Deployment(True, "none").trust()}
    return {"section": "Directory entry", "trusts": trusts, "max_age_ms": 10 * MINUTE, "max_ahead_ms": 2 * MINUTE,
            "lookups": list(lookups()), "refused": list(refused()), "transitions": list(transitions())}


if __name__ == "__main__":
    run({"directory.json": directory_file})
