"""The Python client and `letterlock` write to each other through the real daemons.

python_client_test.py --bin FOLDER"""

import argparse
import json
import os
import sys
import unittest

import bindings
import daemons
from deployment import run

BODY = "Both ways,\n\u674e \u660e: \u00e9\u0301 \U0001f511 <b>&amp;\ttabs\n"
BIN = None


class BothWays(unittest.TestCase):
    """One deployment for all: `ada` uses letterlock, the others the Python client."""

    CORRESPONDENCE = "open"

    @classmethod
    def setUpClass(cls):
        cls.deployment = cls.enterClassContext(daemons.running(BIN, cls.CORRESPONDENCE))
        cls.servers = client.Servers(cls.deployment.config)
        cls.addClassCleanup(cls.servers.close)
        cls.ada = cls.deployment.member("ada")
        cls.ada.json("account", "create", "ada", "--recovery-kit", os.path.join(cls.deployment.members, "kit"))
        cls.ada_id = bytes.fromhex(cls.ada.json("account", "show")["member"])

    def first_folder(self):
        """Where a first contact arrives."""
        return mailbox_pb2.FOLDER_INBOX

    def member(self, handle):
        made = client.Client(self.servers, handle)
        self.assertTrue(made.create().created)
        made.open_session()
        return made

    def send_as_ada(self, *words, body=BODY):
        return json.loads(run(self.ada.command("--json", *words), body.encode()))

    def assert_reads(self, reader, receipt, subject, body, folder):
        """The Python client finds what ada sent, and reads it as she wrote it."""
        message_id = bytes.fromhex(receipt["id"])
        state, header, content = reader.read(self.ada_id, message_id)
        self.assertEqual((content.subject, content.body), (subject, body))
        self.assertEqual((content.sender_handle, content.recipient_handle), ("ada", reader.handle))
        self.assertEqual(header.thread_id.hex(), receipt["thread"])
        self.assertEqual(state.folder, folder)
        self.assertIn((self.ada_id, message_id), reader.mailbox)

    def refused(self, code, reason, call, *arguments):
        with self.assertRaises(grpc.RpcError) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.code(), code)
        details = dict(caught.exception.trailing_metadata())["grpc-status-details-bin"]
        self.assertIn(reason.encode(), details)

    def test_an_account_that_both_see_alike(self):
        pia = client.Client(self.servers, "pia")
        self.assertIsNone(pia.lookup("pia").entry)
        answer = pia.create()
        self.assertEqual((answer.created, answer.entry_version), (True, 1))
        pia.check_genesis()
        seen = self.ada.json("lookup", "pia")
        mine = {"member": pia.entry.member, "identity_key": pia.entry.identity_key,
                "encryption_key": pia.entry.encryption_key}
        self.assertEqual({key: seen[key] for key in mine}, {key: value.hex() for key, value in mine.items()})
        self.assertEqual(pia.entry_of("ada").member, self.ada_id)

    def test_python_writes_and_letterlock_reads_accepts_and_answers(self):
        quin = self.member("quin")
        quin.sync()
        envelope = quin.seal("ada", "From Python \u2713", BODY)
        header = envelope_pb2.EnvelopeHeader.FromString(envelope.header)
        sent = quin.send(envelope)
        self.assertEqual(sent.state, mailbox_pb2.DELIVERY_STATE_DELIVERED)
        self.assertEqual(quin.send(envelope), sent, "the same bytes again get the first answer")

        read = self.ada.json("read", header.message_id.hex())
        said = {"subject": "From Python \u2713", "body": BODY, "from": "quin", "to": "ada",
                "signature": "verified", "id": header.message_id.hex(), "thread": header.message_id.hex(),
                "sender": quin.entry.member.hex()}
        self.assertEqual({key: read[key] for key in said}, said)

        receipt = self.send_as_ada("reply", header.message_id.hex(), "--subject", "From C++")
        self.assertEqual(receipt["thread"], header.message_id.hex())
        self.assertGreaterEqual(quin.sync(), 2)
        self.assert_reads(quin, receipt, "From C++", BODY, mailbox_pb2.FOLDER_INBOX)
        state, _, own = quin.read(quin.entry.member, header.message_id)
        self.assertEqual((own.body, state.folder), (BODY, mailbox_pb2.FOLDER_SENT))

        again = quin.seal("ada", "", "in the thread", header.thread_id)
        quin.send(again)
        read = self.ada.json("read", envelope_pb2.EnvelopeHeader.FromString(again.header).message_id.hex())
        self.assertEqual((read["thread"], read["body"]), (header.message_id.hex(), "in the thread"))

    def test_letterlock_writes_first(self):
        rae = self.member("rae")
        receipt = self.send_as_ada("send", "rae", "--subject", "First")
        self.assertEqual(receipt["delivery"], "delivered")
        rae.sync()
        self.assert_reads(rae, receipt, "First", BODY, self.first_folder())

    def test_sync_follows_what_came_and_what_was_deleted(self):
        sol = self.member("sol")
        self.assertEqual(sol.sync(), 0)
        receipt = self.send_as_ada("send", "sol", "--subject", "One")
        self.assertEqual(sol.sync(), 1)
        self.assertEqual(sol.sync(), 0)
        key = self.ada_id, bytes.fromhex(receipt["id"])
        self.assertEqual(set(sol.mailbox), {key})
        self.assertTrue(sol.delete(*key))
        self.assertEqual(sol.sync(), 1)
        self.assertEqual(sol.mailbox, {})
        sol.sync_token = ""
        self.assertEqual(sol.sync(), 0)

    def test_another_key_than_the_directorys_signs_for_nobody(self):
        tom = self.member("tom")
        forged = tom.seal("ada", "Forged", "not by tom's key", identity=primitives.ed25519_key(os.urandom(32)))
        message_id = envelope_pb2.EnvelopeHeader.FromString(forged.header).message_id.hex()
        tom.send(forged)
        self.assertEqual(self.ada.json("read", message_id, expect=4)["error"]["problem"], "verification-failed")
        listed = [self.ada.json(folder) for folder in ("inbox", "requests")]
        self.assertNotIn(message_id, [one["id"] for listing in listed for one in listing["messages"]])
        self.assertIn(message_id, [one["id"] for listing in listed for one in listing["refused"]])

    def test_a_session_for_another_servers_name_is_refused(self):
        uma = self.member("uma")
        self.refused(grpc.StatusCode.UNAUTHENTICATED, "WRONG_SERVER_NAME", uma.open_session, "relay.example")

    def test_a_used_id_with_other_bytes_is_refused(self):
        vic = self.member("vic")
        envelope = vic.seal("ada", "", "one")
        vic.send(envelope)
        envelope.recipient_wrap = bytes(80)
        self.refused(grpc.StatusCode.ALREADY_EXISTS, "ID_REUSED", vic.send, envelope)


class BothWaysByRequest(BothWays):
    """The same where first contacts are requests."""

    CORRESPONDENCE = "by-request"

    def first_folder(self):
        return mailbox_pb2.FOLDER_REQUESTS


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    arguments, rest = parser.parse_known_args()
    BIN = arguments.bin
    with bindings.generated():
        import client
        import grpc
        import primitives
        from letterlock.mail.v1 import envelope_pb2, mailbox_pb2
        unittest.main(argv=[sys.argv[0], *rest])
