"""A member's account in the Python client: an archive's rows, further devices, reports."""

import csv
import os

import deployed
from deployed import BODY, Deployed

import archive
import daemons
import grpc
import keyfile
import owner
import primitives
from letterlock.mail.v1 import disclosure_pb2, mail_service_pb2, mailbox_pb2


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


class Reports(Deployed):
    """The desk is a member like others."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desk = owner.Owner(cls.servers, "desk")
        cls.desk.create()
        member = cls.desk.entry.member.hex()
        daemons.configure(cls.deployment, f'\n[reports]\ndesk_handle = "desk"\ndesk_member = "{member}"\n')
        cls.desk.open_session()

    def test_what_letterlock_wrote_is_proved_to_the_desk(self):
        ben = self.member("ben")
        receipt = self.send_as_ada("send", "ben", "--subject", "Money", body="Send money first.")
        message_id = bytes.fromhex(receipt["id"])
        ben.report(self.ada_id, message_id, disclosure_pb2.REPORT_REASON_FRAUD, "she never paid")
        (report, (disclosure, header, content)), = self.desk.reports()
        self.assertEqual((report.reporter, header.message_id, content.body),
                         (ben.entry.member, message_id, "Send money first."))
        self.assertEqual((disclosure.reason, disclosure.note), (disclosure_pb2.REPORT_REASON_FRAUD, "she never paid"))
        self.refused(grpc.StatusCode.ALREADY_EXISTS, "ALREADY_REPORTED", ben.report, self.ada_id, message_id,
                     disclosure_pb2.REPORT_REASON_FRAUD, "again")
        self.desk.call("DeleteReport", mail_service_pb2.DeleteReportRequest(sequence=report.sequence))
        self.assertEqual(list(self.desk.reports()), [])


if __name__ == "__main__":
    deployed.main()
