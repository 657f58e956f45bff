"""A member's account in the Python client: an archive's rows, further devices, the recovery kit, reports."""

import csv
import os

import deployed
from deployed import BODY, Deployed

import archive
import daemons
import grpc
import keyfile
import keyring
import owner
import primitives
from letterlock.mail.v1 import (
    device_service_pb2, disclosure_pb2, envelope_pb2, mail_service_pb2, mailbox_pb2)


class Archive(Deployed):
    """The Python client as a second program on ada's own account: it reads her key file."""

    ROWS = [
        dict(zip(("conversation", "from", "to", "date", "subject", "content", "folder"), values)) for values in (
            ("2-aa==", "Amara Okafor", "Ada", "2025-03-12 16:25:23 UTC", "", "<p>Yes, happy to talk.</p>\n", "INBOX"),
            ("2-aa==", "Ada", "Amara Okafor", "2025-03-13 09:00:00 UTC", "Talk", "<3 thanks \u2713", "SENT"),
            ("2-bb==", "Bo", "", "2024-02-29 23:59:59 UTC", "", "\u674e" * 8000, "ARCHIVE"))]
    HEADINGS = ("CONVERSATION ID", "FROM", "TO", "DATE", "SUBJECT", "CONTENT", "FOLDER")

    def setUp(self):
        with open(os.path.join(self.ada.account, "account.key"), "rb") as file:
            account = keyfile.read(file.read(), b"the passphrase of ada")
        self.assertEqual((account.handle, account.member), ("ada", self.ada_id))
        self.same = owner.Owner.of_account(self.servers, account)
        self.same.open_session()

    def test_rows_of_an_archive_are_the_same_messages_whoever_brings_them(self):
        first = self.same.bring_along(self.ROWS[0])
        self.assertEqual(self.same.bring_along(self.ROWS[0]), first)
        read = self.ada.json("read", first.hex())
        self.assertEqual((read["body"], read["body_format"], read["signature"], read["folder"]),
                         (self.ROWS[0]["content"], "html", "imported", "imported"))
        self.assertEqual((read["imported"]["from"], read["imported"]["to"], read["imported"]["date"]),
                         ("Amara Okafor", ["Ada"], self.ROWS[0]["date"]))

        path = os.path.join(self.deployment.members, "messages.csv")
        with open(path, "w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(self.HEADINGS)
            rows.writerows(row.values() for row in self.ROWS)
        brought = self.ada.json("import", "linkedin", path)
        self.assertEqual((brought["imported"], brought["present"], brought["bad"]), (2, 1, []))

        contents = {header.message_id: content for _, header, content in self.same.fetch(mailbox_pb2.FOLDER_IMPORTED)}
        self.assertEqual(len(contents), 3)
        for row in self.ROWS:
            message_id, _ = archive.ids(self.same.state_key, "linkedin", row)
            self.assertEqual(contents[message_id], archive.linkedin(row, "ada"))


class Links(Deployed):
    """A link file carries an account from one device to another, whichever client is on them."""

    def test_from_letterlock_to_python(self):
        receipt = self.send_as_ada("send", self.member("una").handle, "--subject", "Sent before")
        path = os.path.join(self.deployment.members, "ada.link")
        code = self.ada.json("devices", "link", path)["code"]
        with open(path, "rb") as file:
            linked = file.read()
        with self.assertRaises(primitives.Refused):
            keyfile.read_link(linked, keyfile.new_code())
        second = owner.Owner.of_account(self.servers, keyfile.read_link(linked, code.lower().replace("-", " ")))
        second.enroll_device()
        second.open_session()
        _, _, content = second.read(self.ada_id, bytes.fromhex(receipt["id"]))
        self.assertEqual(content.subject, "Sent before")

    def test_from_python_to_letterlock(self):
        vic = self.member("vic")
        receipt = self.send_as_ada("send", "vic", "--subject", "To both devices")
        code, path = keyfile.new_code(), os.path.join(self.deployment.members, "vic.link")
        for name, data in (("vic.link", keyfile.write_link(vic.account(), code)), ("vic.code", code.encode() + b"\n")):
            with open(os.path.join(self.deployment.members, name), "wb") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(data)
        second = self.deployment.member("vic-second")
        joined = second.json("devices", "link", "--join", path, "--code-file",
                             os.path.join(self.deployment.members, "vic.code"))
        self.assertEqual((joined["handle"], joined["member"]), ("vic", vic.entry.member.hex()))
        self.assertNotEqual(joined["device_key"], primitives.public(vic._device).hex())
        self.assertEqual(second.json("read", receipt["id"])["subject"], "To both devices")


class Devices(Deployed):
    """A member's devices, her keyring, and what a recovery kit brings back."""

    def test_a_lost_device_is_revoked_by_one_that_came_back_with_the_kit_alone(self):
        pam = self.member("pam")
        receipts = [self.send_as_ada("send", "pam", "--subject", "One")]
        pam.keep_keyring()
        self.assertFalse(self.ada.json("lookup", "pam")["identity_key_changed"])
        pam.change_keys()
        self.assertTrue(self.ada.json("lookup", "pam")["identity_key_changed"])
        receipts.append(self.send_as_ada("send", "pam", "--subject", "Two"))

        again = owner.Owner.recover(self.servers, "pam", keyring.read_kit(keyring.kit_text(pam.kit)))
        again.open_session()
        for subject, receipt in zip(("One", "Two"), receipts):
            _, _, content = again.read(self.ada_id, bytes.fromhex(receipt["id"]))
            self.assertEqual((content.subject, content.body), (subject, BODY))
        self.assertEqual(again.devices(), {pam.device_key: False, again.device_key: True})

        again.revoke(pam.device_key)
        self.assertEqual(again.devices(), {again.device_key: True})
        self.refused(grpc.StatusCode.UNAUTHENTICATED, "UNKNOWN_DEVICE", pam.sync)
        self.refused(grpc.StatusCode.PERMISSION_DENIED, "UNKNOWN_DEVICE", pam.enroll_again)
        # The lost device still has the member's keys: other keys end that.
        again.change_keys(again.kit)
        receipt = self.send_as_ada("send", "pam", "--subject", "Three")
        self.assertEqual(again.read(self.ada_id, bytes.fromhex(receipt["id"]))[2].subject, "Three")

    def test_another_kit_recovers_nothing(self):
        ren, sia = self.member("ren"), self.member("sia")
        ren.keep_keyring()
        with self.assertRaises(primitives.Refused):
            owner.Owner.recover(self.servers, "ren", sia.kit)
        # Nor does one whose digest the directory does not show, whatever the client says.
        key = keyring.recovery_key(sia.kit, self.servers.trust.deployment)
        request = device_service_pb2.RecoverKeyringRequest(
            member=ren.entry.member, recovery_key=primitives.public(key),
            **ren._answer(ren.entry.member, key, "recovery-session"))
        self.refused(grpc.StatusCode.UNAUTHENTICATED, "NOT_AUTHORISED", self.servers.devices.RecoverKeyring, request)

    def write(self, name, text):
        path = os.path.join(self.deployment.members, name)
        with open(path, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text + "\n")
        return path

    def test_letterlocks_account_comes_back_in_python(self):
        eve = self.deployment.member("eve")
        kit = os.path.join(self.deployment.members, "eve.kit")
        eve.json("account", "create", "eve", "--recovery-kit", kit)
        receipts = [self.send_as_ada("send", "eve", "--subject", "One")]
        eve.json("account", "rotate")
        self.ada.json("lookup", "eve")
        receipts.append(self.send_as_ada("send", "eve", "--subject", "Two"))
        with open(kit, encoding="ascii") as file:
            again = owner.Owner.recover(self.servers, "eve", keyring.read_kit(file.read()))
        again.open_session()
        again.change_keys(again.kit)
        for subject, receipt in zip(("One", "Two"), receipts):
            self.assertEqual(again.read(self.ada_id, bytes.fromhex(receipt["id"]))[2].subject, subject)
        self.assertEqual(list(again.devices().values()), [True], "other keys end the device that has the old ones")

    def test_pythons_account_comes_back_in_letterlock(self):
        gil = self.member("gil")
        receipts = [self.send_as_ada("send", "gil", "--subject", "One")]
        gil.keep_keyring()
        self.ada.json("lookup", "gil")
        gil.change_keys()
        self.ada.json("lookup", "gil")
        receipts.append(self.send_as_ada("send", "gil", "--subject", "Two"))
        again = self.deployment.member("gil-again")
        again.json("account", "recover", "gil", "--from-kit", self.write("gil.kit", keyring.kit_text(gil.kit)))
        for subject, receipt in zip(("One", "Two"), receipts):
            self.assertEqual(again.json("read", receipt["id"])["subject"], subject)


class Reports(Deployed):
    """The desk is a member like others: here one who uses the Python client."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desk = owner.Owner(cls.servers, "desk")
        cls.desk.create()
        set_up_desk(cls.deployment, "desk", cls.desk.entry.member)
        cls.desk.open_session()

    def assert_discloses(self, reporter, message_id, body, note):
        (report, (disclosure, header, content)), = self.desk.reports()
        self.assertEqual((report.reporter, header.message_id, content.body), (reporter, message_id, body))
        self.assertEqual((disclosure.reason, disclosure.note), (disclosure_pb2.REPORT_REASON_FRAUD, note))
        self.desk.call("DeleteReport", mail_service_pb2.DeleteReportRequest(sequence=report.sequence))
        self.assertEqual(list(self.desk.reports()), [])

    def test_what_letterlock_wrote_is_proved_to_the_desk(self):
        ben = self.member("ben")
        receipt = self.send_as_ada("send", "ben", "--subject", "Money", body="Send money first.")
        message_id = bytes.fromhex(receipt["id"])
        ben.report(self.ada_id, message_id, disclosure_pb2.REPORT_REASON_FRAUD, "she never paid")
        self.refused(grpc.StatusCode.ALREADY_EXISTS, "ALREADY_REPORTED", ben.report, self.ada_id, message_id,
                     disclosure_pb2.REPORT_REASON_FRAUD, "again")
        self.assert_discloses(ben.entry.member, message_id, "Send money first.", "she never paid")

    def test_what_letterlock_reports_is_proved_to_the_desk(self):
        cyd = self.member("cyd")
        message_id = send(cyd, "ada", "Send money first.")
        self.ada.json("report", message_id.hex(), "--reason", "fraud", "--note", "she never paid \u2713", "--yes")
        self.assert_discloses(self.ada_id, message_id, "Send money first.", "she never paid \u2713")


class ReportsToLetterlock(Deployed):
    """The desk is ada."""

    def test_what_python_reports_is_proved_to_the_desk(self):
        set_up_desk(self.deployment, "ada", self.ada_id)
        dov, eli = self.member("dov"), self.member("eli")
        message_id = send(dov, "eli", BODY)
        eli.report(dov.entry.member, message_id, disclosure_pb2.REPORT_REASON_THREAT, "see the end")
        listed = self.ada.json("desk", "list")
        self.assertEqual(listed["refused"], [])
        number = str(listed["reports"][0]["number"])
        self.assertEqual(self.ada.json("desk", "verify", number)["id"], message_id.hex())
        shown = self.ada.json("desk", "show", number)
        said = {"reporter": eli.entry.member.hex(), "sender": dov.entry.member.hex(), "id": message_id.hex(),
                "reason": "threat", "note": "see the end", "body": BODY, "from": "dov", "to": "eli"}
        self.assertEqual({key: shown[key] for key in said}, said)


def set_up_desk(deployment, handle, member):
    daemons.configure(deployment, f'\n[reports]\ndesk_handle = "{handle}"\ndesk_member = "{member.hex()}"\n')


def send(sender, to, body):
    """The id of a message that the Python client sent."""
    envelope = sender.seal(to, "Money", body)
    sender.send(envelope)
    return envelope_pb2.EnvelopeHeader.FromString(envelope.header).message_id


if __name__ == "__main__":
    deployed.main()
