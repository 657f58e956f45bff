"""The Python client against the test vectors of docs/formats.md: it was written from that page, they were not."""

import base64
import json
import os
import unittest

import bindings

VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vectors")


def vectors(name):
    with open(os.path.join(VECTORS, name), encoding="utf-8") as file:
        return json.load(file)


def unhex(value):
    return {key: bytes.fromhex(text) for key, text in value.items() if _is_hex(text)}


def _is_hex(text):
    try:
        return isinstance(text, str) and bytes.fromhex(text) is not None
    except ValueError:
        return False


def unbase64(text):
    return base64.b64decode(text or "")


def entry_of(member, deployment):
    return proofs.Entry(deployment, member["handle"], bytes.fromhex(member["member"]), 1,
                        *[bytes.fromhex(member[key]) for key in
                          ("identity_public", "identity_public", "encryption_public")])


class Identifiers(unittest.TestCase):
    def test_deployment_member_and_key_ids(self):
        data = vectors("letterlock/identifiers.json")
        statement = bytes.fromhex(data["genesis_statement"])
        self.assertEqual(primitives.deployment_id(statement).hex(), data["deployment_of_statement"])
        deployment = bytes.fromhex(data["deployment"])
        for member in data["members"]:
            key = bytes.fromhex(member["identity_public"])
            self.assertEqual(primitives.member_id(deployment, key, member["handle"]).hex(), member["member"])
            self.assertEqual(primitives.key_id(key).hex(), member["identity_key_id"])


class Envelopes(unittest.TestCase):
    def setUp(self):
        self.data = vectors("letterlock/envelope.json")
        self.deployment = bytes.fromhex(self.data["deployment"])
        self.people = {self.data[who]["handle"]: self.data[who] for who in ("sender", "recipient")}
        self.sender, self.recipient = (entry_of(self.data[who], self.deployment) for who in ("sender", "recipient"))

    def entry_of(self, handle):
        return entry_of(self.people[handle], self.deployment)

    def open(self, own, envelope):
        wrap = envelope["sender_wrap" if own == self.sender else "recipient_wrap"]
        key = primitives.x25519_key(bytes.fromhex(self.people[own.handle]["encryption_private"]))
        return envelopes.open_envelope(bytes.fromhex(envelope["header"]), bytes.fromhex(wrap),
                                       bytes.fromhex(envelope["ciphertext"]), own, key, self.entry_of)

    def test_padding(self):
        for size, padded in self.data["padding"]:
            self.assertEqual(envelopes.padded_length(size), padded)

    def test_sealed_to_the_byte(self):
        identity = primitives.ed25519_key(bytes.fromhex(self.data["sender"]["identity_seed"]))
        for one in self.data["envelopes"]:
            given = unhex(one)
            fixed = {key: given[key] for key in ("message_id", "content_key", "nonce")}
            for key in ("recipient_ephemeral", "sender_ephemeral"):
                fixed[key] = primitives.x25519_key(given[key])
            content = envelopes.envelope_pb2.Content.FromString(given["content"])
            sealed = envelopes.seal(content, self.deployment, self.sender, identity, self.recipient,
                                    given["thread_id"], fixed)
            for key in ("header", "recipient_wrap", "sender_wrap", "ciphertext"):
                self.assertEqual(getattr(sealed, key).hex(), one[key], (one["name"], key))

    def test_opened_by_both(self):
        for one in self.data["envelopes"]:
            for own in (self.sender, self.recipient):
                header, content = self.open(own, one)
                self.assertEqual(header.message_id.hex(), one["message_id"])
                self.assertEqual(content.SerializeToString().hex(), one["content"])

    def test_one_bit_of_anything_and_it_does_not_open(self):
        one = self.data["envelopes"][0]
        for key in ("header", "recipient_wrap", "ciphertext"):
            data = bytearray.fromhex(one[key])
            for at in range(0, len(data), 7):
                changed = bytearray(data)
                changed[at] ^= 1
                with self.assertRaises(primitives.Refused, msg=(key, at)):
                    self.open(self.recipient, {**one, key: changed.hex()})

    def test_an_envelope_that_its_two_readers_would_open_differently_is_refused(self):
        opened = []
        for own in (self.recipient, self.sender):
            try:
                opened.append(self.open(own, self.data["two_texts"]))
            except primitives.Refused:
                pass
        self.assertLess(len(opened), 2)


class Proofs(unittest.TestCase):
    def test_map(self):
        data = vectors("letterlock/map.json")
        for one in data["maps"]:
            for proof in one["proofs"]:
                value = proofs.map_value(*[bytes.fromhex(text) for text in
                                           (proof["proof"], proof["position"], one["root"])])
                self.assertEqual(value and value.hex(), proof.get("value"))
        for one in data["refused"]:
            with self.assertRaises(primitives.Refused, msg=one["name"]):
                proofs.map_value(*[bytes.fromhex(one[key]) for key in ("proof", "position", "root")])

    def look(self, data, one):
        proof = proofs.entry_pb2.EntryProof.FromString(bytes.fromhex(one["proof"]))
        trust = log.Trust.parse(data["trusts"][one["trust"]])
        return proofs.check_entry_proof(proof, one["handle"], trust, one["now_ms"])

    def test_lookups(self):
        data = vectors("letterlock/directory.json")
        for one in data["lookups"]:
            found = self.look(data, one)
            state = "entry" if found.entry else "erased" if found.erased else "absent"
            self.assertEqual(state, one["state"], one["name"])
            self.assertEqual(found.checkpoint.size, one["checkpoint_size"])
            self.assertEqual(found.head.directory_root.hex(), one["head_root"])
            if found.entry:
                self.assertEqual(found.entry.member.hex(), one["member"])
                self.assertEqual(found.entry.encryption_key.hex(), one["encryption_key"])
        for one in data["refused"]:
            with self.assertRaises(primitives.Refused, msg=one["name"]):
                self.look(data, one)

    def test_inclusion(self):
        for one in vectors("merkle/inclusion.json")["cases"]:
            def check(case=one):
                checkpoint = log.Checkpoint(case["treeSize"], unbase64(case["root"]))
                log.check_inclusion_of_hash(
                    unbase64(case["leafHash"]), case["leafIdx"], [unbase64(node) for node in case["proof"] or []],
                    checkpoint)
            self.expect(check, one)

    def test_consistency(self):
        for one in vectors("merkle/consistency.json")["cases"]:
            def check(case=one):
                old, new = (log.Checkpoint(case["size" + n], unbase64(case["root" + n])) for n in "12")
                log.check_consistency(old, new, [unbase64(node) for node in case["proof"] or []])
            # tests/vectors/README.md: a root that is not 32 bytes is an error.
            bad_root = any(len(unbase64(one["root" + n])) != 32 for n in "12")
            self.expect(check, {**one, "wantErr": one["wantErr"] or bad_root})

    def expect(self, check, case):
        if case["wantErr"]:
            with self.assertRaises(primitives.Refused, msg=case["name"]):
                check()
        else:
            check()


if __name__ == "__main__":
    with bindings.generated():
        import envelopes
        import log
        import primitives
        import proofs
        unittest.main()
