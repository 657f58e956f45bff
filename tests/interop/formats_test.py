"""The Python client against the test vectors of docs/formats.md: it was written from that page, they were not."""

import base64
import dataclasses
import hashlib
import json
import os
import unittest

import nacl.bindings

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
                                       bytes.fromhex(envelope["ciphertext"]), own, [key], self.entry_of)

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


class Attachments(unittest.TestCase):
    def setUp(self):
        self.data = vectors("letterlock/attachment.json")

    @staticmethod
    def file(seed, size):
        """tests/vectors/letterlock/make_seal.py says how it makes them."""
        blocks = (hashlib.sha256(seed.encode() + primitives.u64(i)).digest() for i in range(-(-size // 32)))
        return b"".join(blocks)[:size]

    def test_shapes(self):
        for size, *shape in self.data["shapes"]:
            self.assertEqual(list(attachments.shape(size)), shape)

    def test_sealed_to_the_byte_and_opened(self):
        for one in self.data["attachments"]:
            given, file = unhex(one), self.file(one["file_seed"], one["size"])
            reference, ciphertext = attachments.seal("a", file, given["key"], given["prefix"])
            self.assertEqual(reference.ciphertext_hash.hex(), one["ciphertext_hash"])
            self.assertEqual(reference.chunk_count, one["chunk_count"])
            self.assertEqual(attachments.open_attachment(reference, ciphertext), file)


class Accounts(unittest.TestCase):
    def test_key_files(self):
        for name in ("key_file", "key_file_2"):
            data = vectors(f"letterlock/{name}.json")
            account = keyfile.read(bytes.fromhex(data["file"]), data["passphrase"].encode())
            member = data["member"]
            self.assertEqual((account.handle, account.member.hex()), (member["handle"], member["member"]))
            self.assertEqual(
                [account.identity_seed.hex(), account.encryption_key.hex(), account.device_seed.hex(),
                 account.state_key.hex()],
                [member[key] for key in ("identity_seed", "encryption_private", "device_seed", "state_key")])
            self.assertEqual([seed.hex() for seed in account.earlier_identity_seeds],
                             data.get("earlier_identity_seeds", []))
            with self.assertRaises(primitives.Refused):
                keyfile.read(bytes.fromhex(data["file"]), b"another passphrase")

    def test_a_link_file_is_a_key_file_whose_device_is_nobodys(self):
        data = vectors("letterlock/link_file.json")
        account = keyfile.read(bytes.fromhex(data["file"]), data["code"].replace("-", "").encode())
        self.assertEqual(account.identity_seed.hex(), data["member"]["identity_seed"])
        self.assertEqual(account.device_seed.hex(), data["device_seed_in_file"])

    def test_recovery_kits(self):
        data = vectors("letterlock/recovery_kit.json")
        deployment = bytes.fromhex(data["deployment"])
        for one in data["kits"]:
            kit = bytes.fromhex(one["secret"])
            self.assertEqual(keyring.kit_text(kit), one["text"])
            self.assertEqual(keyring.read_kit(one["text"].lower().replace("-", " ").replace("0", "o")), kit)
            self.assertEqual(primitives.public(keyring.recovery_key(kit, deployment)).hex(), one["recovery_public"])
            groups = one["text"].split("-")
            groups[6] = groups[6][:4] + ("0" if groups[6][4] != "0" else "1")
            with self.assertRaisesRegex(primitives.Refused, "group 7"):
                keyring.read_kit("-".join(groups))

    def test_keyrings(self):
        data = vectors("letterlock/keyring.json")
        kit, deployment = bytes.fromhex(data["kit"]), bytes.fromhex(data["deployment"])
        own = dataclasses.replace(entry_of(data["member"], deployment), keyring_hash=bytes.fromhex(data["hash"]))
        key = keyring.keyring_key(kit, deployment)
        self.assertEqual(primitives.public(key).hex(), data["keyring_public"])
        opened = keyring.open_keyring(bytes.fromhex(data["sealed"]), kit, own)
        self.assertEqual(opened.SerializeToString().hex(), data["keyring"])
        ephemeral = primitives.x25519_key(bytes.fromhex(data["ephemeral"]))
        sealed = keyring.seal(opened, primitives.public(key), deployment, own.member, ephemeral)
        self.assertEqual(sealed.hex(), data["sealed"])
        for wrong in ({"keyring_hash": bytes(32)}, {"identity_key": bytes(32)}, {"encryption_key": bytes(32)}):
            with self.assertRaises(primitives.Refused):
                keyring.open_keyring(sealed, kit, dataclasses.replace(own, **wrong))

    def test_imported_rows(self):
        data = vectors("letterlock/import.json")
        made = archive.ids(bytes.fromhex(data["member"]["state_key"]), data["source"], data["row"])
        self.assertEqual([one.hex() for one in made], [data["message_id"], data["thread_id"]])
        fixed = {key: bytes.fromhex(data["envelope"][key]) for key in ("content_key", "nonce")}
        own = entry_of(data["member"], bytes.fromhex(data["deployment"]))
        identity = primitives.ed25519_key(bytes.fromhex(data["member"]["identity_seed"]))
        sealed = envelopes.seal(archive.linkedin(data["row"], own.handle), own.deployment, own, identity, own, made[1],
                                {**fixed, "message_id": made[0]})
        self.assertEqual(sealed.header.hex(), data["envelope"]["header"])
        self.assertEqual(sealed.ciphertext.hex(), data["envelope"]["ciphertext"])


class Signatures(unittest.TestCase):
    def test_r_of_small_order_is_refused(self):
        """With R the neutral element, S = H(R, A, M)·a holds in the equation itself: OpenSSL takes that."""
        seed, message = bytes(range(32)), b"m"
        key = primitives.ed25519_key(seed)
        neutral = bytes([1]) + bytes(31)
        expanded = bytearray(hashlib.sha512(seed).digest()[:32])
        expanded[0] &= 248
        expanded[31] = expanded[31] & 127 | 64
        challenge = hashlib.sha512(neutral + primitives.public(key) + message).digest()
        scalar = nacl.bindings.crypto_core_ed25519_scalar_reduce
        s = nacl.bindings.crypto_core_ed25519_scalar_mul(scalar(challenge), scalar(bytes(expanded) + bytes(32)))
        key.public_key().verify(neutral + s, message)
        self.assertFalse(primitives.signature_verifies(primitives.public(key), neutral + s, message))
        self.assertTrue(primitives.signature_verifies(primitives.public(key), key.sign(message), message))


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

    def test_heads_that_are_not_canonical(self):
        data = vectors("letterlock/leaf.json")
        for one in data["leaves"]:
            kind = {"head": leaf_pb2.Head, "genesis": leaf_pb2.GenesisStatement}[one["message"]]
            primitives.parse_canonical(kind, bytes.fromhex(one["body"]))
        for one in data["refused_heads"]:
            with self.assertRaises(primitives.Refused, msg=one["name"]):
                primitives.parse_canonical(leaf_pb2.Head, bytes.fromhex(one["body"]))

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
        import archive
        import attachments
        import envelopes
        import keyfile
        import keyring
        import log
        import primitives
        import proofs
        from letterlock.tlog.v1 import leaf_pb2
        unittest.main()
