"""The Python client and `letterlock` write to each other through the real daemons."""

import os

import deployed
from deployed import BODY, Deployed

import attachments
import client
import grpc
import primitives
from letterlock.mail.v1 import envelope_pb2, mail_service_pb2, mailbox_pb2


class BothWays(Deployed):
    """Accounts and mail, where everybody may write to everybody."""

    def first_folder(self):
        """Where a first contact arrives."""
        return mailbox_pb2.FOLDER_INBOX

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


class Streams(Deployed):
    """What comes as a stream."""

    def test_a_watch_tells_of_mail_that_comes_after_the_last_sync(self):
        wil = self.member("wil")
        wil.sync()
        notices = wil.watch()
        self.addCleanup(notices.cancel)
        for subject in ("One", "Two"):
            receipt = self.send_as_ada("send", "wil", "--subject", subject)
            self.assertEqual(next(notices), mail_service_pb2.WatchResponse(), "a notice holds nothing")
            self.assertEqual(wil.sync(), 1)
            self.assert_reads(wil, receipt, subject, BODY, mailbox_pb2.FOLDER_INBOX)

    def test_fetch_gives_all_mail_oldest_first_and_goes_on_where_it_was_left(self):
        fay = self.member("fay")
        # More than one stream message, of about 64 KiB, holds.
        bodies = [f"{i}" + "\u674e" * 1999 for i in range(9)]
        for body in bodies:
            self.send_as_ada("send", "fay", "--subject", "", body=body)
        fetched = list(fay.fetch())
        self.assertEqual([content.body for _, _, content in fetched], bodies)
        after = fetched[6][0].sequence
        self.assertEqual([content.body for _, _, content in fay.fetch(after=after)], bodies[7:])
        self.assertEqual(list(fay.fetch(mailbox_pb2.FOLDER_SENT)), [])


class Attachments(Deployed):
    """Files, both ways: none, one byte, a whole chunk, and several with a last one of padding alone."""

    SIZES = (0, 1, 65536, 200001)

    def files(self):
        return {f"plan {size} \u2713.bin": os.urandom(size) for size in self.SIZES}

    def folder(self, name):
        path = os.path.join(self.deployment.members, name)
        os.mkdir(path)
        return path

    def test_letterlock_attaches_and_python_opens(self):
        files, folder = self.files(), self.folder("outgoing")
        for name, data in files.items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
        mia = self.member("mia")
        attach = [word for name in files for word in ("--attach", os.path.join(folder, name))]
        receipt = self.send_as_ada("send", "mia", "--subject", "Files", *attach)
        state, _, content = mia.read(self.ada_id, bytes.fromhex(receipt["id"]))
        self.assertEqual({one.file_name: mia.download(one) for one in content.attachments}, files)
        self.assertEqual(list(state.attachments), [one.ciphertext_hash for one in content.attachments])

    def test_python_attaches_and_letterlock_saves(self):
        files, folder = self.files(), self.folder("saved")
        noa = self.member("noa")
        references = [noa.upload(name, data) for name, data in files.items()]
        envelope = noa.seal("ada", "Files", BODY, files=references)
        noa.send(envelope, references)
        message_id = envelope_pb2.EnvelopeHeader.FromString(envelope.header).message_id
        saved = self.ada.json("save", message_id.hex(), "--to", folder)["saved"]
        self.assertEqual([one["name"] for one in saved], list(files))
        for one in saved:
            with open(os.path.join(folder, os.path.basename(one["path"])), "rb") as file:
                self.assertEqual(file.read(), files[one["name"]])

    def test_an_upload_that_broke_is_gone_on_with(self):
        ned = self.member("ned")
        data = os.urandom(300000)
        reference, ciphertext = attachments.seal("long", data)
        self.refused(grpc.StatusCode.NOT_FOUND, "NOT_FOUND", ned.uploaded, reference)
        with self.assertRaises(grpc.RpcError):
            ned.put(reference, ciphertext, until=131072)
        begun = ned.uploaded(reference)
        self.assertEqual((begun.offset, begun.size, begun.complete), (131072, len(ciphertext), False))
        self.refused(grpc.StatusCode.OUT_OF_RANGE, "UPLOAD_OFFSET", ned.put, reference, ciphertext, 65536)
        self.refused(grpc.StatusCode.FAILED_PRECONDITION, "ATTACHMENT_MISSING", ned.send,
                     ned.seal("ada", "", BODY, files=[reference]), [reference])
        ned.put(reference, ciphertext, begun.offset)
        self.assertTrue(ned.uploaded(reference).complete)
        self.assertEqual(ned.download(reference), data)

    def test_a_reference_that_tells_another_size_is_refused(self):
        oda = self.member("oda")
        reference = oda.upload("a", b"a file")
        self.assertEqual(oda.download(reference), b"a file")
        reference.size += 1
        with self.assertRaises(primitives.Refused):
            oda.download(reference)


if __name__ == "__main__":
    deployed.main()
