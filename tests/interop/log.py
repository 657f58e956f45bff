"""The trust file, and what it takes to believe a checkpoint: C2SP signed-note, tlog-checkpoint, tlog-cosignature,
tlog-policy; RFC 6962 proofs."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field

from primitives import require, signature_verifies

_ED25519, _COSIGNATURE = 1, 4


def _base64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = None
    require(data is not None and base64.b64encode(data).decode() == text, "base64")
    return data


@dataclass(frozen=True)
class NoteKey:
    """A verification key of signed notes."""

    name: str
    id: bytes
    kind: int
    key: bytes

    @staticmethod
    def parse(text):
        match = re.fullmatch(r"([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)", text)
        require(match, "a note key")
        name, data = match[1], _base64(match[3])
        key_id = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
        require(len(data) == 33 and data[0] in (_ED25519, _COSIGNATURE) and key_id.hex() == match[2], "a note key")
        return NoteKey(name, key_id, data[0], data[1:])


@dataclass
class Trust:
    """A trust file (docs/formats.md)."""

    deployment: bytes = b""
    development: bool = False
    registrars: list = field(default_factory=list)
    policy_keys: list = field(default_factory=list)
    policy_threshold: int = 0
    log: NoteKey = None
    witnesses: dict = field(default_factory=dict)
    groups: dict = field(default_factory=dict)
    quorum: str = ""

    @staticmethod
    def parse(text):
        require(text.endswith("\n"), "the trust file's last line")
        lines = [line for line in text[:-1].split("\n") if line and not line.startswith("#")]
        require(lines and lines[0] == "letterlock-trust/v1" and "tlog-policy" in lines, "a trust file")
        start = lines.index("tlog-policy")
        trust = Trust()
        for words in (line.split(" ") for line in lines[1:start]):
            trust._own_line(words)
        for words in (line.split() for line in lines[start + 1:]):
            trust._policy_line(words)
        require(len(trust.deployment) == 16 and trust.log and trust.quorum, "a trust file that lacks something")
        require(trust.development != bool(trust.registrars), "registrars, or development")
        return trust

    def _own_line(self, words):
        match words:
            case ["deployment", text] if re.fullmatch("[0-9a-f]{32}", text):
                self.deployment = bytes.fromhex(text)
            case ["development"]:
                self.development = True
            case ["registrar", text]:
                self.registrars.append(_base64(text))
            case ["policy-key", text]:
                self.policy_keys.append(_base64(text))
            case ["policy-threshold", text]:
                self.policy_threshold = int(text)
            case _:
                require(False, "a line of the trust file")

    def _policy_line(self, words):
        match words:
            case ["log", key, *_] if self.log is None:
                self.log = NoteKey.parse(key)
            case ["witness", name, key, *_]:
                self.witnesses[name] = NoteKey.parse(key)
            case ["group", name, needed, *members]:
                counts = {"any": 1, "all": len(members)}
                self.groups[name] = (counts.get(needed) or int(needed), members)
            case ["quorum", name]:
                self.quorum = name
            case _:
                require(False, "a line of the tlog-policy")

    def quorum_met(self, signed):
        """`signed`: the names of the witnesses whose cosignatures count."""
        def met(name):
            if name in self.groups:
                needed, members = self.groups[name]
                return sum(map(met, members)) >= needed
            return name in signed
        return self.quorum == "none" or met(self.quorum)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that the log signed and the quorum saw."""

    size: int
    root: bytes


def _split_note(note):
    try:
        text, separator, signatures = note.decode().rpartition("\n\n")
    except UnicodeDecodeError:
        separator = ""
    require(separator and signatures.endswith("\n"), "a signed note")
    found = []
    for line in signatures[:-1].split("\n"):
        match = re.fullmatch(r"— (\S+) (\S+)", line)
        require(match, "a note's signature line")
        found.append((match[1], _base64(match[2])))
    return text + "\n", found


def _cosigned_at_ms(witness, signature, text):
    """When; None where it does not verify."""
    if len(signature) != 72:
        return None
    seconds = int.from_bytes(signature[:8], "big")
    message = f"cosignature/v1\ntime {seconds}\n{text}".encode()
    return seconds * 1000 if signature_verifies(witness.key, signature[8:], message) else None


def open_checkpoint(note, trust, fresh):
    """The checkpoint; `fresh(ms)` says which cosignatures are of now."""
    text, signatures = _split_note(note)
    def of(key):
        return [data[4:] for name, data in signatures if name == key.name and data[:4] == key.id]
    logs = of(trust.log)
    require(logs and all(signature_verifies(trust.log.key, one, text.encode()) for one in logs), "the log's signature")
    signed = set()
    for name, witness in trust.witnesses.items():
        times = [_cosigned_at_ms(witness, one, text) for one in of(witness)]
        require(None not in times, "a witness's signature")
        if any(map(fresh, times)):
            signed.add(name)
    require(trust.quorum_met(signed), "the quorum of witnesses")

    lines = text.split("\n")
    require(len(lines) == 4 and lines[0] == trust.log.name, "a checkpoint of another log")
    require(re.fullmatch("0|[1-9][0-9]{0,18}", lines[1]), "a checkpoint's size")
    root = _base64(lines[2])
    require(len(root) == 32, "a checkpoint's root")
    return Checkpoint(int(lines[1]), root)


def _node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def check_inclusion(leaf, index, proof, checkpoint):
    """The leaf stands at that index of the checkpoint's tree."""
    check_inclusion_of_hash(hashlib.sha256(b"\0" + leaf).digest(), index, proof, checkpoint)


def check_inclusion_of_hash(leaf_hash, index, proof, checkpoint):
    """RFC 9162, 2.1.3.2."""
    require(0 <= index < checkpoint.size, "an index beyond the checkpoint")
    require(all(len(one) == 32 for one in [leaf_hash, checkpoint.root, *proof]), "a hash's size")
    node, last = index, checkpoint.size - 1
    root = leaf_hash
    for sibling in proof:
        require(last != 0, "an inclusion proof that is too long")
        if node & 1 or node == last:
            root = _node(sibling, root)
            while node & 1 == 0 and node != 0:
                node, last = node >> 1, last >> 1
        else:
            root = _node(root, sibling)
        node, last = node >> 1, last >> 1
    require(last == 0 and root == checkpoint.root, "not in the log")


def check_consistency(old, new, proof):
    """RFC 9162, 2.1.4.2: the tree of `new` begins with that of `old`."""
    require(0 < old.size <= new.size, "a log that shrank")
    require(all(len(one) == 32 for one in [old.root, new.root, *proof]), "a hash's size")
    if old.size == new.size:
        require(not proof and old.root == new.root, "a fork")
        return
    path = ([old.root] if old.size & (old.size - 1) == 0 else []) + list(proof)
    node, last = old.size - 1, new.size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    require(path, "a consistency proof that is too short")
    first = second = path[0]
    for sibling in path[1:]:
        require(last != 0, "a consistency proof that is too long")
        if node & 1 or node == last:
            first, second = _node(sibling, first), _node(sibling, second)
            while node & 1 == 0 and node != 0:
                node, last = node >> 1, last >> 1
        else:
            second = _node(second, sibling)
        node, last = node >> 1, last >> 1
    require(last == 0 and first == old.root and second == new.root, "a fork")


__all__ = ["Checkpoint", "Trust", "check_consistency", "check_inclusion", "open_checkpoint"]
