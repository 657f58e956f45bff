"""A client that also changes its keys, keeps a keyring, recovers by the kit alone, imports an archive, and reports."""

import os

import grpc

import archive
import client
import envelopes
import keyfile
import keyring
import reports
from letterlock.directory.v1 import entry_pb2
from letterlock.mail.v1 import device_service_pb2, disclosure_pb2, keyring_pb2, mail_service_pb2, mailbox_pb2
from primitives import H, Refused, ctx, ed25519_key, key_id, public, require, seed, sign, x25519_key


class Owner(client.Client):
    """A member, on one of her devices."""

    @classmethod
    def recover(cls, servers, handle, kit):
        """The member whose kit it is, on a new device."""
        made = cls(servers, handle)
        found, proof = made.lookup_with_proof(handle)
        entry, key = found.entry, keyring.recovery_key(kit, servers.trust.deployment)
        require(H(ctx("recovery-key-digest") + public(key)) == entry.recovery_key_digest, "another account's kit")
        sealed = servers.devices.RecoverKeyring(device_service_pb2.RecoverKeyringRequest(
            member=entry.member, recovery_key=public(key), **made._answer(entry.member, key, "recovery-session")),
            timeout=client.CALL_SECONDS).sealed_keyring
        opened = keyring.open_keyring(sealed, kit, entry)
        *made._earlier_identities, made.identity = map(ed25519_key, opened.identity_seeds)
        *made._earlier_encryption, made._encryption = map(x25519_key, opened.encryption_keys)
        made.kit, made.state_key, made.entry = kit, opened.state_key, entry
        made._enroll(proof)
        return made

    def account(self):
        """What a key file holds."""
        return keyfile.Account(
            self.trust.deployment, self.entry.member, seed(self.identity), seed(self._encryption), seed(self._device),
            self.state_key, self.handle, public(keyring.keyring_key(self.kit, self.trust.deployment)),
            [seed(key) for key in self._earlier_identities], [seed(key) for key in self._earlier_encryption])

    # --- keys and devices -------------------------------------------------------------------------

    def _sealed_keyring(self):
        opened = keyring_pb2.Keyring(
            identity_seeds=map(seed, [*self._earlier_identities, self.identity]),
            encryption_keys=map(seed, [*self._earlier_encryption, self._encryption]), state_key=self.state_key)
        key = public(keyring.keyring_key(self.kit, self.trust.deployment))
        return keyring.seal(opened, key, self.trust.deployment, self.entry.member)

    def _devices(self, method, request):
        return self._authorized(getattr(self._servers.devices, method), request)

    def _put(self, sealed):
        self._devices("PutKeyring", device_service_pb2.PutKeyringRequest(sealed_keyring=sealed))

    def _change(self, authority, recovery_key=b""):
        """Puts a keyring of today's keys, publishes the entry that names it, by the word of `authority`, and enrols."""
        sealed, before = self._sealed_keyring(), self.entry
        self._put(sealed)
        entry = self._entry(
            version=before.version + 1, genesis_key=before.genesis_key,
            recovery_key_digest=before.recovery_key_digest, keyring_hash=keyring.sealed_hash(sealed),
            previous_entry_hash=H(ctx("directory-entry-hash") + before.signed))
        self._publish(entry_pb2.SignedEntry(
            entry=entry, change_signature=sign(authority, "directory-entry-change", entry), recovery_key=recovery_key))
        self.open_session()
        self._put(sealed)  # It may have been displaced before the entry counted here.

    def keep_keyring(self):
        self._change(self.identity)

    def change_keys(self, kit=None):
        """New identity and encryption keys, by the old identity key's word, or the recovery kit's."""
        authority = keyring.recovery_key(kit, self.trust.deployment) if kit else self.identity
        self._earlier_identities.append(self.identity)
        self._earlier_encryption.append(self._encryption)
        self.identity, self._encryption = ed25519_key(os.urandom(32)), x25519_key(os.urandom(32))
        self._change(authority, public(authority) if kit else b"")

    def devices(self):
        """{device key: whether it is this one}"""
        listed = self._devices("ListDevices", device_service_pb2.ListDevicesRequest()).devices
        return {device.device_key: device.current for device in listed}

    @property
    def device_key(self):
        return public(self._device)

    def revoke(self, device_key):
        self._devices("RevokeDevice", device_service_pb2.RevokeDeviceRequest(device_key=device_key))

    def enroll_device(self, certificate=None):
        """As a further device; or, with the certificate that was used before, as the same one."""
        _, proof = self.lookup_with_proof(self.handle)
        return self._enroll(proof, certificate)

    def enroll_again(self):
        return self.enroll_device(self._certificate)

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
        self.put_before_desk(sender, message_id, *self.disclose(sender, message_id, reason, note))

    def disclose(self, sender, message_id, reason, note):
        """(Disclosure, EnvelopeHeader) of one received message."""
        reference = mailbox_pb2.MessageReference(sender=sender, message_id=message_id)
        result, = self.call("BatchGet", mail_service_pb2.BatchGetRequest(references=[reference])).results
        _, header, content = self._open(result.message)
        _, proof = self.lookup_with_proof(content.sender_handle)
        return disclosure_pb2.Disclosure(
            header=result.message.header, ciphertext=result.message.ciphertext,
            content_key=envelopes.open_wrap(
                result.message.header, result.message.wrap, [self._encryption], header.recipient_encryption_key_id),
            sender_proof=proof, reason=reason, note=note), header

    def put_before_desk(self, sender, message_id, disclosure, header):
        """Reports that message; what the disclosure is sealed for, `header` says."""
        desk = self.entry_of(self.call("GetLimits", mail_service_pb2.GetLimitsRequest()).report_desk)
        self.call("Report", mail_service_pb2.ReportRequest(
            reference=mailbox_pb2.MessageReference(sender=sender, message_id=message_id),
            sealed_disclosure=reports.seal(disclosure, header, desk),
            desk_encryption_key_id=key_id(desk.encryption_key)))

    def reports(self):
        """What lies before this member, where she is the desk: each Report with what it opens to, or why it doesn't."""
        for report in self.call("ListReports", mail_service_pb2.ListReportsRequest()).reports:
            try:
                yield report, reports.open_report(report, self.entry, self._encryption, self.trust)
            except Refused as refused:
                yield report, refused
