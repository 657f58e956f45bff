"""A client that also links devices, imports an archive, and reports."""

import grpc

import archive
import client
import envelopes
import keyfile
import keyring
import reports
from letterlock.mail.v1 import disclosure_pb2, mail_service_pb2, mailbox_pb2
from primitives import Refused, key_id, public, seed


class Owner(client.Client):
    """A member, on one of her devices."""

    def account(self):
        """What a key file holds."""
        return keyfile.Account(
            self.trust.deployment, self.entry.member, seed(self.identity), seed(self._encryption), seed(self._device),
            self.state_key, self.handle, public(keyring.keyring_key(self.kit, self.trust.deployment)),
            [seed(key) for key in self._earlier_identities], [seed(key) for key in self._earlier_encryption])

    def enroll_device(self):
        """As a further device."""
        _, proof = self.lookup_with_proof(self.handle)
        return self._enroll(proof)

    # --- an archive, reports ----------------------------------------------------------------------

    def bring_along(self, row):
        """Imports a row of LinkedIn's archive; its message id. It may be there already."""
        message_id, thread_id = archive.ids(self.state_key, "linkedin", row)
        envelope = envelopes.seal(archive.linkedin(row, self.handle), self.trust.deployment, self.entry, self.identity,
                                  self.entry, thread_id, {"message_id": message_id})
        try:
            self.call("Import", mail_service_pb2.ImportRequest(envelope=envelope))
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.ALREADY_EXISTS:  # Sealed another time: the same row has the same id.
                raise
        return message_id

    def report(self, sender, message_id, reason, note):
        """Shows one received message to the abuse desk."""
        desk = self.entry_of(self.call("GetLimits", mail_service_pb2.GetLimitsRequest()).report_desk)
        reference = mailbox_pb2.MessageReference(sender=sender, message_id=message_id)
        result, = self.call("BatchGet", mail_service_pb2.BatchGetRequest(references=[reference])).results
        _, header, content = self._open(result.message)
        _, proof = self.lookup_with_proof(content.sender_handle)
        disclosure = disclosure_pb2.Disclosure(
            header=result.message.header, ciphertext=result.message.ciphertext,
            content_key=envelopes.open_wrap(
                result.message.header, result.message.wrap, [self._encryption], header.recipient_encryption_key_id),
            sender_proof=proof, reason=reason, note=note)
        self.call("Report", mail_service_pb2.ReportRequest(
            reference=reference, sealed_disclosure=reports.seal(disclosure, header, desk),
            desk_encryption_key_id=key_id(desk.encryption_key)))

    def reports(self):
        """What lies before this member, where she is the desk: each Report with what it opens to, or why it doesn't."""
        for report in self.call("ListReports", mail_service_pb2.ListReportsRequest()).reports:
            try:
                yield report, reports.open_report(report, self.entry, self._encryption, self.trust)
            except Refused as refused:
                yield report, refused
