"""A member reports by the Python client what was altered, forged or foreign; `letterlock desk` shows none of it. What
is honest: python_account_test.py.

python_reports_test.py --bin FOLDER"""

import os

import daemons
import deployed

import envelopes
import owner
from letterlock.mail.v1 import disclosure_pb2, envelope_pb2


def flip(data, at=20):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


class Judged(deployed.Deployed):
    """`sue` writes, `pat` reports, `quin` is somebody else; `ada`, who uses letterlock, is the desk."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        daemons.configure(
            cls.deployment, f'\n[reports]\ndesk_handle = "ada"\ndesk_member = "{cls.ada_id.hex()}"\n')
        cls.sue, cls.pat, cls.quin = (cls.started(handle) for handle in ("sue", "pat", "quin"))

    @classmethod
    def started(cls, handle):
        made = owner.Owner(cls.servers, handle)
        made.create()
        made.open_session()
        return made

    def received(self, by, body):
        """The id of a message from sue."""
        envelope = self.sue.seal(by.handle, "Offer", body)
        self.sue.send(envelope)
        return envelope_pb2.EnvelopeHeader.FromString(envelope.header).message_id

    def honest(self, by, message_id):
        """(Disclosure, EnvelopeHeader) of a message that was received."""
        return by.disclose(self.sue.entry.member, message_id, disclosure_pb2.REPORT_REASON_FRAUD, "A note.")

    def judged_wrong(self, says, message_id, disclosure, header):
        """pat reports the message with that disclosure; the desk shows nothing of it, and says why."""
        self.pat.put_before_desk(self.sue.entry.member, message_id, disclosure, header)
        listed = self.ada.json("desk", "list", "--most", "1000")
        found = [one for one in listed["refused"] if one["id"] == message_id.hex()]
        self.assertEqual(len(found), 1, listed)
        self.assertIn(says, found[0]["why"])
        number = str(found[0]["number"])
        self.assertEqual(self.ada.json("desk", "show", number, expect=4)["error"]["problem"], "verification-failed")
        verified = self.ada.json("desk", "verify", number, expect=4)
        self.assertEqual([claim["result"] for claim in verified["claims"]][-1], "FAIL")

    def test_altered(self):
        for field, says in (("ciphertext", "ciphertext was changed"), ("content_key", "content key is not the one")):
            with self.subTest(field):
                message_id = self.received(self.pat, "true")
                disclosure, header = self.honest(self.pat, message_id)
                setattr(disclosure, field, flip(getattr(disclosure, field)))
                self.judged_wrong(says, message_id, disclosure, header)

    def test_forged(self):
        """All of it is as sue would have made it, but for her signature."""
        message_id = self.received(self.pat, "true")
        key = os.urandom(32)
        envelope = envelopes.seal(
            envelopes.text("sue", "pat", "Offer", "never said"), self.sue.trust.deployment, self.sue.entry,
            self.pat.identity, self.pat.entry, fixed={"message_id": message_id, "content_key": key})
        disclosure, header = self.honest(self.pat, message_id)
        disclosure.header, disclosure.ciphertext, disclosure.content_key = envelope.header, envelope.ciphertext, key
        self.judged_wrong("signature is not the sender's", message_id, disclosure, header)

    def test_another_message_than_the_one_that_is_reported(self):
        for by in (self.pat, self.quin):
            with self.subTest(by.handle):
                message_id = self.received(self.pat, "true")
                _, header = self.honest(self.pat, message_id)
                other, _ = self.honest(by, self.received(by, "another one"))
                self.judged_wrong("another message than the one that it names", message_id, other, header)

    def test_another_members_entry(self):
        message_id = self.received(self.pat, "true")
        disclosure, header = self.honest(self.pat, message_id)
        envelope = self.quin.seal("pat", "", "of quin")
        self.quin.send(envelope)
        quins, _ = self.pat.disclose(
            self.quin.entry.member, envelope_pb2.EnvelopeHeader.FromString(envelope.header).message_id,
            disclosure_pb2.REPORT_REASON_SPAM, "")
        disclosure.sender_proof.CopyFrom(quins.sender_proof)
        self.judged_wrong("another member than the sender", message_id, disclosure, header)

    def test_an_entry_that_the_log_does_not_have(self):
        message_id = self.received(self.pat, "true")
        disclosure, header = self.honest(self.pat, message_id)
        disclosure.sender_proof.salt = flip(disclosure.sender_proof.salt)
        self.judged_wrong("does not prove the sender's directory entry", message_id, disclosure, header)

    def test_sealed_in_anothers_name(self):
        message_id = self.received(self.pat, "true")
        disclosure, header = self.honest(self.pat, message_id)
        header.recipient = self.quin.entry.member
        self.judged_wrong("was not sealed to this desk by this reporter", message_id, disclosure, header)


if __name__ == "__main__":
    deployed.main()
